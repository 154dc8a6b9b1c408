//! `sunsweep sweep` as a merchant runs it, in processes of its own against a running world: the split
//! over two machines, reports, TRX leftovers, and watch mode.

#![expect(clippy::unwrap_used, reason = "a helper of a test stops at the first surprise")]

mod nodes;
mod taken_up;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_sunsweep");

/// A devnet with the server, and a merchant's directory.
struct Shop {
    dev: Child,
    directory: TempDir,
    facts: Value,
}

impl Shop {
    fn open(addresses: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (dev, facts) = start_dev(directory.path(), addresses, "127.0.0.1:0", "127.0.0.1:0");
        let shop = Self { dev, directory, facts };
        std::fs::write(shop.path("secret"), shop.fact("api_secret")).unwrap();
        let rows = shop.payments().iter().map(|payment| {
            format!("{},{}\n", text(payment, "address"), text(payment, "private_key"))
        });
        let csv = ["address,private_key\n".to_owned()].into_iter().chain(rows);
        std::fs::write(shop.path("keys.csv"), csv.collect::<String>()).unwrap();
        let list = shop.payments().iter().map(|payment| format!("{}\n", text(payment, "address")));
        std::fs::write(shop.path("addresses"), list.collect::<String>()).unwrap();
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn fact(&self, name: &str) -> &str {
        text(&self.facts, name)
    }

    fn payments(&self) -> &[Value] {
        self.facts["payment_addresses"].as_array().unwrap()
    }

    fn tokens_of_all(&self) -> u64 {
        self.payments().iter().map(|payment| text(payment, "usdt").parse::<u64>().unwrap()).sum()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .current_dir(self.directory.path())
            .env_clear()
            .args(["sweep"])
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Where the server and its secret are.
    fn api(&self) -> [String; 6] {
        [
            "--api",
            self.fact("api_url"),
            "--api-key",
            self.fact("api_key"),
            "--api-secret-file",
            "secret",
        ]
        .map(str::to_owned)
    }

    fn online(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.args(["--node", self.fact("node_url")]).args(self.api());
        command
    }

    fn run(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.current_dir(self.directory.path()).env_clear().stdin(Stdio::null());
        command
            .args(["sweep", "--keys", "keys.csv", "--token", self.fact("usdt_contract")])
            .args(["--to", self.fact("recipient_with_usdt"), "--node", self.fact("node_url")])
            .args(self.api())
            .args(arguments);
        command
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/{path}", self.fact("node_url"));
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--data", &body.to_string(), &url])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn tokens(&self, address: &str) -> u64 {
        let word = &hex_of(address)[2..];
        let answer = self.post(
            "wallet/triggerconstantcontract",
            &json!({
                "owner_address": address, "contract_address": self.fact("usdt_contract"),
                "function_selector": "balanceOf(address)", "parameter": format!("{word:0>64}"),
                "visible": true,
            }),
        );
        u64::from_str_radix(answer["constant_result"][0].as_str().unwrap(), 16).unwrap()
    }

    fn trx(&self, address: &str) -> i64 {
        let account = self.post("wallet/getaccount", &json!({"address": address, "visible": true}));
        account["balance"].as_i64().unwrap_or(0)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        end(&mut self.dev);
    }
}

/// Ends a process that a test started.
fn end(child: &mut Child) {
    let _gone_already = child.kill();
    let _gone_already = child.wait();
}

fn start_dev(directory: &Path, addresses: usize, api: &str, node: &str) -> (Child, Value) {
    let mut dev = Command::new(BINARY)
        .args(["dev", "--json", "--listen", api, "--node-listen", node])
        .args(["--block-time-ms", "500", "--addresses", &addresses.to_string()])
        .arg("--data")
        .arg(directory.join("world"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(dev.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let facts = serde_json::from_str(&line).unwrap();
    (dev, facts)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

fn hex_of(address: &str) -> String {
    address.parse::<tron::Address>().unwrap().to_hex()
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// What a command that succeeded printed as its last line.
fn answer(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    let (out, err) = said(&output);
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    serde_json::from_str(out.lines().last().unwrap()).unwrap()
}

/// What a command that failed said.
fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = said(&output);
    assert!(!output.status.success(), "{command:?}\n{out}\n{err}");
    err
}

#[test]
fn a_plan_is_signed_without_a_network_and_sent_from_elsewhere() {
    let shop = Shop::open(8);
    let (to, token) = (shop.fact("recipient_with_usdt"), shop.fact("usdt_contract"));
    let before = shop.tokens(to);
    // The first machine knows addresses only.
    let watching = ["--keys", "addresses", "--to", to, "--token", token];
    let plan = |out: &str| {
        let mut command = shop.command(&["plan", "--out", out, "--json"]);
        command.args(watching).args(["--node", shop.fact("node_url")]);
        command
    };
    let planned = answer(&mut plan("plan.json"));
    assert_eq!(
        (planned["transfers"].as_u64(), planned["is_signed"].as_bool()),
        (Some(8), Some(false))
    );
    assert!(refusal(&mut plan("plan.json")).contains("is there already"));

    // The second has keys and no network: its command line has no way to name a node or a server.
    let sign = |plan: &str, to: &str, out: &str| {
        let mut command = shop.command(&["sign", plan, "--keys", "keys.csv", "--to", to]);
        command.args(["--token", token, "--out", out, "--yes", "--json"]);
        command
    };
    let stranger = shop.fact("recipient_without_usdt");
    let told = refusal(&mut sign("plan.json", stranger, "signed.json"));
    assert!(told.contains(&format!("it sends to {to}")), "{told}");
    let file = std::fs::read_to_string(shop.path("plan.json")).unwrap();
    std::fs::write(shop.path("changed.json"), file.replacen("\"units\": \"", "\"units\": \"1", 1))
        .unwrap();
    assert!(refusal(&mut sign("changed.json", to, "signed.json")).contains("changed or damaged"));
    assert!(!shop.path("signed.json").exists());
    let signed = answer(&mut sign("plan.json", to, "signed.json"));
    assert_eq!(signed["is_signed"], true);

    // The first machine again: unsigned is refused, signed is sent, twice is once.
    let send = |file: &str| {
        let mut command = shop.online(&["send", file, "--to", to, "--json"]);
        command.args(["--journal", "journal", "--poll-ms", "100", "--report", "report"]);
        command
    };
    assert!(refusal(&mut send("plan.json")).contains("it is not signed"));
    let sent = answer(&mut send("signed.json"));
    assert_eq!(
        (sent["swept"].as_u64(), sent["burned_for_energy_sun"].as_i64()),
        (Some(8), Some(0))
    );
    assert_eq!(sent["moved"].as_u64(), Some(shop.tokens_of_all()));
    assert_eq!(shop.tokens(to) - before, shop.tokens_of_all());
    let file: Value =
        serde_json::from_slice(&std::fs::read(shop.path("signed.json")).unwrap()).unwrap();
    let mut planned: Vec<_> =
        file["transfers"].as_array().unwrap().iter().map(|one| text(one, "txid")).collect();
    let mut sent_txids: Vec<_> =
        sent["results"].as_array().unwrap().iter().map(|one| text(one, "txid")).collect();
    planned.sort_unstable();
    sent_txids.sort_unstable();
    assert_eq!(planned, sent_txids, "what was signed is what was sent");
    let again = answer(&mut send("signed.json"));
    assert_eq!(
        (again["run"].as_str(), again["charged_sun"].as_i64()),
        (sent["run"].as_str(), sent["charged_sun"].as_i64())
    );
    assert_eq!(shop.tokens(to) - before, shop.tokens_of_all());
}

#[test]
fn a_plan_says_what_each_order_is_charged() {
    let shop = Shop::open(5);
    let planned = answer(&mut shop.run(&["--dry-run", "--json"]));
    let rows = planned["plan"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["missing_activation"] == true));
    assert!(rows.iter().any(|row| row["missing_bandwidth"].as_i64() > Some(0)));
    let swept =
        answer(&mut shop.run(&["--yes", "--json", "--poll-ms", "100", "--journal", "journal"]));
    for result in swept["results"].as_array().unwrap() {
        let row = rows.iter().find(|row| row["address"] == result["address"]).unwrap();
        assert_eq!(row["order_cost_sun"], result["charged_sun"], "{row}");
    }
    assert_eq!(swept["swept"], 5);
}

#[test]
fn leftovers_follow_the_tokens_and_the_report_adds_up_to_the_chain() {
    let shop = Shop::open(6);
    let to = shop.fact("recipient_with_usdt");
    let rich = text(&shop.payments()[0], "address");
    let poor = text(&shop.payments()[4], "address");
    for (address, sun) in [(rich, 7_000_000), (poor, 900_000), (to, 1)] {
        shop.post("devnet/faucet", &json!({"address": address, "sun": sun}));
    }
    let (tokens_before, trx_before) = (shop.tokens(to), shop.trx(to));
    let arguments = [
        "--yes",
        "--json",
        "--trx",
        "--poll-ms",
        "100",
        "--journal",
        "journal",
        "--report",
        "report",
    ];
    let swept = answer(&mut shop.run(&arguments));
    assert_eq!((swept["swept"].as_u64(), swept["failed"].as_u64()), (Some(6), Some(0)));
    assert_eq!(shop.tokens(to) - tokens_before, shop.tokens_of_all());
    let leftovers: Vec<&Value> =
        swept["results"].as_array().unwrap().iter().filter(|one| one["asset"] == "trx").collect();
    assert_eq!(leftovers.len(), 1, "one address had more than the minimum");
    let moved = leftovers[0]["moved"].as_i64().unwrap();
    assert_eq!((text(leftovers[0], "address"), shop.trx(rich)), (rich, 0), "to the last sun");
    assert_eq!(shop.trx(to) - trx_before, moved);
    assert_eq!(moved + leftovers[0]["burned_sun"].as_i64().unwrap(), 7_000_000);
    assert_eq!(shop.trx(poor), 900_000, "not worth it");

    let report: Value =
        serde_json::from_slice(&std::fs::read(shop.path("report/report.json")).unwrap()).unwrap();
    assert_eq!(report["moved"], swept["moved"]);
    assert_eq!(report["trx_moved_sun"].as_i64(), Some(moved));
    assert!(report["ended_ms"].as_i64() > report["started_ms"].as_i64());
    let hours = report["by_hour"].as_array().unwrap();
    let sum = |name: &str| hours.iter().map(|hour| hour[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!(
        (Some(sum("moved")), Some(sum("charged_sun"))),
        (swept["moved"].as_u64(), swept["charged_sun"].as_u64())
    );
    let csv = std::fs::read_to_string(shop.path("report/report.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 7, "a row for each address and asset");
    let page = std::fs::read_to_string(shop.path("report/report.html")).unwrap();
    assert!(page.contains("Swept 6 of 6 addresses") && page.contains("<svg role=\"img\""));
    for outside in ["<script", "http://", "https://", "url(", "@import"] {
        assert!(!page.contains(outside), "the page asks for {outside}");
    }
    // The same again from the journal alone.
    let again = shop.command(&["report", "again", "--journal", "journal"]).output().unwrap();
    assert!(again.status.success(), "{again:?}");
    assert_eq!(std::fs::read(shop.path("again/report.html")).unwrap(), page.into_bytes());
}

#[test]
fn trx_of_addresses_without_tokens_is_collected_and_other_journals_are_respected() {
    let shop = Shop::open(2);
    let to = shop.fact("recipient_with_usdt");
    let key = tron::SecretKey::from_bytes(&[7; 32]).unwrap();
    let alone = key.address().to_string();
    let mut keys = std::fs::read_to_string(shop.path("keys.csv")).unwrap();
    keys.push_str(&format!("{alone},{}\n", "07".repeat(32)));
    std::fs::write(shop.path("keys.csv"), keys).unwrap();
    for (address, sun) in [(alone.as_str(), 4_000_000), (to, 1)] {
        shop.post("devnet/faucet", &json!({"address": address, "sun": sun}));
    }
    let looked = answer(&mut shop.run(&["--dry-run", "--json", "--trx"]));
    assert_eq!(looked["plan_trx"][0]["address"], alone.as_str());
    assert_eq!(looked["plan_trx"][0]["trx_sun"], 4_000_000);

    let before = shop.trx(to);
    let arguments = ["--yes", "--json", "--trx", "--poll-ms", "100", "--journal", "journal"];
    let swept = answer(&mut shop.run(&arguments));
    assert_eq!((swept["swept"].as_u64(), swept["failed"].as_u64()), (Some(2), Some(0)));
    assert_eq!(swept["trx_moved_sun"], 4_000_000);
    assert_eq!((shop.trx(&alone), shop.trx(to) - before), (0, 4_000_000));

    // A run of one journal is open; another journal leaves its address alone.
    let first = text(&shop.payments()[0], "address");
    shop.post("devnet/mint", &json!({"address": first, "units": 40_000_000}));
    let unreachable = ["--api", "http://127.0.0.1:9", "--patience-secs", "0"];
    let mut parked = shop.command(&["--keys", "keys.csv", "--to", to, "--yes", "--json"]);
    parked.args(["--token", shop.fact("usdt_contract"), "--node", shop.fact("node_url")]);
    parked.args(["--api-key", "K", "--api-secret-file", "secret", "--journal", "parked"]);
    let output = parked.args(unreachable).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output).1);
    let left = answer(&mut shop.run(&["--yes", "--json", "--journal", "journal"]));
    assert_eq!((left["swept"].as_u64(), left["skipped"].as_u64()), (Some(0), Some(1)));
    assert_eq!(left["results"][0]["reason"], "in_another_run");
    assert!(text(&left["results"][0], "reason_text").contains("parked"));
}

/// A watch that runs, and what it says.
struct Watch {
    child: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
}

impl Watch {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    /// Reads what it says until a line holds this.
    fn until(&mut self, wanted: &str) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.err.read_line(&mut line).unwrap(), 0, "it ended: {all}");
            all.push_str(&line);
            if line.contains(wanted) {
                return line;
            }
        }
    }

    /// The next run that it tells of.
    fn run(&mut self) -> Value {
        let mut line = String::new();
        if self.out.read_line(&mut line).unwrap() == 0 {
            let mut rest = String::new();
            self.err.read_to_string(&mut rest).unwrap();
            panic!("it ended: {rest}");
        }
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn metric(url: &str, name: &str) -> u64 {
    let output = Command::new("curl").args(["--silent", "--fail", url]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn a_watch_sweeps_what_comes_in_survives_an_outage_and_stops_when_told() {
    let mut shop = Shop::open(5);
    let to = shop.fact("recipient_with_usdt").to_owned();
    let address = text(&shop.payments()[0], "address").to_owned();
    let before = shop.tokens(&to);
    let token = shop.fact("usdt_contract").to_owned();
    let mut command = shop.online(&["watch", "--keys", "keys.csv", "--to", &to, "--token", &token]);
    command.args(["--every", "1s", "--metrics", "127.0.0.1:0", "--journal", "journal"]);
    command.args(["--poll-ms", "100", "--json", "--log", "warn", "--min", "2"]);
    let mut watch = Watch::start(command);
    let line = watch.until("metrics are at ");
    let metrics = line.trim().rsplit(' ').next().unwrap().to_owned();
    // Its memory goes nowhere when it crashes.
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", watch.child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    let first = watch.run();
    assert_eq!(
        (first["swept"].as_u64(), first["moved"].as_u64()),
        (Some(5), Some(shop.tokens_of_all()))
    );
    assert_eq!(metric(&metrics, "sunsweep_sweep_swept_addresses_total"), 5);
    assert_eq!(metric(&metrics, "sunsweep_sweep_moved_units_total"), shop.tokens_of_all());

    // A deposit below the threshold stays, a further one makes it due.
    shop.post("devnet/mint", &json!({"address": address, "units": 1_500_000}));
    shop.post("devnet/mint", &json!({"address": address, "units": 1_000_000}));
    let second = watch.run();
    let results = second["results"].as_array().unwrap();
    assert_eq!((results.len(), second["moved"].as_u64()), (1, Some(2_500_000)));

    // Server and node go away and come back at the same addresses.
    let (api, node) = (shop.fact("api_url").to_owned(), shop.fact("node_url").to_owned());
    end(&mut shop.dev);
    watch.until("this look came to nothing");
    let host = |url: &str| url.trim_start_matches("http://").to_owned();
    let (dev, facts) = start_dev(shop.directory.path(), 5, &host(&api), &host(&node));
    shop.dev = dev;
    shop.facts = facts;
    shop.post("devnet/mint", &json!({"address": address, "units": 3_000_000}));
    let third = watch.run();
    assert_eq!((third["swept"].as_u64(), third["moved"].as_u64()), (Some(1), Some(3_000_000)));
    assert!(metric(&metrics, "sunsweep_sweep_failed_looks_total") > 0);
    assert_eq!(shop.tokens(&to) - before, shop.tokens_of_all() + 5_500_000);

    let pid = watch.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(
        watch.child.wait().unwrap().success(),
        "it stops when told and says so by its exit code"
    );
}

#[test]
fn a_key_never_shows() {
    let shop = Shop::open(1);
    let key = text(&shop.payments()[0], "private_key").to_owned();
    std::fs::write(shop.path("bad.csv"), format!("address,private_key\nTnobody,{key}\n")).unwrap();
    let mut bad = shop.online(&["--keys", "bad.csv", "--to", shop.fact("recipient_with_usdt")]);
    let told = refusal(&mut bad);
    assert!(told.contains("line 2: not a base58check address") && !told.contains(&key), "{told}");
    let output = shop.run(&["--dry-run", "--json", "--log", "trace"]).output().unwrap();
    let (out, err) = said(&output);
    assert!(output.status.success(), "{err}");
    assert!(!out.contains(&key) && !err.contains(&key));
}
