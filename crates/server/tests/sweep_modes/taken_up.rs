//! Runs that somebody else began: a watch that takes up what an earlier start left open.

use crate::{Shop, Watch, answer, refusal, said, text};

/// A watch to that address; it stops when dropped.
fn watch_command(shop: &Shop, to: &str, api: &str) -> std::process::Command {
    let mut command = shop.command(&["watch", "--keys", "keys.csv", "--to", to, "--api", api]);
    command.args(["--token", shop.fact("usdt_contract"), "--node", shop.fact("node_url")]);
    command.args(["--api-key", shop.fact("api_key"), "--api-secret-file", "secret"]);
    command.args(["--every", "1s", "--metrics", "off", "--journal", "journal"]);
    command.args(["--poll-ms", "100", "--json", "--log", "warn"]);
    command
}

#[test]
fn a_watch_takes_up_a_run_with_the_destination_of_the_run() {
    let shop = Shop::open(1);
    let (to, elsewhere) = (shop.fact("recipient_with_usdt"), shop.fact("recipient_without_usdt"));
    let before = shop.tokens(to);
    let arguments = ["--yes", "--json", "--poll-ms", "100", "--journal", "journal"];
    let mut run = Watch::start(shop.run(&arguments));
    run.until(r#""state":"signed""#);
    // Killed.
    drop(run);

    let mut other = watch_command(&shop, elsewhere, "http://127.0.0.1:9");
    let told = refusal(&mut other);
    assert!(told.contains(&format!("ordered from {}", shop.fact("api_url"))), "{told}");

    let mut watch = Watch::start(watch_command(&shop, elsewhere, shop.fact("api_url")));
    let taken_up = watch.run();
    let results = taken_up["results"].as_array().unwrap();
    assert_eq!((results.len(), text(&results[0], "state")), (1, "swept"), "{taken_up}");
    assert_eq!(shop.tokens(to) - before, shop.tokens_of_all());
    assert_eq!(shop.tokens(elsewhere), 0);
}

#[test]
fn an_address_of_two_signed_plans_is_in_one_of_their_runs() {
    let shop = Shop::open(1);
    let (to, token) = (shop.fact("recipient_with_usdt"), shop.fact("usdt_contract"));
    // Of another length, so that they are two runs though they may be made in one block.
    for number in ["1", "2"] {
        let (plan, signed) = (format!("plan{number}.json"), format!("signed{number}.json"));
        let mut command = shop.command(&["plan", "--out", &plan, "--json", "--keys", "addresses"]);
        command.args(["--to", to, "--token", token, "--node", shop.fact("node_url")]);
        command.args(["--valid-hours", number]);
        answer(&mut command);
        let mut command = shop.command(&["sign", &plan, "--out", &signed, "--keys", "keys.csv"]);
        answer(command.args(["--to", to, "--token", token, "--yes", "--json"]));
    }
    let mut parked = shop.command(&["send", "signed1.json", "--json", "--journal", "journal"]);
    parked.args(["--node", shop.fact("node_url"), "--api", "http://127.0.0.1:9"]);
    parked.args(["--api-key", "K", "--api-secret-file", "secret", "--patience-secs", "0"]);
    let output = parked.output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output).1);

    let mut second = shop.online(&["send", "signed2.json", "--json", "--journal", "journal"]);
    let left = answer(&mut second);
    assert_eq!((left["swept"].as_u64(), left["charged_sun"].as_i64()), (Some(0), Some(0)));
    assert_eq!(left["results"][0]["reason"], "in_another_run");
    assert!(text(&left["results"][0], "reason_text").contains("of this journal"));
}
