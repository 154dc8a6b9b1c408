//! A few short runs, so that `cargo test` notices soon; the binary makes many long ones.

use sunsweep_sim::{Report, RunOptions, run};

fn passes(seed: u64, orders: usize) -> Report {
    let report = run(&RunOptions { seed, orders, story: None, mutation: None });
    if let Some(failure) = &report.failure {
        panic!(
            "SIM_SEED={seed} --orders-a-run {orders}: {} {:?} {}\n{}",
            failure.check,
            failure.order,
            failure.text,
            failure.story.join("\n")
        );
    }
    report
}

#[test]
fn the_same_seed_is_the_same_run() {
    let (first, second) = (passes(7, 40), passes(7, 40));
    assert_eq!((first.log_hash, first.steps), (second.log_hash, second.steps));
    assert_ne!(passes(8, 40).log_hash, first.log_hash);
}

#[test]
fn short_runs_keep_every_promise() {
    for seed in [1, 2, 3] {
        let report = passes(seed, 80);
        assert!(report.accepted > 0, "{report:?}");
    }
}
