//! How long a sweep takes to find and to plan many addresses, and the memory that it needs: measured on
//! a process of its own, beside as many bare questions to the same node.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::Plan;
use super::figures::{Figures, Unit};
use super::load::{Pace, Requests, run};
use super::workload::address_of;
use crate::command::output::say;
use crate::world::World;

/// Questions under way at once, as many as a plan has.
const CONNECTIONS: usize = 64;
/// Longest time for all bare questions.
const PATIENCE: Duration = Duration::from_secs(300);
/// Wait between two looks at the memory of the process; its peak is kept by the system meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What one look at all addresses took.
struct Looked {
    discovered_ms: u64,
    planned_ms: u64,
    peak_kib: u64,
}

/// Measures discovery, planning and memory.
pub(super) async fn measure(
    plan: &Plan,
    directory: &Path,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let data = directory.join("sweeps");
    say(&format!("Looking at {} addresses as a sweep does.", plan.swept));
    let world = World::start(&super::options(&data, plan.swept)).await?;
    let (keys, secret) = write_keys(&world, &data)?;
    let questions = questions(&world)?;
    let node = address_of(&world.node_url)?;
    let (mut bare, mut discovered, mut planned, mut peak) = (vec![], vec![], vec![], vec![]);
    for _ in 0..plan.rounds {
        let pace = Pace::Closed(PATIENCE);
        let tally = run(node, questions.clone(), CONNECTIONS, pace).await?;
        ensure!(tally.answered == plan.swept, "not every question was answered");
        bare.push(u64::try_from(tally.took.as_millis())?.max(1));
        let looked = look(&world, &keys, &secret).await?;
        discovered.push(looked.discovered_ms.max(1));
        planned.push(looked.planned_ms.max(1));
        peak.push(looked.peak_kib);
    }
    world.stop().await?;
    let of_bare = bare.iter().zip(&planned).map(|(bare, planned)| bare * 100 / planned).collect();
    let count = u64::try_from(plan.swept)?;
    figures.add(("sweep_addresses", "addresses that a sweep looks at", Unit::Count), count, "");
    figures.add_rounds(
        ("sweep_bare_ms", "ceiling: one bare account read for each", Unit::Millis),
        bare,
        "",
    );
    figures.add_rounds(
        ("sweep_discover_ms", "finding what they hold", Unit::Millis),
        discovered,
        "at most 10 s",
    );
    figures.add_rounds(("sweep_plan_ms", "planning them", Unit::Millis), planned, "at most 5 s");
    figures.add_rounds(
        ("sweep_plan_of_bare_percent", "of the bare reads' speed", Unit::Percent),
        of_bare,
        "",
    );
    figures.add_rounds(
        ("sweep_peak_kib", "memory of the sweep at its peak", Unit::Kib),
        peak,
        "at most 200 MB",
    );
    Ok(())
}

/// One `sweep --dry-run` from its start to its end.
async fn look(world: &World, keys: &Path, secret: &Path) -> anyhow::Result<Looked> {
    let program: PathBuf = std::env::current_exe()?;
    let mut child = Command::new(program)
        .args(["sweep", "--dry-run", "--json"])
        .arg("--keys")
        .arg(keys)
        .args(["--to", &world.recipient_with_usdt.to_string()])
        .args(["--token", &world.usdt.to_string()])
        .args(["--node", &world.node_url, "--api", &world.api_url])
        .args(["--api-key", &world.shop.api_key, "--api-secret-file"])
        .arg(secret)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut out = child.stdout.take().context("the sweep has no standard output")?;
    let (mut text, mut peak_kib) = (Vec::new(), 0);
    {
        let reading = out.read_to_end(&mut text);
        tokio::pin!(reading);
        loop {
            peak_kib = peak(&child).unwrap_or(peak_kib);
            tokio::select! {
                read = &mut reading => {
                    read?;
                    break;
                }
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
    ensure!(child.wait().await?.success(), "the sweep failed");
    let told: Value = serde_json::from_slice(&text)?;
    let number = |name: &str| told[name].as_u64().with_context(|| format!("no {name}"));
    let found = told["results"].as_array().map_or(0, Vec::len);
    ensure!(found == world.payment_addresses.len(), "{found} addresses were found");
    Ok(Looked {
        discovered_ms: number("discovered_in_ms")?,
        planned_ms: number("planned_in_ms")?,
        peak_kib,
    })
}

/// The most memory that a process had in use so far, in KiB; `None` when it has ended.
fn peak(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()?)).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Files as a merchant has them: keys, and the API's secret.
fn write_keys(world: &World, data: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let (keys, secret) = (data.join("sweep-keys.csv"), data.join("sweep-secret"));
    let mut csv = String::from("address,private_key\n");
    for (index, payment) in world.payment_addresses.iter().enumerate() {
        csv.push_str(&format!("{},{}\n", payment.address, world.payment_key_hex(index)));
    }
    std::fs::write(&keys, csv)?;
    std::fs::write(&secret, &world.shop.api_secret)?;
    Ok((keys, secret))
}

/// One account read for each address, as bytes.
fn questions(world: &World) -> anyhow::Result<Requests> {
    let node = address_of(&world.node_url)?;
    let one = |address: tron::Address| {
        let body = json!({"address": address.to_hex()}).to_string();
        let length = body.len();
        format!(
            "POST /wallet/getaccount HTTP/1.1\r\nhost: {node}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    };
    Ok(Arc::new(world.payment_addresses.iter().map(|payment| one(payment.address)).collect()))
}
