//! `sunsweep audit --reconcile`: what the chain shows and the rows do not know, and putting it right.

use app::administer::DepositKeys;
use app::reconcile::{Deed, Findings, Stranded, UnknownDeposit, UnknownTx, reconcile};
use serde_json::{Value, json};
use tron::{Resource, Sun};

use crate::boot::Offline;
use crate::command::output::{Failure, print, say};
use crate::put_right::{deed, loan, post_entries, take_all_back};

/// Blocks between two lines about how far it is.
const BLOCKS_A_LINE: i64 = 1_000;

/// What is done about the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Apply {
    /// Take back stake that no order counts on.
    TakeBacks,
    /// Post the entries of those whose merchant is known.
    Entries,
}

/// Finds, shows, and does what was asked for.
pub(super) fn run(
    offline: &Offline,
    blocks: Option<(i64, i64)>,
    apply: &[Apply],
    is_json: bool,
) -> Result<(), Failure> {
    let node = offline.node()?;
    let (prices, keys) = (offline.configured_prices(), offline.deposit_keys()?);
    let keys = keys.as_ref().map(|keys| keys as &dyn DepositKeys);
    let progress = |read: i64, last: i64| {
        if read % BLOCKS_A_LINE == 0 {
            say(&format!("block {read} of {last}"));
        }
    };
    let watched = offline.wait(offline.database.watched())?.map(|block| block.number);
    let mut found =
        offline.wait(reconcile(&*offline.database, &*node, keys, &prices, blocks, &progress))?;
    if !is_json {
        show(&found, watched);
    }
    let mut failures = Vec::new();
    if apply.contains(&Apply::Entries) {
        failures.extend(offline.wait(post_entries(&offline.administrator(), &mut found)));
    }
    if apply.contains(&Apply::TakeBacks) && !found.stranded.is_empty() {
        let signer = offline.signer()?;
        let ports = (&*offline.database, &*node, &*signer);
        let administrator = || offline.administrator();
        failures.extend(offline.wait(take_all_back(ports, &administrator, &mut found)));
    }
    let failures: Vec<String> = failures.iter().map(ToString::to_string).collect();
    for failure in &failures {
        say(failure);
    }
    if is_json {
        print(&to_json(&found, watched, &failures).to_string());
    } else if !apply.is_empty() {
        print(&format!("left: {}", counted(&found)));
    }
    if found.is_clean() { Ok(()) } else { Err(Failure::Found) }
}

fn show(found: &Findings, watched: Option<i64>) {
    match watched {
        Some(number) => print(&format!("the database has watched up to block {number}")),
        None => print("the database has watched no block"),
    }
    match found.blocks {
        Some((first, last)) => print(&format!("blocks {first} to {last}")),
        None => print("no blocks after the ones that the database has watched"),
    }
    for tx in &found.txs {
        let whose = tx.merchant.map_or_else(
            || "merchant not known".to_owned(),
            |merchant| format!("merchant {}", merchant.0),
        );
        let entry = match (tx.charge, tx.is_posted) {
            (Sun::ZERO, _) => "no charge".to_owned(),
            (charge, true) => format!("{} TRX are posted", charge.to_trx_string()),
            (charge, false) => format!("propose to debit {} TRX, {whose}", charge.to_trx_string()),
        };
        let what = deed(tx.deed);
        print(&format!(
            "{} block {}: {} {what} for {}; {entry}",
            tx.txid, tx.block, tx.wallet, tx.receiver
        ));
    }
    for one in &found.deposits {
        let (whose, entry) = match (one.merchant, one.is_ahead_of_scan) {
            (Some(merchant), true) => {
                (format!("merchant {}", merchant.0), "the scan credits it once the server runs")
            }
            (Some(merchant), false) => (
                format!("merchant {}", merchant.0),
                "propose to credit it by hand: the scan is past it",
            ),
            (None, _) => (
                "a merchant that is not known".to_owned(),
                "find out whose it is, and credit it by hand",
            ),
        };
        print(&format!(
            "{} block {}: {} TRX to {}, number {}, of {whose}; {entry}",
            one.txid,
            one.block,
            one.amount.to_trx_string(),
            one.address,
            one.number
        ));
    }
    for one in &found.stranded {
        print(&format!("{}; propose to take it back", loan(one)));
    }
    print(&counted(found));
}

fn counted(found: &Findings) -> String {
    let open = found.txs.iter().filter(|tx| !tx.is_posted && tx.charge > Sun::ZERO).count();
    format!(
        "{} transactions that no row knows, {open} entries to post, {} deposits, {} loans to take back",
        found.txs.len(),
        found.deposits.len(),
        found.stranded.len()
    )
}

fn to_json(found: &Findings, watched: Option<i64>, failures: &[String]) -> Value {
    json!({
        "clean": found.is_clean(),
        "watched_block": watched,
        "first_block": found.blocks.map(|blocks| blocks.0),
        "last_block": found.blocks.map(|blocks| blocks.1),
        "transactions": found.txs.iter().map(tx_json).collect::<Vec<_>>(),
        "deposits": found.deposits.iter().map(deposit_json).collect::<Vec<_>>(),
        "take_backs": found.stranded.iter().map(stranded_json).collect::<Vec<_>>(),
        "failures": failures,
    })
}

fn tx_json(tx: &UnknownTx) -> Value {
    let (what, resource, sun) = match tx.deed {
        Deed::Lent(resource, stake) => ("lent", Some(resource), Some(stake)),
        Deed::TookBack(resource, stake) => ("took_back", Some(resource), Some(stake)),
        Deed::Activated => ("activated", None, None),
        Deed::Sent(amount) => ("sent", None, Some(amount)),
    };
    json!({
        "txid": tx.txid.to_string(),
        "block": tx.block,
        "at_ms": tx.at.get(),
        "wallet": tx.wallet.to_string(),
        "receiver": tx.receiver.to_string(),
        "what": what,
        "resource": resource.map(Resource::name),
        "sun": sun.map(Sun::get),
        "merchant": tx.merchant.map(|merchant| merchant.0),
        "debit_sun": tx.charge.get(),
        "is_posted": tx.is_posted,
    })
}

fn deposit_json(one: &UnknownDeposit) -> Value {
    json!({
        "txid": one.txid.to_string(),
        "block": one.block,
        "merchant": one.merchant.map(|merchant| merchant.0),
        "number": one.number,
        "address": one.address.to_string(),
        "credit_sun": one.amount.get(),
        "is_ahead_of_scan": one.is_ahead_of_scan,
    })
}

fn stranded_json(one: &Stranded) -> Value {
    json!({
        "wallet": one.wallet.to_string(),
        "receiver": one.receiver.to_string(),
        "resource": one.resource.name(),
        "stake_sun": one.stake.get(),
    })
}
