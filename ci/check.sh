#!/usr/bin/env bash
# The one check: what CI runs and what a developer runs. See CONTRIBUTING.md.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --all --check
cargo test --workspace --locked
