//! `sunsweep bench` with tiny sizes, so that it does not rot. Its figures say nothing here.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn every_figure_is_measured() {
    let output = Command::new(env!("CARGO_BIN_EXE_sunsweep"))
        .args(["bench", "--quick", "--json"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    for name in [
        "raw_commits_per_sec",
        "bare_requests_per_sec",
        "accepted_per_sec",
        "accepted_of_raw_percent",
        "energy_accepted_per_sec",
        "queries_per_sec",
        "prices_per_sec",
        "accepted_while_filling_per_sec",
        "accept_p99_us",
        "beyond_node_p99_us",
        "ready_p50_block_percent",
        "ready_p95_block_percent",
        "reclaimed_max_block_percent",
        "burst_ready_block_percent",
        "start_ms",
        "resident_kib",
        "sweep_bare_ms",
        "sweep_discover_ms",
        "sweep_plan_ms",
        "sweep_peak_kib",
    ] {
        assert!(figures[name].as_u64().is_some_and(|value| value > 0), "{name}: {figures}\n{said}");
    }
    let is_postgres_there = Path::new("/usr/lib/postgresql").exists();
    assert!(is_postgres_there || std::env::var_os("SUNSWEEP_NEEDS_POSTGRES").is_none());
    for name in [
        "sqlite_accepted_per_sec",
        "postgres_accepted_per_sec",
        "postgres_two_accepted_per_sec",
        "postgres_far_accepted_per_sec",
        "postgres_far_two_accepted_per_sec",
        "sqlite_accept_p99_us",
        "postgres_accept_p99_us",
        "postgres_two_accept_p99_us",
        "postgres_far_accept_p99_us",
        "postgres_far_two_accept_p99_us",
        "sqlite_merchants_growth_percent",
        "sqlite_pending_growth_percent",
        "sqlite_history_growth_percent",
        "postgres_merchants_growth_percent",
        "postgres_pending_growth_percent",
        "postgres_long_history_us",
        "postgres_history_growth_percent",
    ] {
        let is_measured = figures[name].as_u64().is_some_and(|value| value > 0);
        assert_eq!(is_measured, is_postgres_there, "{name}: {figures}\n{said}");
    }
    assert_eq!(figures["cold_node_calls"], 4, "{figures}");
    assert_eq!(figures["cold_node_depth"], 2, "{figures}");
    assert_eq!(figures["finished_orders"], 1_000, "{figures}");
}
