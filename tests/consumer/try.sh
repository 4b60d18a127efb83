#!/usr/bin/env bash
# try.sh BUILD_FOLDER COMPILER: installs the protocol component into a staging folder and builds the consumer against it,
# with find_package and with pkg-config; both must run.
set -euo pipefail
build=$(realpath "$1")
compiler=$2
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
work=$build/consumer
rm -rf "$work"
mkdir -p "$work"

echo '--- cmake --install --component protocol'
cmake --install "$build" --component protocol --prefix "$work/first" >"$work/install.log"
# An installed tree may be moved.
mv "$work/first" "$work/stage"
stray=$(cd "$work/stage" && find . -type f ! -path './include/postrider/protocol/*' \
  ! -path './lib*/cmake/postrider/*' ! -name libpostrider_protocol.a ! -name postrider-protocol.pc)
[[ -z $stray ]] || { echo "installed beside the component: $stray"; exit 1; }
! grep -rIlF "$build" "$work/stage" || { echo 'the installed files name the build folder'; exit 1; }

echo '--- find_package'
cmake -S "$here" -B "$work/cmake" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/stage" \
  -DCMAKE_CXX_FLAGS='-Wall -Wextra -Werror'
cmake --build "$work/cmake"
"$work/cmake/consumer"

echo '--- find_package of a component that is not there'
if cmake -S "$here/unknown_component" -B "$work/unknown" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_PREFIX_PATH="$work/stage" >"$work/unknown.log" 2>&1; then
  echo 'an unknown component was found'
  exit 1
fi
grep -q "no component 'teleport'" "$work/unknown.log" || { cat "$work/unknown.log"; exit 1; }

echo '--- pkg-config'
PKG_CONFIG_PATH=$(dirname "$(find "$work/stage" -name postrider-protocol.pc)")
export PKG_CONFIG_PATH
read -ra flags < <(pkg-config --cflags postrider-protocol)
read -ra libraries < <(pkg-config --libs postrider-protocol)
"$compiler" -std=c++23 -Wall -Wextra -Werror "${flags[@]}" -o "$work/with_pkg_config" "$here/main.cc" "${libraries[@]}"
"$work/with_pkg_config"
