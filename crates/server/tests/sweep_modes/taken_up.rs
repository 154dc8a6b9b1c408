//! Runs that somebody else began: a watch that takes up what an earlier start left open.

use crate::{Shop, Watch, refusal, text};

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
