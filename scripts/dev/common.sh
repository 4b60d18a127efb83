# shellcheck shell=bash
# What every subcommand of ./dev needs: messages, configuring, building.

# Compilers at work and tests at once.
cores=${JOBS:-$(nproc)}

# The protocol core is compiled for more than one preset; with paths relative to the root ccache sees that it is the same.
export CCACHE_BASEDIR=$PWD
# Nor does it matter in which checkout something was compiled: debug information alone would tell.
export CCACHE_NOHASHDIR=1

# say MESSAGE: a progress line, for everything that takes longer than two seconds. On stderr: stdout is for results.
say() { printf '==> %s\n' "$*" >&2; }

# fail MESSAGE: stop with the reason, and what to do about it.
fail() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# configure PRESET: make build/PRESET ready; quick when it is. Ninja notices changes of CMakeLists.txt by itself, the
# presets and a checkout that was moved it does not.
configure() {
  local preset=$1 folder=build/$1 home=
  [[ -f $folder/CMakeCache.txt ]] && home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$folder/CMakeCache.txt")
  if [[ -f $folder/build.ninja && $home == "$PWD" && ! CMakePresets.json -nt $folder/build.ninja ]]; then
    return
  fi
  local fresh=()
  [[ -n $home && $home != "$PWD" ]] && fresh=(--fresh)
  say "configure $folder"
  mkdir -p build
  if ! cmake --preset "$preset" "${fresh[@]}" >"build/configure-$preset.log" 2>&1; then
    cat "build/configure-$preset.log" >&2
    fail "cmake could not configure the preset '$preset'; what it said stands above"
  fi
  touch "$folder/build.ninja"
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  configure "$preset"
  say "build $preset${*:+: $*} ($cores at once)"
  local target=()
  (($# == 0)) || target=(--target "$@")
  # Clean of the caller's choices, so that everyone builds the same.
  env -u CXXFLAGS -u LDFLAGS NINJA_STATUS='[%f/%t %es] ' cmake --build "build/$preset" --parallel "$cores" "${target[@]}" >&2
}

# with_symbols COMMAND...: sanitizers find LLVM's symbolizer only by its plain name.
with_symbols() { PATH=/usr/lib/llvm-19/bin:$PATH "$@"; }

# cpp_files: every C++ file of ours, one a line. The samples of the lint's own tests are wrong on purpose.
cpp_files() {
  find . \( -path ./build -o -path ./.git -o -path ./tests/lint/samples \) -prune -o \
    -type f \( -name '*.h' -o -name '*.cc' \) -print | sort
}
