# shellcheck shell=bash
# ./dev package: what `cmake --install` installs, as an archive with a checksum.

package() {
  setup
  build release
  local version name staging=build/package
  version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' build/release/CMakeCache.txt)
  name=postrider-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
  rm -rf "${staging:?}/$name"
  cmake --install build/release --prefix "$staging/$name" --strip >/dev/null
  # Sorted, owned by root and dated by the last commit: the same sources give the same archive.
  local date
  date=$(git log -1 --format=%cI 2>/dev/null || date -u -r CMakeLists.txt +%FT%TZ)
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="$date" -C "$staging" -cf - "$name" |
    gzip -9n >"$staging/$name.tar.gz"
  (cd "$staging" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
  printf '%s\n' "$staging/$name.tar.gz"
}
