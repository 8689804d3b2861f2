#!/usr/bin/env bash
# Tests of the native core: with sanitizers; with the optimization that ships, where exact results
# must be the same for every target of this CPU; and the kernels for AArch64 under emulation. Without the cross tools the last step is skipped, under CI=true it fails.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cxx=${CXX:-g++}
gtest_source=${GTEST_SOURCE:-/usr/src/googletest}
# What computes scores: compared with one reference, bit for bit.
score_tests='*Scan*:*Scorer*:*RowTest*:*Hnsw*:*Similarities*:*Decisions*'
# Death tests fork, which emulators and googletest warn about; what they check knows no target.
kernel_tests='*Simd*:-*DeathTest*'

fail() {
  echo "test/native/run.sh: $1" >&2
  exit 1
}

build() {  # folder under build/, then options for cmake
  local folder="$root/build/$1"
  shift
  cmake -S "$root/test/native" -B "$folder" "$@" >"$root/build/cmake.log" 2>&1 ||
    { cat "$root/build/cmake.log" >&2; fail 'cmake failed'; }
  cmake --build "$folder" --parallel "$(getconf _NPROCESSORS_ONLN)"
}

step() { echo "== $1"; }

if ! command -v cmake >/dev/null || ! command -v "$cxx" >/dev/null ||
  ! echo '#include <gtest/gtest.h>' | "$cxx" -std=c++20 -E -x c++ - >/dev/null 2>&1; then
  fail 'the native tests need googletest, CMake and a C++ compiler: apt-get install libgtest-dev cmake g++'
fi
mkdir -p "$root/build"

step 'address and undefined-behaviour sanitizers'
build native-sanitized -DSANITIZE=address,undefined -DCMAKE_CXX_COMPILER="$cxx" -DMEMORY_TESTS=ON
"$root/build/native-sanitized/native_tests" --gtest_brief=1

step 'memory refused, with the same sanitizers'
"$root/build/native-sanitized/native_memory_tests" --gtest_brief=1

step 'thread sanitizer'
build native-threads -DSANITIZE=thread -DCMAKE_CXX_COMPILER="$cxx" \
  '-DTESTS=concurrency_test.cc;decisions_test.cc;hnsw_concurrency_test.cc;section_file_test.cc;similarities_test.cc;thread_pool_test.cc'
"$root/build/native-threads/native_tests" --gtest_brief=1

step 'optimized'
build native-optimized -DCMAKE_CXX_COMPILER="$cxx"
"$root/build/native-optimized/native_tests" --gtest_brief=1
for target in avx2 scalar; do
  tests="$root/build/native-optimized/native_tests"
  "$tests" --gtest_list_tests --gtest_filter="*Kernels*" | grep "/$target" >/dev/null || continue
  step "optimized, kernels for $target"
  SKALAR_SIMD=$target "$tests" --gtest_brief=1 --gtest_filter="$score_tests"
done

case $(uname -m) in
  aarch64 | arm64)
    echo '== AArch64 emulation: not needed, this machine has run the NEON kernels itself'
    exit 0
    ;;
esac

qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static || true)
cross=$(command -v aarch64-linux-gnu-g++ || true)
if [[ -z $qemu || -z $cross || ! -f $gtest_source/CMakeLists.txt ]]; then
  remedy='apt-get install g++-aarch64-linux-gnu qemu-user googletest'
  [[ ${CI:-} != true ]] || fail "the AArch64 kernel tests may not be skipped in CI: $remedy"
  echo "== SKIPPED: kernels for AArch64 under emulation; to run them: $remedy"
  exit 0
fi

step 'kernels for AArch64 under emulation'
build native-aarch64 -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_C_COMPILER="${cross%g++}gcc" -DCMAKE_CXX_COMPILER="$cross" \
  -DCMAKE_EXE_LINKER_FLAGS=-static -DGTEST_SOURCE="$gtest_source" \
  '-DTESTS=simd*_test.cc'
tests="$root/build/native-aarch64/native_tests"
"$qemu" "$tests" --gtest_list_tests --gtest_filter="$kernel_tests" | grep '/neon' >/dev/null ||
  fail "no NEON kernel test matches $kernel_tests"
"$qemu" "$tests" --gtest_brief=1 --gtest_filter="$kernel_tests"
step 'the same on a CPU without dot product instructions'
"$qemu" -cpu cortex-a53 "$tests" --gtest_brief=1 --gtest_filter="$kernel_tests"
