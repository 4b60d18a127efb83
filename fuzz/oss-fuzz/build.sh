#!/bin/bash -eu
# Builds the fuzz targets as OSS-Fuzz wants them: its compiler, its flags, its engine, everything into $OUT with a corpus and
# the dictionary beside each target. Targets that need more than the core's own libraries are left out where those are not
# installed. The same by hand:
#
#   export SRC=/tmp/src OUT=/tmp/out WORK=/tmp/work CC=clang-19 CXX=clang++-19 CXXFLAGS='-O1 -fsanitize=address,fuzzer-no-link' \
#     LIB_FUZZING_ENGINE=-fsanitize=fuzzer
#   mkdir -p $SRC $OUT $WORK; git clone . $SRC/postrider; $SRC/postrider/fuzz/oss-fuzz/build.sh
cmake -S "$SRC/postrider" -B "$WORK/postrider" -G Ninja -DCMAKE_BUILD_TYPE=None -DPOSTRIDER_CORE_ONLY=ON -DPOSTRIDER_TESTS=OFF \
  -DPOSTRIDER_FUZZ=ON -DPOSTRIDER_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DPOSTRIDER_TLS_WOLFSSL="${POSTRIDER_TLS_WOLFSSL:-OFF}"
cmake --build "$WORK/postrider" --target fuzz_targets
for program in "$WORK"/postrider/bin/fuzz_*; do
  target=${program##*/fuzz_}
  cp "$program" "$OUT/$target"
  cp "$SRC/postrider/fuzz/smtp.dict" "$OUT/$target.dict"
  (cd "$SRC/postrider/fuzz/corpus/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
done
