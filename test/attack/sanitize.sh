#!/usr/bin/env bash
# The soak, or another attack for as long, with the addon and LMDB's binding under a sanitizer:
#   test/attack/sanitize.sh address|thread [seconds [attack]]
# Works on a copy of the package in a temporary folder, so that what is built here stays as it is. Node itself is not
# instrumented. What a sanitizer finds is left in $SANITIZE_LOGS (default: a folder that is printed).
set -euo pipefail

kind=${1:?address or thread}
seconds=${2:-600}
attack=${3:-soak}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
copy=$(mktemp -d -t skalar-sanitize-XXXXXX)
logs=${SANITIZE_LOGS:-$(mktemp -d -t skalar-sanitize-logs-XXXXXX)}
trap 'rm -rf "$copy"' EXIT

case $kind in
  address) library=libasan.so ;;
  thread) library=libtsan.so ;;
  *) echo "sanitize.sh: address or thread, not $kind" >&2; exit 2 ;;
esac
[[ -f $root/dist/index.js ]] || { echo 'sanitize.sh: build first: npm run build' >&2; exit 2; }

cp -r "$root/package.json" "$root/dist" "$root/native" "$root/test" "$root/node_modules" "$copy"
rm -rf "$copy/native/build" "$copy/node_modules/@lmdb"
flags="-fsanitize=$kind -fno-omit-frame-pointer -g -O1"
export CFLAGS=$flags CXXFLAGS=$flags LDFLAGS="-fsanitize=$kind"
(cd "$copy" && npx node-gyp rebuild --directory native --silent --jobs 2)
(cd "$copy/node_modules/lmdb" && npx node-gyp rebuild --silent --jobs 2) >"$logs/lmdb-build.log" 2>&1
for addon in native node_modules/lmdb; do
  nm -D "$copy/$addon/build/Release/"*.node | grep "__${kind:0:1}san" >/dev/null || { echo "sanitize.sh: $addon is not instrumented" >&2; exit 2; }
done

export ASAN_OPTIONS="detect_leaks=0:abort_on_error=0:exitcode=66:handle_segv=1:log_path=$logs/report"
export TSAN_OPTIONS="exitcode=0:report_bugs=1:history_size=4:log_path=$logs/report"
export ATTACK_PRELOAD=$(g++ -print-file-name=$library)
status=0
# Thread sanitizer has its shadow where Linux may put a program by chance.
cd "$copy" && setarch -R node test/attack/run.mjs --only "$attack" --seconds "$seconds" --limit "$seconds" --report "$logs/$attack.md" || status=$?
reports=$(cat "$logs"/report* 2>/dev/null || true)
echo "reports of the sanitizer: $(grep -c '^SUMMARY' <<<"$reports" || true) in $logs"
# Where LMDB looks at what other processes write, and where Node has locks that it does not see, ThreadSanitizer finds races
# by the dozen. A report with a frame of ours counts.
ours=$(awk 'BEGIN { RS = "==================" } /\(skalar\.node/ { n++ } END { print n + 0 }' <<<"$reports")
echo "reports that name skalar.node: $ours"
[[ $ours == 0 ]] || status=1
exit "$status"
