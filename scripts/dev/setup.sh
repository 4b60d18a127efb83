# shellcheck shell=bash
# ./dev setup: install what scripts/packages.txt names and this machine lacks.

missing_packages() {
  local wanted installed
  mapfile -t wanted < <(sed 's/#.*//; s/[[:space:]]//g; /^$/d' scripts/packages.txt)
  # dpkg-query fails when it has never heard of one of them, and still lists the others.
  # shellcheck disable=SC2016  # the ${...} are dpkg-query's
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^installed //p' || true)
  comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) <(sort -u <<<"$installed")
  # Debian's npm excludes the nodejs of others, which brings its own.
  type node >/dev/null 2>&1 || echo nodejs
  type npm >/dev/null 2>&1 || echo npm
}

# as_root COMMAND...
as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    command -v sudo >/dev/null || fail "not root and no sudo: as root, run: $*"
    sudo "$@"
  fi
}

# apt_install PACKAGE...: run as root. Starts no service, asks no question, and removes nothing that is there.
apt_install() {
  local guard=/usr/sbin/policy-rc.d guarded=
  export DEBIAN_FRONTEND=noninteractive
  if [[ ! -e $guard ]]; then
    guarded=yes
    # shellcheck disable=SC2064  # the value of now is meant
    trap "rm -f '$guard'" EXIT
    printf '#!/bin/sh\n# While Postrider installs its test peers: no service is started.\nexit 101\n' >"$guard"
    chmod 755 "$guard"
  fi
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
  local apt=(apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
  "${apt[@]}" update || echo 'dev: apt-get update failed; going on with the package lists that are here' >&2
  local status=0
  "${apt[@]}" install --no-install-recommends --no-remove "$@" </dev/null || status=$?
  [[ -z $guarded ]] || rm -f "$guard"
  return "$status"
}

setup() {
  type dpkg-query apt-get >/dev/null 2>&1 ||
    fail "setup knows Debian 12 alone. Install by hand what scripts/packages.txt lists, then use cmake --preset release"
  local missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} > 0)) || return 0
  say "install ${#missing[@]} missing packages with apt: ${missing[*]}"
  if ! as_root bash -c "$(declare -f apt_install); apt_install \"\$@\"" apt_install "${missing[@]}" >&2; then
    [[ " ${missing[*]} " != *' postfix '* ]] ||
      say "if apt refused to remove another mail server for postfix: the tests need postfix's smtp-source and smtp-sink, and the two exclude each other on Debian"
    fail "apt could not install: ${missing[*]}"
  fi
}
