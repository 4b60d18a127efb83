# shellcheck shell=bash
# ./dev test, and the sanitizer runs of .ci/run.

# shellcheck disable=SC2154  # cores comes from common.sh

# run_ctest PRESET [CTEST ARGS...]: the tests of build/PRESET; ends with ctest's summary.
run_ctest() {
  local preset=$1
  shift
  ctest --test-dir "build/$preset" --parallel "$cores" --output-on-failure --no-tests=error --no-label-summary "$@"
}

# test_all [CTEST ARGS...]: with arguments the release tests they choose, alone; without, everything.
test_all() {
  peers
  build release
  if (($# == 0)); then
    build core-only
    say 'test core-only: the protocol core on a machine that has nothing else'
    run_ctest core-only
  fi
  say 'test release'
  run_ctest release "$@"
}

# sanitize asan|tsan [CTEST ARGS...]: the tests, built by clang with a sanitizer. AddressSanitizer and UBSan look at all
# tests of code but for the one that fuzzes what others wrote, ThreadSanitizer at those that have threads (the fuzzing kit
# and what converts content have none, and their tests are long); the tests of scripts were run by ./dev test.
sanitize() {
  local preset=${1:-} labels targets=() left_out=()
  case $preset in
    asan)
      labels='^(unit|interop)'
      left_out=(--exclude-regex '^interop\.fuzz_peers$')
      ;;
    tsan)
      labels='^(unit.(transport|resolver|server|client|queue|agent)|interop)'
      targets=(transport_tests resolver_tests server_tests client_tests queue_tests agent_tests postrider
        resolver_conformance mta_sts_lookup content_tool tls_report_tool spool_writer)
      left_out=(--exclude-regex '^interop\.(conformance|fuzz|fuzz_peers|hostile_servers|seven_bit_conversion|smuggle)$')
      ;;
    *) fail './dev sanitize asan or ./dev sanitize tsan' ;;
  esac
  shift
  peers
  build "$preset" "${targets[@]}"
  say "test $preset"
  ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1 \
    UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=second_deadlock_stack=1:suppressions=$PWD/scripts/dev/tsan.supp \
    with_symbols run_ctest "$preset" --label-regex "$labels" "${left_out[@]}" "$@"
}
