//! Every change in the log: whatever changes something over the admin interface or at the command line
//! leaves exactly one line. Both lists are compared with what there is, so that nobody can forget one.

use std::collections::BTreeSet;

use clap::CommandFactory;
use domain::admin::AdminScope;
use serde_json::{Value, json};
use sunsweep::command::Cli;
use sunsweep::config::Config;
use tokio::process::Command;

use crate::admin::Office;
use crate::deposits::XPUB;
use crate::support::chain::{payer_wallet, recipient_with};
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{KEY, Receiver, Setup, World, plain};

/// A change over the admin interface: method and path as they are described, the body, and what the log
/// calls it.
type Call = (&'static str, &'static str, Value, &'static str);

/// Only what was tried can be tried again.
const RETRY: &str = "/batches/{batch}/retry";

fn calls() -> Vec<Call> {
    let money = json!({"amount_sun": 5, "reason": "invoice 17"});
    // No order is placed for an address of the pool, so there is something to try again.
    let csv = payer_wallet().to_string();
    let batch = json!({"merchant": 1, "key": KEY, "name": "June", "csv": csv});
    vec![
        ("POST", "/merchants", json!({"name": "Second"}), "merchant.add"),
        ("PATCH", "/merchants/{id}", json!({"name": "Shop & Co"}), "merchant.change"),
        ("POST", "/merchants/{id}/keys", json!({"name": "till"}), "key.add"),
        ("PATCH", "/keys/{key}", json!({"name": "desk"}), "key.change"),
        ("POST", "/merchants/{id}/credit", money.clone(), "merchant.credit"),
        ("POST", "/merchants/{id}/debit", money, "merchant.debit"),
        ("POST", "/merchants/{id}/deposit-address", json!({}), "merchant.deposit_address"),
        ("PATCH", "/prices", json!({"energy_price_sun": 61}), "price.set"),
        ("PATCH", "/merchants/{id}/prices", json!({"energy_price_sun": 59}), "price.set"),
        ("POST", "/wallets/{address}/disable", json!({}), "wallet.disable"),
        ("POST", "/wallets/{address}/enable", json!({}), "wallet.enable"),
        ("POST", "/policies/{policy}/stop", json!({}), "policy.stop"),
        ("POST", "/orders/{order}/callback/replay", json!({}), "callback.replay"),
        ("POST", "/batches", batch, "batch.add"),
        ("POST", "/batches/{batch}/dry-run", json!({}), "batch.dry_run"),
        ("POST", "/batches/{batch}/start", json!({}), "batch.start"),
        ("POST", "/batches/{batch}/pause", json!({}), "batch.pause"),
        ("POST", "/batches/{batch}/resume", json!({}), "batch.resume"),
        ("POST", RETRY, json!({}), "batch.retry"),
        ("POST", "/batches/{batch}/cancel", json!({}), "batch.cancel"),
        ("POST", "/keys/{key}/revoke", json!({}), "key.revoke"),
    ]
}

/// A world with one order whose callback was delivered, and its serial.
async fn one_told_order(receiver: &Receiver) -> (World, String) {
    let tune = |config: &mut Config| config.deposits.xpub = XPUB.to_owned();
    let mut world = World::with(Setup { tune, storage: Storage::File, ..Setup::default() }).await;
    let mut body = wanted(world.payer(plain), recipient_with());
    body["callback_url"] = json!(receiver.url());
    let serial = world.order(&body).await["serial"].as_str().unwrap().to_owned();
    world.settle().await;
    world.mine(2).await;
    assert_eq!(receiver.posts().len(), 1);
    (world, serial)
}

async fn log(office: &Office) -> Vec<Value> {
    office.get("/audit-log?limit=500").await["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_call_that_changes_something_leaves_one_line_in_the_log() {
    let receiver = Receiver::start().await;
    let (mut world, serial) = one_told_order(&receiver).await;
    let office = Office::open(&world, &AdminScope::ALL).await;
    let wallet = world.wallet().await;
    // Stopped before it has ordered anything.
    let kept = world.payer(plain);
    world.auto_policy(kept, 65_000, 1).await;
    let mut batch = String::new();
    for (number, (method, path, body, action)) in calls().into_iter().enumerate() {
        if path == RETRY {
            world.settle().await;
        }
        let before = log(&office).await.len();
        let path = path
            .replace("{id}", "1")
            .replace("{key}", KEY)
            .replace("{address}", &wallet)
            .replace("{batch}", &batch)
            .replace("{policy}", "1")
            .replace("{order}", &serial);
        let key = format!("change-{number}");
        let headers = [("Idempotency-Key", key.as_str())];
        let line = format!("{method} {path}");
        let answer = office.send(&line, &headers, &body.to_string()).await;
        assert!(matches!(answer.status(), 200 | 201), "{line}: {}", answer.body);
        let shown: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if let Some(made) = shown["batch"].as_str() {
            made.clone_into(&mut batch);
        }
        let lines = log(&office).await;
        assert_eq!(lines.len(), before + 1, "{line}");
        assert_eq!(lines[0]["action"], action, "{line}");
        assert_eq!(lines[0]["actor"], "token billing", "{line}");
    }
    let described = office.get("/openapi.json").await;
    let mut changing = BTreeSet::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/admin/v1").unwrap();
        let methods = methods.as_object().unwrap().keys().filter(|method| *method != "get");
        changing.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let tried: BTreeSet<_> =
        calls().iter().map(|(method, path, ..)| format!("{method} {path}")).collect();
    assert_eq!(tried, changing);
    world.settle().await;
    world.finish().await;
}

/// Commands that change no row of the operator's, or put a whole database, log and all, somewhere else;
/// the world of `dev` and `demo` is their own.
const CHANGE_NOTHING: &[&str] = &[
    "admin log",
    "admin token list",
    "audit",
    "backup",
    "bench",
    "callback show",
    "config check",
    "config show",
    "copy",
    "demo",
    "deposit list",
    "deposit status",
    "dev",
    "devnet",
    "key list",
    "merchant list",
    "merchant statement",
    "migrate",
    "operator list",
    "policy list",
    "policy show",
    "price list",
    "restore",
    "serve",
    "wallet list",
];

/// What changes something: the command, its arguments, and what the log calls it.
fn commands(serial: &str, wallet: &str, token: &str) -> Vec<(&'static str, String, &'static str)> {
    let money = "1 5 --yes --reason invoice";
    vec![
        ("merchant add", "Second".to_owned(), "merchant.add"),
        ("merchant set", "1 --name Shoppe".to_owned(), "merchant.change"),
        ("merchant credit", money.to_owned(), "merchant.credit"),
        ("merchant debit", money.to_owned(), "merchant.debit"),
        ("merchant deposit-address", "1".to_owned(), "merchant.deposit_address"),
        ("deposit address", "2".to_owned(), "merchant.deposit_address"),
        ("merchant pause", "1".to_owned(), "merchant.pause"),
        ("merchant resume", "1".to_owned(), "merchant.resume"),
        ("key add", "1".to_owned(), "key.add"),
        ("key set", format!("{KEY} --name desk"), "key.change"),
        ("key revoke", KEY.to_owned(), "key.revoke"),
        ("wallet add", "--generate".to_owned(), "wallet.put"),
        ("wallet disable", wallet.to_owned(), "wallet.disable"),
        ("wallet enable", wallet.to_owned(), "wallet.enable"),
        ("price set", "energy_price_sun=61".to_owned(), "price.set"),
        ("admin token add", "shop --scope read".to_owned(), "token.add"),
        ("admin token revoke", token.to_owned(), "token.revoke"),
        ("operator add", "mia --viewer".to_owned(), "person.add"),
        ("operator reset", "mia".to_owned(), "person.reset"),
        ("operator disable", "mia".to_owned(), "person.disable"),
        ("operator enable", "mia".to_owned(), "person.enable"),
        ("callback replay", serial.to_owned(), "callback.replay"),
        ("policy stop", "1".to_owned(), "policy.stop"),
    ]
}

/// Every command without further ones below it, by its words.
fn leaves(command: &clap::Command, words: &str, found: &mut BTreeSet<String>) {
    for below in command.get_subcommands() {
        let words = format!("{words} {}", below.get_name());
        match below.has_subcommands() {
            true => leaves(below, &words, found),
            false => drop(found.insert(words.trim().to_owned())),
        }
    }
}

/// The real binary on the database of a running server.
async fn run(world: &World, words: &str) {
    let directory = world.config.sqlite_path().parent().unwrap().to_owned();
    let output = Command::new(env!("CARGO_BIN_EXE_sunsweep"))
        .env_clear()
        .current_dir(&directory)
        .env("USER", "zoe")
        .env("SUNSWEEP_MASTER_KEY", "5a".repeat(32))
        .env("SUNSWEEP_WALLET_PASSPHRASE", "correct horse battery staple")
        .env("SUNSWEEP_DATABASE__URL", &world.config.database.url)
        .env("SUNSWEEP_DEPOSITS__XPUB", XPUB)
        .env("SUNSWEEP_NODE__URLS", world.config.node.urls.join(","))
        .env("SUNSWEEP_POOL__WALLETS_DIR", directory.join("wallets"))
        .args(words.split(' '))
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_changes_something_leaves_one_line_in_the_log() {
    let receiver = Receiver::start().await;
    let (mut world, serial) = one_told_order(&receiver).await;
    let office = Office::open(&world, &[AdminScope::Read]).await;
    let spare = Office::open_as(&world, "spare", &[AdminScope::Read]).await;
    // Stopped before it has ordered anything.
    let kept = world.payer(plain);
    world.auto_policy(kept, 65_000, 1).await;
    let commands = commands(&serial, &world.wallet().await, &spare.token_id);
    for (words, arguments, action) in &commands {
        let before = log(&office).await.len();
        run(&world, &format!("{words} {arguments}")).await;
        let lines = log(&office).await;
        assert_eq!(lines.len(), before + 1, "{words}");
        assert_eq!(lines[0]["action"], *action, "{words}");
        assert_eq!(lines[0]["actor"], "cli zoe", "{words}");
    }
    let mut all = BTreeSet::new();
    leaves(&Cli::command(), "", &mut all);
    // The merchant's side has no operator.
    all.retain(|words| words != "sweep" && !words.starts_with("sweep "));
    let known: BTreeSet<_> = commands
        .iter()
        .map(|(words, ..)| *words)
        .chain(CHANGE_NOTHING.iter().copied())
        .map(str::to_owned)
        .collect();
    assert_eq!(known, all);
    world.settle().await;
    world.finish().await;
}
