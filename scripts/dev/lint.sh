# shellcheck shell=bash
# ./dev format and ./dev lint.

format() {
  setup
  cpp_files | xargs --no-run-if-empty clang-format-19 -i
  python3 scripts/quote_examples.py --write
}

check_format() { cpp_files | xargs --no-run-if-empty clang-format-19 --dry-run --Werror; }

check_shell() {
  local scripts
  mapfile -t scripts < <({ printf '%s\n' dev .ci/run; find scripts bench tests fuzz examples -name '*.sh'; } | sort)
  shellcheck "${scripts[@]}"
}

# Every public header compiles on its own, twice included, in its layer and with nothing but what its layer may know.
check_headers() { build dev header_check; }

# lint [CHECK...]: all checks, or those named; each prints `file:line: what is wrong`.
lint() {
  setup
  local checks=("$@") check failed=()
  if ((${#checks[@]} == 0)); then
    checks=(format shell)
    for check in scripts/lint/*.py; do
      check=${check##*/}
      [[ $check == _* ]] || checks+=("${check%.py}")
    done
    checks+=(headers)
  fi
  for check in "${checks[@]}"; do
    say "lint $check"
    if [[ -f scripts/lint/$check.py ]]; then
      python3 "scripts/lint/$check.py" || failed+=("$check")
    elif declare -F "check_$check" >/dev/null; then
      "check_$check" || failed+=("$check")
    else
      fail "no check '$check'"
    fi
  done
  if ((${#failed[@]} > 0)); then
    printf 'lint: %s of %s checks failed: %s\n' "${#failed[@]}" "${#checks[@]}" "${failed[*]}"
    return 1
  fi
  printf 'lint: %s checks passed\n' "${#checks[@]}"
}
