//! The command line as a person sees it: whole outputs, standard output and standard error apart.

#![expect(clippy::unwrap_used, reason = "a helper of a test stops at the first surprise")]

use std::path::Path;
use std::process::{Command, Output};

use app::ports::Store;
use app::rows::WatchedBlock;
use devnet::{Devnet, DevnetConfig};
use domain::UnixMillis;
use serde_json::{Value, json};
use store::SqlStore;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tron::{Resource, SecretKey, Sun};

const CONFIG: &str =
    "[database]\nurl = \"sqlite:data/rows.sqlite\"\n[pool]\nwallets_dir = \"wallets\"\n";
const PASSPHRASE: &str = "correct horse battery staple";
/// Nobody listens there.
const NO_NODE: &str = "http://127.0.0.1:1";

/// What a command said and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    out: String,
    err: String,
    code: i32,
}

/// An operator's directory.
struct Desk {
    directory: TempDir,
    node_url: String,
}

impl Desk {
    fn new() -> Self {
        Self::with_node(NO_NODE)
    }

    fn with_node(node_url: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("sunsweep.toml"), CONFIG).unwrap();
        Self { directory, node_url: node_url.to_owned() }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sunsweep"));
        command
            .current_dir(self.path())
            .env_clear()
            .env("SUNSWEEP_MASTER_KEY", "5a".repeat(32))
            .env("SUNSWEEP_WALLET_PASSPHRASE", PASSPHRASE)
            .env("SUNSWEEP_NODE__URLS", &self.node_url)
            .args(["--config", "sunsweep.toml"])
            .args(arguments);
        command
    }

    /// Runs a command; what differs from run to run is replaced by its name.
    fn run(&self, arguments: &[&str]) -> Said {
        said(&self.command(arguments).output().unwrap())
    }

    /// A command that succeeds and says this, and nothing else.
    fn ok(&self, arguments: &[&str], out: &str, err: &str) {
        let expected = Said { out: out.to_owned(), err: err.to_owned(), code: 0 };
        assert_eq!(self.run(arguments), expected, "{arguments:?}");
    }

    /// A command that fails with this reason on standard error, and nothing else.
    fn fails(&self, arguments: &[&str], reason: &str) {
        let expected = Said { out: String::new(), err: format!("sunsweep: {reason}\n"), code: 1 };
        assert_eq!(self.run(arguments), expected, "{arguments:?}");
    }

    /// The first text of a command's output, as it is.
    fn raw(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn said(output: &Output) -> Said {
    let text = |bytes: &[u8]| named(std::str::from_utf8(bytes).unwrap());
    Said {
        out: text(&output.stdout),
        err: text(&output.stderr),
        code: output.status.code().unwrap(),
    }
}

/// The text with keys, secrets, addresses and times replaced by what they are.
fn named(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.');
    let mut shown = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        let is_hex = word.chars().all(|c| c.is_ascii_digit() || ('A'..='F').contains(&c));
        shown.push_str(match word.len() {
            32 if is_hex => "<KEY>",
            64 if is_hex => "<SECRET>",
            34 if word.starts_with('T') => "<ADDRESS>",
            27 if word.ends_with('Z') => "<TIME>",
            _ => word,
        });
        let end = after.chars().next().map_or(0, char::len_utf8);
        shown.push_str(&after[..end]);
        rest = &after[end..];
    }
    shown
}

#[test]
fn config_check_and_show() {
    let desk = Desk::new();
    desk.ok(&["config", "check"], "the configuration is fine\n", "");
    let shown = desk.run(&["config", "show"]);
    assert_eq!((shown.err.as_str(), shown.code), ("", 0));
    for line in [
        "url = \"sqlite:data/rows.sqlite\"",
        "urls = [\"http://127.0.0.1:1\"]",
        "wallets_dir = \"wallets\"",
        "schedule_secs = [15, 15, 30, 180, 600, 1200, 1800]",
        "# master key: set",
        "# wallet passphrase: set",
        "# node key: unset",
    ] {
        assert!(shown.out.lines().any(|shown| shown == line), "{line}\n{}", shown.out);
    }
    for secret in [PASSPHRASE, &"5a".repeat(32)] {
        assert!(!shown.out.contains(secret), "a secret is shown");
    }
}

#[test]
fn config_names_everything_that_is_wrong_at_once() {
    let desk = Desk::new();
    let wrong = "[server]\nmax_connections = 0\nlisten = 5\n[price]\nenergy_prize_sun = 1\n[nod]\n";
    std::fs::write(desk.path().join("sunsweep.toml"), wrong).unwrap();
    let said = desk.run(&["config", "check"]);
    assert_eq!((said.out.as_str(), said.code), ("", 1));
    for complaint in
        ["server.listen", "price.energy_prize_sun: unknown key", "nod: unknown section"]
    {
        assert!(said.err.contains(complaint), "{complaint}: {}", said.err);
    }
    let missing = desk.command(&["config", "check"]).args(["--config", "none.toml"]).output();
    assert!(!missing.unwrap().status.success());
}

#[test]
fn merchants_and_their_money() {
    let desk = Desk::new();
    desk.ok(&["merchant", "add", "Shop"], "1\n", "");
    let url = "https://merchant.example/cb";
    desk.ok(&["merchant", "add", "Other", "--callback-url", url], "2\n", "");
    desk.fails(
        &["merchant", "add", " "],
        "a name of 1 to 100 characters is needed, and no NUL in it",
    );
    let private = "http://127.0.0.1/";
    desk.fails(&["merchant", "add", "X", "--callback-url", private], "the address is not public");
    let credit = ["merchant", "credit", "1", "12.5", "--reason", "invoice 7"];
    let plan = "credit 12.5 TRX to merchant 1 (Shop): 0 TRX before, 12.5 TRX after";
    desk.ok(&credit, &format!("would {plan}; add --yes to post it\n"), "");
    desk.ok(&[&credit[..], &["--yes"]].concat(), &format!("{plan}\n"), "");
    let twice = ["merchant", "credit", "1", "3", "--reason", "invoice 8", "--key", "8", "--yes"];
    let plan = "credit 3 TRX to merchant 1 (Shop): 12.5 TRX before, 15.5 TRX after\n";
    desk.ok(&twice, plan, "");
    desk.ok(&["merchant", "debit", "1", "3", "--reason", "undone", "--yes"], UNDONE, "");
    // The same command is answered as it was, and posts nothing more; another one under its key is refused.
    desk.ok(&twice, plan, "");
    // Nor when somebody else repeats it: who that is goes into the log, the key is the command's.
    for user in [("USER", "ann"), ("SUDO_USER", "ben")] {
        let repeated = said(&desk.command(&twice).env(user.0, user.1).output().unwrap());
        assert_eq!((repeated.out.as_str(), repeated.code), (plan, 0), "{user:?} {}", repeated.err);
    }
    let other = ["merchant", "credit", "1", "4", "--reason", "invoice 8", "--key", "8", "--yes"];
    desk.fails(&other, KEY_REUSED);
    let unprintable = desk.run(&["merchant", "credit", "1", "1", "--reason", "x", "--key", "ä"]);
    assert_eq!((unprintable.out.as_str(), unprintable.code), ("", 2));
    let debit = ["merchant", "debit", "1", "20", "--reason", "paid out", "--yes"];
    desk.fails(&debit, "Shop has only 12.5 TRX available");
    let nobody = ["merchant", "credit", "9", "1", "--reason", "x"];
    desk.fails(&nobody, "there is no merchant 9");
    let nothing = desk.run(&["merchant", "credit", "1", "0", "--reason", "x"]);
    assert_eq!((nothing.out.as_str(), nothing.code), ("", 2));
    assert!(nothing.err.contains("the amount must be more than nothing"), "{}", nothing.err);
    desk.ok(&["merchant", "pause", "2"], "merchant 2 is paused\n", "");
    desk.ok(&["merchant", "list"], MERCHANTS, "");
    let mut listed: Value =
        serde_json::from_str(&desk.raw(&["merchant", "list", "--json"])).unwrap();
    for merchant in listed.as_array_mut().unwrap() {
        assert!(merchant.as_object_mut().unwrap().remove("created_ms").is_some());
    }
    let shop = json!({
        "id": 1, "name": "Shop", "available_sun": 12_500_000, "held_sun": 0,
        "callback_url": null, "paused": false, "deposit_addresses": [],
    });
    let other = json!({
        "id": 2, "name": "Other", "available_sun": 0, "held_sun": 0, "callback_url": url,
        "paused": true, "deposit_addresses": [],
    });
    assert_eq!(listed, json!([shop, other]));
}

const UNDONE: &str = "debit 3 TRX from merchant 1 (Shop): 15.5 TRX before, 12.5 TRX after\n";
const KEY_REUSED: &str = "this idempotency key was used for a different request";

const MERCHANTS: &str = "\
┌────────────────────────────────────────────────────────────────────────────────────────────────┐
│ id   name    available TRX   held TRX   deposit address   callback                             │
╞════════════════════════════════════════════════════════════════════════════════════════════════╡
│ 1    Shop    12.5            0                                                                 │
│ 2    Other   0               0                            https://merchant.example/cb   paused │
└────────────────────────────────────────────────────────────────────────────────────────────────┘
";

#[test]
fn merchants_are_changed_and_what_is_not_named_stays() {
    let desk = Desk::new();
    let url = "https://merchant.example/cb";
    desk.ok(&["merchant", "add", "Shop", "--callback-url", url], "1\n", "");
    let renamed = desk.run(&["merchant", "set", "1", "--name", "Other"]);
    assert!(
        renamed
            .out
            .contains("│ 1    Other   0               0                            https://"),
        "{renamed:?}"
    );
    let taken = desk.run(&["merchant", "set", "1", "--no-callback-url"]);
    assert!(taken.out.contains("Other") && !taken.out.contains("https"), "{taken:?}");
    desk.fails(&["merchant", "set", "9", "--name", "x"], "there is no merchant 9");
}

#[test]
fn a_statement_is_printed_in_three_forms() {
    let desk = Desk::new();
    desk.ok(&["merchant", "add", "Shop"], "1\n", "");
    for (side, trx, reason) in [("credit", "12.5", "invoice, 7"), ("debit", "2", "=paid back")] {
        let entry = ["merchant", side, "1", trx, "--reason", reason, "--yes"];
        assert_eq!(desk.run(&entry).code, 0);
    }
    let csv = "\
number,time,account,fact,amount_sun,balance_sun,order,reference,txids,reason
2,<TIME>,available,merchant_credited,12500000,12500000,,,,\"invoice, 7\"
3,<TIME>,available,merchant_debited,-2000000,10500000,,,,'=paid back
";
    let said = desk.run(&["merchant", "statement", "1", "--format", "csv"]);
    assert_eq!((said.out.replace("\r\n", "\n").as_str(), said.code), (csv, 0));
    let lines = desk.raw(&["merchant", "statement", "1", "--format", "json"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["balance_sun"], json!(10_500_000));
    let table = desk.run(&["merchant", "statement", "1"]).out;
    assert!(table.contains("merchant_debited    -2     10.5"), "{table}");
    let later =
        desk.raw(&["merchant", "statement", "1", "--format", "json", "--from", "2999-01-01"]);
    assert_eq!(later, "");
    desk.fails(&["merchant", "statement", "9"], "there is no merchant 9");
    let when = desk.run(&["merchant", "statement", "1", "--from", "soon"]);
    assert_eq!((when.out.as_str(), when.code), ("", 2));
}

#[test]
fn prices_are_set_and_inherited() {
    let desk = Desk::new();
    desk.ok(&["merchant", "add", "Shop"], "1\n", "");
    desk.ok(&["price", "set", "energy_price_sun=70", "activation_price_sun=9"], HOUSE_PRICES, "");
    desk.ok(&["price", "set", "--merchant", "1", "energy_price_sun=50"], OWN_PRICES, "");
    desk.ok(&["price", "list", "--merchant", "1"], OWN_PRICES, "");
    desk.ok(&["price", "set", "--merchant", "1", "energy_price_sun="], HOUSE_PRICES, "");
    let listed: Value = serde_json::from_str(&desk.raw(&["price", "list", "--json"])).unwrap();
    assert_eq!(listed["set"], json!({"energy_price_sun": 70, "activation_price_sun": 9}));
    assert_eq!(listed["effective"]["bandwidth_price_sun"], json!(1_000));
    desk.fails(
        &["price", "set", "bandwidth_price_sun=1000000001"],
        "bandwidth_price_sun must be between 0 and 1000000000, not 1000000001",
    );
    desk.fails(&["price", "set", "--merchant", "9", "small_energy=1"], "there is no merchant 9");
    for wrong in ["energy=1", "small_energy", "small_energy=x"] {
        let said = desk.run(&["price", "set", wrong]);
        assert_eq!((said.out.as_str(), said.code), ("", 2), "{wrong}");
    }
}

const HOUSE_PRICES: &str = "\
┌───────────────────────────────────────────────┐
│ price                  sun      set by        │
╞═══════════════════════════════════════════════╡
│ energy_price_sun       70       house         │
│ energy_price_1d_sun    90       configuration │
│ energy_price_3d_sun    80       configuration │
│ energy_price_30d_sun   70       configuration │
│ small_energy           50000    configuration │
│ small_surcharge_sun    600000   configuration │
│ bandwidth_price_sun    1000     configuration │
│ activation_price_sun   9        house         │
│ transfer_fee_sun       300000   configuration │
└───────────────────────────────────────────────┘
";

const OWN_PRICES: &str = "\
┌───────────────────────────────────────────────┐
│ price                  sun      set by        │
╞═══════════════════════════════════════════════╡
│ energy_price_sun       50       merchant      │
│ energy_price_1d_sun    90       configuration │
│ energy_price_3d_sun    80       configuration │
│ energy_price_30d_sun   70       configuration │
│ small_energy           50000    configuration │
│ small_surcharge_sun    600000   configuration │
│ bandwidth_price_sun    1000     configuration │
│ activation_price_sun   9        house         │
│ transfer_fee_sun       300000   configuration │
└───────────────────────────────────────────────┘
";

#[test]
fn admin_tokens_are_shown_once_and_every_change_is_logged() {
    let desk = Desk::new();
    let add = ["admin", "token", "add", "billing", "--scope", "money,read"];
    let added: Value = serde_json::from_str(&desk.raw(&add)).unwrap();
    let (id, token) = (added["id"].as_str().unwrap(), added["token"].as_str().unwrap());
    assert!(token.starts_with(&format!("sunsweep_admin_{id}_")), "{token}");
    desk.fails(&add, "there is a token named billing already");
    let other = ["admin", "token", "add", "books", "--scope", "read"];
    assert_eq!(desk.run(&other).err, "The token is not kept in readable form: store it now.\n");
    let listed = desk.raw(&["admin", "token", "list", "--json"]);
    let secret = token.rsplit('_').next().unwrap();
    assert!(listed.contains(id) && !listed.contains(secret), "{listed}");
    assert_eq!(
        serde_json::from_str::<Value>(&listed).unwrap()[0]["scopes"],
        json!(["read", "money"])
    );
    desk.ok(&["admin", "token", "revoke", id], &format!("token {id} (billing) is revoked\n"), "");
    desk.fails(&["admin", "token", "revoke", id], &format!("there is no live token {id}"));
    // Its name is free again.
    desk.raw(&add);
    let none = desk.run(&["admin", "token", "add", "x"]);
    assert_eq!((none.out.as_str(), none.code), ("", 2));
    desk.ok(&["merchant", "add", "Shop"], "1\n", "");
    desk.ok(&["merchant", "pause", "1"], "merchant 1 is paused\n", "");
    let log: Value = serde_json::from_str(&desk.raw(&["admin", "log", "--json"])).unwrap();
    let told: Vec<_> = log.as_array().unwrap().iter().map(|line| line["action"].clone()).collect();
    let expected =
        ["merchant.pause", "merchant.add", "token.add", "token.revoke", "token.add", "token.add"];
    assert_eq!(told, expected.map(Value::from));
    assert_eq!((&log[0]["actor"], &log[0]["before"]["paused"]), (&json!("cli"), &json!(false)));
    assert!(!log.to_string().contains(secret));
}

#[test]
fn keys_are_at_most_three_and_shown_once() {
    let desk = Desk::new();
    desk.ok(&["merchant", "add", "Shop"], "1\n", "");
    desk.fails(&["key", "add", "9"], "there is no merchant 9");
    let new = "{\"api_key\":\"<KEY>\",\"api_secret\":\"<SECRET>\"}\n";
    let once = "The secret is not kept in readable form: store it now.\n";
    desk.ok(&["key", "add", "1"], new, once);
    desk.ok(&["key", "add", "1", "--name", "second"], new, once);
    let third: Value = serde_json::from_str(&desk.raw(&["key", "add", "1"])).unwrap();
    desk.fails(&["key", "add", "1"], "merchant 1 has 3 live keys already");
    let text = third["api_key"].as_str().unwrap();
    desk.ok(&["key", "revoke", text], "<KEY> is revoked\n", "");
    desk.fails(&["key", "revoke", "NOBODY"], "there is no live key NOBODY");
    let wrong = ["key", "add", "1", "--ip", "example.org"];
    let network = "\"example.org\" is neither an IP address nor a network such as 203.0.113.0/24";
    desk.fails(&wrong, network);
    let scope = desk.run(&["key", "add", "1", "--scope", "all"]);
    assert_eq!((scope.out.as_str(), scope.code), ("", 2));
    assert!(scope.err.contains("read, order and transfer are"), "{}", scope.err);
    let bound = ["--scope", "order,read", "--ip", "203.0.113.9/24", "--daily-cap", "5", "--strict"];
    desk.ok(&[&["key", "add", "1", "--name", "fourth"][..], &bound].concat(), new, once);
    desk.ok(&["key", "list", "1"], KEYS, "");
    let listed = desk.raw(&["key", "list", "1"]);
    let secret = third["api_secret"].as_str().unwrap();
    assert!(listed.contains(text) && !listed.contains(secret));
    let text = text.to_owned();
    let fourth = desk.raw(&["key", "list", "1", "--json"]);
    let fourth: Value = serde_json::from_str(&fourth).unwrap();
    let live = fourth[3]["key"].as_str().unwrap();
    let set = ["key", "set", live, "--any-ip", "--no-daily-cap", "--strict", "false"];
    assert_eq!(desk.run(&set).code, 0);
    desk.fails(
        &["key", "set", &text, "--any-ip"],
        &format!("there is no live key {}", named(&text)),
    );
    let changed: Value = serde_json::from_str(&desk.raw(&["key", "list", "1", "--json"])).unwrap();
    assert_eq!((&changed[3]["allowed_from"], &changed[3]["strict"]), (&json!([]), &json!(false)));
    assert_eq!(
        (&changed[3]["daily_cap_sun"], &changed[3]["name"]),
        (&Value::Null, &json!("fourth"))
    );
    assert_eq!(changed[3]["scopes"], json!(["read", "order"]), "what is not named stays");
    let keys = fourth;
    let fourth = &keys[3];
    assert_eq!(fourth["scopes"], json!(["read", "order"]));
    assert_eq!(fourth["allowed_from"], json!(["203.0.113.0/24"]));
    assert_eq!((&fourth["daily_cap_sun"], &fourth["strict"]), (&json!(5_000_000), &json!(true)));
}

const KEYS: &str = "\
┌────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┐
│ key                                name      state     created                       scopes                from             TRX a day          │
╞════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════╡
│ <KEY>   default   live      <TIME>   read,order,transfer                                       │
│ <KEY>   second    live      <TIME>   read,order,transfer                                       │
│ <KEY>   default   revoked   <TIME>   read,order,transfer                                       │
│ <KEY>   fourth    live      <TIME>   read,order            203.0.113.0/24   5           strict │
└────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
";

#[test]
fn wallets_are_kept_encrypted() {
    let desk = Desk::new();
    desk.fails(&["wallet", "add"], "give --key-file FILE or --generate");
    let added = "<ADDRESS> added as lender; <ADDRESS> signs for it\n";
    let grant = "Grant <ADDRESS> an active permission 2 on <ADDRESS> with DelegateResource (57) and \
                 UnDelegateResource (58) and nothing else.\n";
    desk.ok(&["wallet", "add", "--generate"], added, grant);
    let key = SecretKey::from_hex(&"11".repeat(32)).unwrap();
    std::fs::write(desk.path().join("key"), format!("{}\n", "11".repeat(32))).unwrap();
    let owner =
        ["wallet", "add", "--key-file", "key", "--role", "activator", "--permission-id", "0"];
    let warning =
        "Warning: this key holds the owner permission. If it leaks, the wallet is lost.\n";
    let activator = "<ADDRESS> added as activator; <ADDRESS> signs for it\n";
    desk.ok(&owner, activator, warning);
    let again = desk.run(&owner);
    assert_eq!((again.out.as_str(), again.code), ("", 1));
    assert!(again.err.contains("exists already and is never overwritten"), "{}", again.err);
    let address = key.address().to_string();
    desk.ok(&["wallet", "disable", &address], "<ADDRESS> is disabled\n", "");
    let listed = desk.run(&["wallet", "list"]);
    assert_eq!((listed.err.as_str(), listed.code), ("", 0));
    let rows: Vec<Vec<&str>> =
        listed.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1][1..4], ["address", "role", "free"]);
    let mut wallets = [rows[3].clone(), rows[4].clone()];
    wallets.sort_by_key(|row| std::cmp::Reverse(row[2]));
    assert_eq!(wallets[0], ["│", "<ADDRESS>", "lender", "0", "0", "0", "0", "0", "│"]);
    let disabled = ["│", "<ADDRESS>", "activator", "0", "0", "0", "0", "0", "disabled", "│"];
    assert_eq!(wallets[1], disabled);
    let file = desk.path().join("wallets").join(format!("{address}.json"));
    assert!(!std::fs::read_to_string(file).unwrap().contains(&"11".repeat(32)));
}

/// An address that is taken is named, and nothing of what was started before goes on.
#[test]
fn servers_end_when_their_address_is_taken() {
    let desk = Desk::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let config = format!("{CONFIG}[server]\nlisten = \"{address}\"\n");
    std::fs::write(desk.path().join("sunsweep.toml"), config).unwrap();
    let serve: &[&str] = &["serve"];
    let dev: &[&str] = &["dev", "--data", "world", "--listen", &address];
    let node: &[&str] = &["dev", "--data", "world", "--node-listen", &address];
    let chain: &[&str] = &["devnet", "--listen", &address];
    for arguments in [serve, dev, node, chain] {
        let said = desk.run(arguments);
        let reason = format!("cannot listen on {address}: Address already in use");
        assert!(said.err.contains(&reason), "{arguments:?}: {}", said.err);
        assert_eq!((said.out.as_str(), said.code), ("", 1), "{arguments:?}");
    }
}

#[test]
fn audit_says_how_it_ended_by_its_exit_code() {
    let desk = Desk::new();
    desk.ok(&["merchant", "add", "Shop"], "1\n", "");
    let credit = ["merchant", "credit", "1", "5", "--reason", "x", "--yes"];
    assert_eq!(desk.run(&credit).code, 0);
    let clean = "4 ledger accounts, 1 ledger transactions, 0 orders: clean\n";
    desk.ok(&["audit", "--offline"], clean, "");
    let found: Value = serde_json::from_str(&desk.raw(&["audit", "--offline", "--json"])).unwrap();
    let expected = json!({
        "clean": true, "accounts": 4, "ledger_txs": 1, "orders": 0, "differences": [],
    });
    assert_eq!(found, expected);
    // With a wallet, the chain is asked too: a node that does not answer is a failure, not a finding.
    assert_eq!(desk.run(&["wallet", "add", "--generate"]).code, 0);
    let failed = desk.run(&["audit"]);
    assert_eq!((failed.out.as_str(), failed.code), ("", 1));
    assert!(failed.err.starts_with("sunsweep: the chain could not be read"), "{}", failed.err);
    desk.ok(&["audit", "--offline"], clean, "");
}

/// Once the server has run, nobody else knows where the copy ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_block_that_a_copy_had_watched_is_named() {
    let chain = Devnet::new(DevnetConfig::default()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let desk = Desk::with_node(&format!("http://{}", listener.local_addr().unwrap()));
    let stop = CancellationToken::new();
    let node = devnet::serve(listener, chain.clone(), stop.clone().cancelled_owned());
    let node = tokio::spawn(node);
    chain.mine(50);
    chain.solidify();
    assert_eq!(desk.run(&["merchant", "add", "Shop"]).code, 0);
    let backup = desk.run(&["backup", "--to", "first"]);
    assert!(backup.out.contains(", no block watched, every page checked"), "{}", backup.out);
    let looked = desk.run(&["audit", "--reconcile"]);
    assert!(looked.out.starts_with("the database has watched no block\n"), "{}", looked.out);
    {
        let path = desk.path().join("data/rows.sqlite");
        let store = SqlStore::open(&path, store::Options::default()).unwrap();
        let (now, until) = (UnixMillis(1), UnixMillis(2));
        let turn = store.take_turn("a test", now, until).await.unwrap().unwrap();
        let block = WatchedBlock { number: 20, id: [7; 32] };
        store.set_watched(block, turn).await.unwrap();
    }
    let looked = desk.run(&["audit", "--reconcile"]);
    let expected = "the database has watched up to block 20\nblocks 21 to ";
    assert!(looked.out.starts_with(expected), "{}", looked.out);
    let found: Value =
        serde_json::from_str(&desk.raw(&["audit", "--reconcile", "--json"])).unwrap();
    assert_eq!((&found["watched_block"], &found["first_block"]), (&json!(20), &json!(21)));

    let words = ", watched up to block 20, every page checked\n";
    assert!(desk.run(&["backup", "--to", "copy"]).out.ends_with(words));
    assert!(desk.run(&["restore", "--from", "copy"]).out.ends_with(words));
    let restored = desk.run(&["restore", "--from", "copy", "--yes"]);
    assert!(restored.out.contains(words), "{}", restored.out);
    assert!(restored.err.ends_with("the same needs --from-block 21.\n"), "{}", restored.err);
    let told: Value =
        serde_json::from_str(&desk.raw(&["backup", "--to", "second", "--json"])).unwrap();
    assert_eq!(told["watched_block"], 20);
    stop.cancel();
    node.await.unwrap();
}

/// Stake that a wallet lends on chain and no row knows of: the exit code of a finding is 3.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn audit_finds_what_the_chain_lends_and_no_row_knows() {
    let chain = Devnet::new(DevnetConfig::default()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let desk = Desk::with_node(&format!("http://{}", listener.local_addr().unwrap()));
    let stop = CancellationToken::new();
    let node = devnet::serve(listener, chain.clone(), stop.clone().cancelled_owned());
    let node = tokio::spawn(node);
    std::fs::write(desk.path().join("key"), "11".repeat(32)).unwrap();
    let wallet = SecretKey::from_hex(&"11".repeat(32)).unwrap().address();
    let stranger = SecretKey::from_hex(&"22".repeat(32)).unwrap().address();
    assert_eq!(desk.run(&["wallet", "add", "--key-file", "key"]).code, 0);
    chain.set_stake(wallet, Resource::Energy, Sun::from_trx(1_000));
    assert_eq!(desk.run(&["audit"]).code, 0);
    let lend = json!({"from": wallet, "to": stranger, "resource": "ENERGY", "sun": 500_000_000});
    chain.control("delegate", &lend).unwrap();
    chain.mine(1);
    let found = desk.run(&["audit"]);
    let expected = "\
wallet <ADDRESS> lends <ADDRESS> 500000000 sun of ENERGY stake on chain; the rows say 0 sun and 0 sun in doubt
2 ledger accounts, 0 ledger transactions, 0 orders: 1 difference
";
    assert_eq!(found, Said { out: expected.to_owned(), err: String::new(), code: 3 });
    stop.cancel();
    node.await.unwrap();
}

#[test]
fn policies_are_listed_and_one_that_is_not_there_is_not_stopped() {
    let desk = Desk::new();
    desk.run(&["migrate"]);
    desk.ok(&["policy", "list", "--json"], "[]\n", "");
    desk.ok(&["policy", "list", "--json", "--kind", "auto", "--state", "paused"], "[]\n", "");
    desk.fails(&["policy", "show", "9"], "there is no policy 9");
    desk.fails(&["policy", "stop", "9"], "there is no policy 9");
}
