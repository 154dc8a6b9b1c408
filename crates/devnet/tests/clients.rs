//! Real wallets against the devnet: TronWeb and tronpy, as they are published.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use devnet::{Devnet, DevnetConfig, serve};
use tokio::net::TcpListener;

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn present(path: &Path) {
    assert!(
        path.exists(),
        "{} is missing: run ci/check.sh once, it installs what this test needs",
        path.display()
    );
}

/// Runs a wallet's script against a fresh devnet on a free port of this machine.
///
/// Wallets read the machine's clock, so the manual clock starts there.
async fn run(mut command: Command) -> Output {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let start_time_ms = i64::try_from(now).unwrap();
    let devnet = Devnet::new(DevnetConfig { start_time_ms, ..DevnetConfig::default() }).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, devnet, async {
        stopped.await.unwrap();
    }));
    let output = tokio::task::spawn_blocking(move || command.arg(url).output().unwrap());
    let output = output.await.unwrap();
    stop.send(()).unwrap();
    server.await.unwrap();
    output
}

fn check(output: &Output, word: &str) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success() && text(&output.stdout).contains(word),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tronweb_makes_the_whole_journey() {
    let modules = root().join(".cache/tronweb/node_modules");
    present(&modules.join("tronweb"));
    let mut command = Command::new("node");
    command
        .env("NODE_PATH", modules)
        .arg(root().join("crates/devnet/tests/clients/tronweb/run.cjs"));
    check(&run(command).await, "tronweb ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tronpy_makes_the_whole_journey() {
    let python = root().join(".cache/venv/bin/python");
    present(&python);
    let mut command = Command::new(python);
    command.arg(root().join("crates/devnet/tests/clients/tronpy/run.py"));
    check(&run(command).await, "tronpy ok");
}
