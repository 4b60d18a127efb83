# shellcheck shell=bash
# ./dev fuzz: libFuzzer on fuzz/targets/STEM_fuzz.cc. What it learns stays in build/fuzz/corpus, seeds in fuzz/corpus.

fuzz_targets() {
  local source
  for source in fuzz/targets/*_fuzz.cc; do
    [[ -e $source ]] || continue
    source=${source##*/}
    printf '%s\n' "${source%_fuzz.cc}"
  done
}

# The first line of a target says what must always hold.
fuzz_invariant() { sed -n '1s|^//[[:space:]]*||p' "fuzz/targets/$1_fuzz.cc"; }

# fuzz_one TARGET SECONDS: exit status 0 when nothing was found.
fuzz_one() {
  local target=$1 seconds=$2 program=build/fuzz/bin/fuzz_$1 artifacts=build/fuzz/artifacts/$1
  local corpus=(build/fuzz/corpus/"$target")
  mkdir -p "${corpus[0]}" "$artifacts"
  [[ -d fuzz/corpus/$target ]] && corpus+=("fuzz/corpus/$target")
  local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$artifacts/" -print_final_stats=1)
  [[ -f fuzz/smtp.dict ]] && options+=(-dict=fuzz/smtp.dict)
  # With a seed and a fresh corpus a run tries the same inputs each time, as far as it gets.
  [[ -n ${FUZZ_SEED:-} ]] && options+=(-seed="$FUZZ_SEED")
  local started status=0
  started=$(mktemp build/fuzz/started.XXXXXX)
  with_symbols "$program" "${options[@]}" "${corpus[@]}" </dev/null || status=$?
  local input
  input=$(find "$artifacts" -type f ! -name 'slow-unit-*' -newer "$started" | head -n 1)
  rm -f "$started"
  ((status != 0)) || return 0
  {
    printf '\nfuzz: %s found an input that breaks its invariant (libFuzzer exit status %s):\n' "$target" "$status"
    printf '  %s\n' "$(fuzz_invariant "$target")"
    if [[ -n $input ]]; then
      printf '  see it again:  %s %s\n' "$program" "$input"
      printf '  make it small: %s -minimize_crash=1 -runs=100000 -exact_artifact_path=%s.small %s\n' "$program" "$input" "$input"
      printf '  keep it:       cp %s fuzz/corpus/%s/   (then ctest replays it for ever)\n' "$input" "$target"
    else
      printf '  no input was written; the output above says why\n'
    fi
  } >&2
  return "$status"
}

# fuzz_quietly TARGET SECONDS: the same with the output in a log, and one line when it is over.
fuzz_quietly() {
  local target=$1 log=build/fuzz/logs/$1.log
  say "fuzz $target for $2 s"
  if fuzz_one "$target" "$2" >"$log" 2>&1; then
    printf 'fuzz: %-24s ok    %s runs, %s edges covered\n' "$target" \
      "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)" \
      "$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 | cut -d' ' -f2)"
  else
    printf 'fuzz: %-24s FAIL  %s\n' "$target" "$log"
    sed -n '/^fuzz: .* breaks its invariant/,$p' "$log"
    return 1
  fi
}

# fuzz_all SECONDS: every target, two at a time.
fuzz_all() {
  local seconds=$1 targets target failed=0
  mapfile -t targets < <(fuzz_targets)
  ((${#targets[@]} > 0)) || fail 'there is no fuzz/targets/*_fuzz.cc'
  mkdir -p build/fuzz/logs
  local running=0
  for target in "${targets[@]}"; do
    if ((running == 2)); then
      wait -n || failed=$((failed + 1))
      running=$((running - 1))
    fi
    fuzz_quietly "$target" "$seconds" &
    running=$((running + 1))
  done
  while ((running > 0)); do
    wait -n || failed=$((failed + 1))
    running=$((running - 1))
  done
  printf 'fuzz: %s targets, %s with a finding\n' "${#targets[@]}" "$failed"
  ((failed == 0))
}

# fuzz_keep [TARGET...]: copies to fuzz/corpus, for all to replay, the fewest inputs of build/fuzz/corpus that run what no
# seed there runs.
fuzz_keep() {
  local targets=("$@") target
  ((${#targets[@]} > 0)) || mapfile -t targets < <(fuzz_targets)
  for target in "${targets[@]}"; do
    [[ -d build/fuzz/corpus/$target ]] || continue
    local before after
    before=$(find "fuzz/corpus/$target" -type f | wc -l)
    "build/fuzz/bin/fuzz_$target" -merge=1 -set_cover_merge=1 -use_counters=0 "fuzz/corpus/$target" "build/fuzz/corpus/$target" \
      >"build/fuzz/logs/$target.merge" 2>&1 || fail "build/fuzz/logs/$target.merge says why $target's corpus could not be merged"
    after=$(find "fuzz/corpus/$target" -type f | wc -l)
    printf 'fuzz: %-24s %4d seeds, %d of them new\n' "$target" "$after" $((after - before))
  done
}

# fuzz_coverage [FOLDER...]: which lines of FOLDER, protocol without a choice, run when every target replays its corpus. Fails
# when fewer than 95 % of the lines of protocol do. The page for a browser is build/coverage/html/index.html.
fuzz_coverage() {
  local folders=("$@") target profiles=build/coverage/profiles
  ((${#folders[@]} > 0)) || folders=(protocol)
  setup
  build coverage fuzz_replays
  rm -rf "$profiles"
  mkdir -p "$profiles"
  local programs=()
  for target in $(fuzz_targets); do
    say "coverage of $target"
    LLVM_PROFILE_FILE="$profiles/$target.profraw" "build/coverage/bin/replay_$target" "fuzz/corpus/$target" >/dev/null 2>&1 ||
      fail "build/coverage/bin/replay_$target fuzz/corpus/$target fails"
    programs+=(-object "build/coverage/bin/replay_$target")
  done
  llvm-profdata-19 merge -sparse "$profiles"/*.profraw -o build/coverage/corpus.profdata
  local report=(-instr-profile=build/coverage/corpus.profdata "${programs[@]:1}")
  llvm-cov-19 show "${report[@]}" -format=html -output-dir=build/coverage/html "${folders[@]}" >/dev/null 2>&1
  llvm-cov-19 report "${report[@]}" -show-region-summary=false -show-branch-summary=false "${folders[@]}" 2>/dev/null | tee build/coverage/report.txt
  local lines
  lines=$(awk '$1 == "TOTAL" { sub("%", "", $NF); print $NF }' build/coverage/report.txt)
  printf 'fuzz: the corpus runs %s %% of the lines of %s; see build/coverage/html/index.html\n' "$lines" "${folders[*]}"
  [[ ${folders[*]} != protocol ]] || awk -v lines="$lines" 'BEGIN { exit !(lines >= 95) }' ||
    fail 'that is less than 95 %: fuzz for longer and add seeds that reach the rest (fuzz/README.md)'
}

fuzz() {
  local target=${1:-} seconds=${2:-}
  case $target in
    --coverage)
      fuzz_coverage "${@:2}"
      return
      ;;
    --keep)
      setup
      build fuzz fuzz_targets
      fuzz_keep "${@:2}"
      return
      ;;
    --list | '')
      local each
      for each in $(fuzz_targets); do printf '%-24s %s\n' "$each" "$(fuzz_invariant "$each")"; done
      [[ -n $target ]] || printf '\n./dev fuzz TARGET SECONDS, or ./dev fuzz all SECONDS, or ./dev fuzz --keep [TARGET...], or ./dev fuzz --coverage [FOLDER...]\n'
      return
      ;;
  esac
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "for how many seconds? ./dev fuzz $target SECONDS"
  [[ $target == all || -f fuzz/targets/${target}_fuzz.cc ]] || fail "no fuzz target '$target'; ./dev fuzz --list shows them"
  setup
  if [[ $target == all ]]; then
    build fuzz fuzz_targets
    fuzz_all "$seconds"
  else
    build fuzz "fuzz_$target"
    fuzz_one "$target" "$seconds"
  fi
}
