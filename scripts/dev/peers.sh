# shellcheck shell=bash
# What tests/interop needs beyond scripts/packages.txt, below build/: mail servers that exclude each other as packages, and
# clients and servers from npm.

peers() {
  setup
  unpack_servers
  npm_packages
}

# unpack_servers: the packages of scripts/peers.txt, in build/peers/root.
unpack_servers() {
  local list folder=build/peers wanted
  list=$(sed 's/#.*//; s/[[:space:]]//g; /^$/d' scripts/peers.txt)
  [[ ! -f $folder/list || $(<"$folder/list") != "$list" ]] || return 0
  mapfile -t wanted <<<"$list"
  say "fetch ${#wanted[@]} packages with mail servers into $folder: ${wanted[*]}"
  rm -rf "$folder"
  mkdir -p "$folder/packages"
  local apt=(apt-get -q -o Dpkg::Use-Pty=0)
  if ! (cd "$folder/packages" && "${apt[@]}" download "${wanted[@]}" >../log 2>&1); then
    # The package lists may be none or old.
    as_root apt-get -q update >>"$folder/log" 2>&1 || true
    (cd "$folder/packages" && "${apt[@]}" download "${wanted[@]}" >>../log 2>&1) || {
      cat "$folder/log" >&2
      fail "apt could not download: ${wanted[*]}"
    }
  fi
  local package
  for package in "$folder"/packages/*.deb; do
    dpkg -x "$package" "$folder/root"
  done
  printf '%s\n' "$list" >"$folder/list"
}

# npm_packages: what scripts/npm/package.json names, in build/npm/node_modules. After a change there: scripts/npm/lock.py
npm_packages() {
  local folder=build/npm
  cmp -s scripts/npm/package-lock.json "$folder/done" && return
  say "install what scripts/npm/package.json names in $folder"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp scripts/npm/package.json scripts/npm/package-lock.json "$folder"
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-update-notifier >"$folder/log" 2>&1 || {
    cat "$folder/log" >&2
    fail 'npm could not install what scripts/npm/package.json names'
  }
  cp scripts/npm/package-lock.json "$folder/done"
}
