#!/usr/bin/env bash
# The one check: what CI runs and what a developer runs. What it needs and does not find it installs
# (ci/tools.sh), programs with apt-get, libraries below .cache/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools.sh
source ci/tools.sh
# Nothing here asks a question; whatever tries gets the end of its input instead of waiting.
exec </dev/null

# Orders of the step nodes, unless told otherwise.
readonly NODES_ORDERS=2000

usage() {
  cat <<'END'
usage: ci/check.sh [--fast | --full | --sim ORDERS | --sweep ADDRESSES | --chaos ORDERS | --pg |
                   --bench] [--step NAME]...

  (none)       tools, fmt, clippy, test, golden, demo, clients, schema, console, chaos, disk, nodes,
               sweep, sim, fuzz; deny if cargo-deny is there
  --fast       fmt, clippy, unit tests, golden; before a commit
  --full       everything of (none), and deny with cargo-deny built if it is missing
  --sim ORDERS only the simulator: at least so many orders instead of 20000, and a fresh seed
  --sweep ADDRESSES
               only the sweeper, killed five times while it sweeps so many
  --chaos ORDERS
               only the faults on real processes, with so many orders on two servers
  --pg         only what runs on PostgreSQL: the contract of the store, the edge, and --chaos
  --bench      only the benchmarks, from a release build
  --step NAME  only this step, after tools; may be given several times
END
}

step_tools() { install_all; }

step_fmt() { cargo fmt --all --check; }

step_clippy() { cargo clippy --workspace --all-targets --locked -- -D warnings; }

# Tests beside the code, tables among them; no process is started and no socket opened.
step_unit() { cargo test --workspace --lib --bins --locked; }

step_test() { SUNSWEEP_NEEDS_POSTGRES=1 cargo test --workspace --locked; }

# Our signer must not confirm itself: the golden signatures are checked by another program.
step_golden() { python3 ci/verify_signature.py; }

# What a newcomer runs first, on quick blocks: it fails by itself if anything is not as it should be.
step_demo() {
  cargo build --locked --workspace --bin sunsweep
  timeout 120 "${CARGO_TARGET_DIR:-target}/debug/sunsweep" demo --json --block-time-ms 500
}

# Six languages against a real `sunsweep dev`, then the samples of docs/collection-api.md.
step_clients() {
  cargo build --locked --workspace --bin sunsweep
  timeout 900 python3 clients/check.py --spawn "${CARGO_TARGET_DIR:-target}/debug/sunsweep"
}

# What /openapi.json says against what a real `sunsweep dev` answers: no 5xx, nothing undescribed.
step_schema() {
  cargo build --locked --workspace --bin sunsweep
  timeout 300 .cache/venv/bin/python ci/schemathesis/run.py \
    "${CARGO_TARGET_DIR:-target}/debug/sunsweep" 60
}

# The console in Debian's Chromium against a real `sunsweep dev`; axe-core looks at every view.
step_console() {
  cargo build --locked --workspace --bin sunsweep
  cp ci/console/*.mjs .cache/console
  timeout 600 node .cache/console/run.mjs "${CARGO_TARGET_DIR:-target}/debug/sunsweep"
}

# What docs/console.md says of speed and size, from a release build; nothing in it can fail.
step_console_figures() {
  cargo build --locked --release --package sunsweep --bin sunsweep
  cp ci/console/*.mjs .cache/console
  timeout 900 node .cache/console/measure.mjs "${CARGO_TARGET_DIR:-target}/release/sunsweep"
}

# Each target for a few seconds from its kept corpus.
step_fuzz() { timeout 900 ci/fuzz.sh 8; }

# Kills `sunsweep serve` again and again during 200 orders and judges from the chain and the ledger.
step_chaos() {
  cargo build --locked --workspace --bin sunsweep
  timeout 300 ci/kill9 --bin "${CARGO_TARGET_DIR:-target}/debug/sunsweep"
}

# Takes the disk away from a running server and gives it back.
step_disk() {
  cargo build --locked --workspace --bin sunsweep
  timeout 300 ci/disk --bin "${CARGO_TARGET_DIR:-target}/debug/sunsweep"
}

# Two servers on one PostgreSQL: replaced one by one without a refused request, then everything goes wrong
# at once. They are placed slowly enough for two cores, and what ends them takes its time: rents, and
# transactions that are lost.
step_nodes() {
  cargo build --locked --workspace --bin sunsweep
  timeout 3000 ci/chaos --bin "${CARGO_TARGET_DIR:-target}/debug/sunsweep" \
    --orders "${chaos_orders:-$NODES_ORDERS}"
}

# The contract of the store and the whole edge on PostgreSQL, which must be there.
step_postgres() {
  SUNSWEEP_NEEDS_POSTGRES=1 cargo test --workspace --locked --test contract -- postgres
  SUNSWEEP_NEEDS_POSTGRES=1 cargo test --workspace --locked --lib -- postgres
  SUNSWEEP_EDGE_ON_POSTGRES=1 cargo test --workspace --locked --test it
}

# Seeded faults against the real use cases, store and devnet. Each seed is printed, with the story of the
# order if one fails: every seed from 1 on until so many orders were accepted, and then a fresh one.
step_sim() {
  cargo build --locked --workspace --bin sunsweep-sim
  timeout 3000 "${CARGO_TARGET_DIR:-target}/debug/sunsweep-sim" --orders "${sim_orders:-20000}"
}

# Kills `sunsweep sweep` again and again during one run and judges from the chain and the ledger; then
# the same against a server that loses answers, delays readiness and refuses orders.
step_sweep() {
  cargo build --locked --workspace --bin sunsweep
  local binary="${CARGO_TARGET_DIR:-target}/debug/sunsweep" addresses=${sweep_addresses:-2000}
  timeout 3000 ci/sweep_proof --bin "$binary" --addresses "$addresses"
  timeout 3000 ci/sweep_proof --bin "$binary" --addresses "${sweep_addresses:-1000}" --faults
}

step_bench() {
  cargo build --locked --release --package sunsweep --bin sunsweep
  "${CARGO_TARGET_DIR:-target}/release/sunsweep" bench
}

# Licences, bans and sources need no network; advisories are fetched, so only --full asks for them.
step_deny() { cargo deny --locked --offline check licenses bans sources; }

step_deny_full() {
  install_cargo_deny
  cargo deny --locked check
}

mode='' chosen=() sim_orders='' sweep_addresses='' chaos_orders=''
while (($# > 0)); do
  case $1 in
    --fast | --full)
      [[ -z $mode ]] || { usage >&2; exit 2; }
      mode=${1#--}
      ;;
    --step)
      if [[ $# -lt 2 ]] || ! declare -F "step_$2" >/dev/null; then
        usage >&2
        exit 2
      fi
      chosen+=("$2")
      shift
      ;;
    --sim)
      [[ ${2:-} =~ ^[0-9]+$ ]] || { usage >&2; exit 2; }
      sim_orders=$2
      chosen+=(sim)
      shift
      ;;
    --sweep)
      [[ ${2:-} =~ ^[0-9]+$ ]] || { usage >&2; exit 2; }
      sweep_addresses=$2
      chosen+=(sweep)
      shift
      ;;
    --chaos)
      [[ ${2:-} =~ ^[0-9]+$ ]] || { usage >&2; exit 2; }
      chaos_orders=$2
      chosen+=(nodes)
      shift
      ;;
    --pg) chosen+=(postgres nodes) ;;
    --bench) chosen+=(bench) ;;
    --help)
      usage
      exit
      ;;
    *)
      echo "ci/check.sh: what is $1?" >&2
      usage >&2
      exit 2
      ;;
  esac
  shift
done

if ((${#chosen[@]} > 0)); then
  [[ -z $mode ]] || { usage >&2; exit 2; }
  steps=(tools "${chosen[@]}")
elif [[ $mode == fast ]]; then
  steps=(fmt clippy unit golden)
else
  steps=(tools fmt clippy test golden demo clients schema console chaos disk nodes sweep sim fuzz)
  if [[ $mode == full ]]; then
    steps+=(deny_full)
  elif command -v cargo-deny >/dev/null; then
    steps+=(deny)
  fi
fi

mkdir -p .cache
current='' summary=''
report() {
  local status=$?
  printf '\n%s' "$summary"
  if ((status != 0)); then
    printf 'FAILED in step %s after %d s in all\n' "${current:-start}" "$SECONDS"
  else
    printf 'passed: %d steps in %d s\n' "${#steps[@]}" "$SECONDS"
  fi
}
trap report EXIT

for current in "${steps[@]}"; do
  printf '\n== %s\n' "$current"
  started=$SECONDS
  # Called bare: inside `if` or `&&` bash would no longer stop at a failing line of the step.
  "step_$current"
  took=$((SECONDS - started))
  printf '== %s took %d s\n' "$current" "$took"
  summary+=$(printf '%-10s %5d s' "$current" "$took")$'\n'
done
