//! Every defect that is put in on purpose is found, and without one the same seeds pass.

use sunsweep_sim::{Failure, Mutation, Report, RunOptions, run};

/// Orders of each run.
const ORDERS: usize = 150;
/// Seeds that are tried for each defect.
const SEEDS: std::ops::Range<u64> = 3..23;

fn run_with(seed: u64, mutation: Option<Mutation>) -> Report {
    run(&RunOptions { seed, orders: ORDERS, story: None, mutation })
}

/// The first seed that finds a defect, and what it finds.
fn find(mutation: Mutation) -> Option<(u64, Failure)> {
    SEEDS.into_iter().find_map(|seed| Some((seed, run_with(seed, Some(mutation)).failure?)))
}

/// The promises that a defect may break.
fn promises(mutation: Mutation) -> &'static [&'static str] {
    match mutation {
        Mutation::NoFencing => &["a lost lease commits nothing", "the rows agree with each other"],
        Mutation::SendBeforeCommit => &["nothing is on chain that is not stored"],
        Mutation::ForgetReplays => {
            &["a repeat gets the first answer", "a policy counts each transfer once"]
        }
        Mutation::SettleTwice | Mutation::SettleTransferTwice => {
            &["charged once or not at all", "the database takes what we write"]
        }
        Mutation::KeepHolds => &["charged once or not at all"],
        Mutation::KeepReservations => &["the rows agree with each other"],
        Mutation::ForgetCallbacks => &["one terminal callback"],
        Mutation::RenderAgain => &["callback bytes never change"],
        Mutation::ForgetNeighbours => &["ready means ready", "a prompt payer burns nothing"],
        Mutation::AnswerBeforeCommit => &[
            "what is answered was committed",
            "a repeat gets the first answer",
            "what is no repeat is refused",
            "nothing is sent that is not stored",
            "what counts as use happened",
            "nothing panics",
        ],
        Mutation::UnansweredIsRefused | Mutation::ExpiredIsLost => &[
            "what was given up never executes",
            "only what is lost is given up",
            "what counts as use happened",
        ],
        Mutation::NoReadBack => &["ready means ready"],
        Mutation::TrustEmptyRecords => &["nothing is stranded", "the chain agrees with the rows"],
        Mutation::ForgetUndoneUse => &["what counts as use happened"],
        Mutation::ForgetRefills => &["a policy has one refill at a time"],
        Mutation::ForgetCaps => &["a key keeps to its cap"],
        // The schema refuses a negative balance, so that nothing of it is committed.
        Mutation::ForgetBalances => &["the database takes what we write"],
        Mutation::ForgetExpirations => &["a dropped transfer is waited for"],
        Mutation::LoseNudges => &["who waits is woken"],
        Mutation::KeepParts => &["what was never made is paid back"],
        Mutation::PayPartsTwice => &["charged once or not at all"],
    }
}

#[test]
fn every_defect_is_found_and_the_promise_that_it_breaks_is_named() {
    let mut wrong = Vec::new();
    for mutation in Mutation::ALL {
        match find(*mutation) {
            None => wrong.push(format!("{} is not found", mutation.word())),
            Some((seed, failure)) => {
                if !promises(*mutation).contains(&failure.check) {
                    let (check, text) = (failure.check, failure.text);
                    wrong.push(format!("{}: seed {seed} finds {check}: {text}", mutation.word()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_failure_tells_the_story_of_its_order_and_is_had_again() {
    let (seed, _) = find(Mutation::KeepHolds).unwrap();
    let run = || run_with(seed, Some(Mutation::KeepHolds));
    let (first, second) = (run(), run());
    assert_eq!((first.log_hash, first.steps), (second.log_hash, second.steps));
    let (first, second) = (first.failure.unwrap(), second.failure.unwrap());
    let order = first.order.unwrap().to_string();
    assert!(first.story.iter().any(|line| line.contains(&order) && line.contains("Accepted")));
    let last = first.story.last().unwrap();
    let end = format!("{order} VIOLATION {}: {}", first.check, first.text);
    assert!(last.ends_with(&end), "{last}");
    assert_eq!((first.order, &first.text, first.story), (second.order, &second.text, second.story));
}
