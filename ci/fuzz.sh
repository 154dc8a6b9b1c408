#!/usr/bin/env bash
# Fuzzes each target for some seconds from its kept corpus, with a stable toolchain:
#   ci/fuzz.sh [SECONDS] [TARGET...]
# It begins from seed 1, so that a check says the same twice; FUZZ_SEED=0 looks somewhere else each time.
# What is new is left in fuzz/found/, an input that breaks something in fuzz/artifacts/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../fuzz"

seconds=${1:-10}
shift || true
targets=("$@")
((${#targets[@]} > 0)) || targets=(canonical_json signature request address transaction)

# With a target of its own build scripts and macros stay without counters, which they cannot link.
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --release --locked --quiet --target "$host"

for target in "${targets[@]}"; do
  mkdir -p "found/$target" "artifacts/$target"
  log=found/$target.log
  if ! "target/$host/release/$target" "found/$target" "corpus/$target" \
    -seed="${FUZZ_SEED:-1}" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=4096 \
    -artifact_prefix="artifacts/$target/" -print_final_stats=1 >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "fuzz: $target is broken by the input in fuzz/artifacts/$target/" >&2
    exit 1
  fi
  # Without counters the fuzzer only guesses.
  grep -q 'inline 8-bit counters' "$log" || { echo "fuzz: $target has no counters" >&2; exit 1; }
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  edges=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
  echo "fuzz: $target held for $runs inputs in $seconds s ($edges)"
done
