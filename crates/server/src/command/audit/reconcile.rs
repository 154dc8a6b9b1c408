//! `sunsweep audit --reconcile`: what the chain shows and the rows do not know, and putting it right.

use std::time::Duration;

use app::administer::{AdminRefused, Posting, Side};
use app::ports::StoreError;
use app::reconcile::{Deed, Findings, Stranded, UnknownDeposit, UnknownTx, business, reconcile};
use app::take_back::{OnItsWay, TakeBackRefused, outcome, take_back};
use domain::MerchantId;
use serde_json::{Value, json};
use tron::{Resource, Sun};

use crate::boot::Offline;
use crate::command::output::{Failure, print, say};

/// Wait between two looks at a transaction.
const LOOK_EVERY: Duration = Duration::from_secs(1);
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
    let prices = offline.configured_prices();
    let progress = |read: i64, last: i64| {
        if read % BLOCKS_A_LINE == 0 {
            say(&format!("block {read} of {last}"));
        }
    };
    let mut found =
        offline.wait(reconcile(&*offline.database, &*node, &prices, blocks, &progress))?;
    if !is_json {
        show(&found);
    }
    let mut failures = Vec::new();
    if apply.contains(&Apply::Entries) {
        failures.extend(post(offline, &mut found));
    }
    if apply.contains(&Apply::TakeBacks) {
        failures.extend(take_all_back(offline, &mut found)?);
    }
    for failure in &failures {
        say(failure);
    }
    if is_json {
        print(&to_json(&found, &failures).to_string());
    } else if !apply.is_empty() {
        print(&format!("left: {}", counted(&found)));
    }
    if found.is_clean() { Ok(()) } else { Err(Failure::Found) }
}

/// Posts what is not posted; what could not be, in words.
fn post(offline: &Offline, found: &mut Findings) -> Vec<String> {
    let mut failures = Vec::new();
    for tx in found.txs.iter_mut().filter(|tx| !tx.is_posted && tx.charge > Sun::ZERO) {
        let Some(merchant) = tx.merchant else {
            failures.push(format!("{}: whose order it was is not known", tx.txid));
            continue;
        };
        match offline.wait(offline.administrator().post_money(posting(tx, merchant))) {
            // Another process was faster.
            Ok(_) | Err(AdminRefused::Store(StoreError::Conflict(_))) => tx.is_posted = true,
            Err(refused) => failures.push(format!("{}: {refused}", tx.txid)),
        }
    }
    failures
}

fn posting(tx: &UnknownTx, merchant: MerchantId) -> Posting {
    Posting {
        business: business(tx.txid),
        merchant,
        side: Side::Debit,
        amount: tx.charge,
        reason: format!("reconciled: {} for {} in {}", deed(tx.deed), tx.receiver, tx.txid),
        request: None,
    }
}

/// Takes everything back and waits until each is in a block; what could not be, in words.
fn take_all_back(offline: &Offline, found: &mut Findings) -> Result<Vec<String>, Failure> {
    if found.stranded.is_empty() {
        return Ok(Vec::new());
    }
    let signer = offline.signer()?;
    let node = offline.node()?;
    let mut failures = Vec::new();
    found.stranded.retain(|one| {
        let administrator = offline.administrator();
        let ports = (&*offline.database, &*node, &*signer);
        let taken = offline.wait(async {
            let sent = take_back(ports, &administrator, one).await?;
            follow(&*node, sent).await
        });
        match taken {
            Ok(true) | Err(TakeBackRefused::Nothing) => false,
            Ok(false) => {
                failures.push(format!("{}: no block took it; try again", of(one)));
                true
            }
            Err(refused) => {
                failures.push(format!("{}: {refused}", of(one)));
                true
            }
        }
    });
    Ok(failures)
}

/// Whether a block holds it in the end.
async fn follow(node: &dyn node::TronNode, sent: OnItsWay) -> Result<bool, TakeBackRefused> {
    loop {
        if let Some(is_done) = outcome(node, sent.txid, sent.expiration).await? {
            return Ok(is_done);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn show(found: &Findings) {
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
        let entry = match one.is_ahead_of_scan {
            true => "the scan credits it once the server runs",
            false => "propose to credit it by hand: the scan is past it",
        };
        print(&format!(
            "{} block {}: {} TRX to {} of merchant {}; {entry}",
            one.txid,
            one.block,
            one.amount.to_trx_string(),
            one.address,
            one.merchant.0
        ));
    }
    for one in &found.stranded {
        print(&format!("{}; propose to take it back", of(one)));
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

fn deed(deed: Deed) -> String {
    match deed {
        Deed::Lent(resource, stake) => format!("lent {}", stake_of(resource, stake)),
        Deed::TookBack(resource, stake) => format!("took back {}", stake_of(resource, stake)),
        Deed::Activated => "activated".to_owned(),
        Deed::Sent(amount) => format!("sent {} TRX", amount.to_trx_string()),
    }
}

fn stake_of(resource: Resource, stake: Sun) -> String {
    format!("{} TRX of {} stake", stake.to_trx_string(), resource.name())
}

fn of(one: &Stranded) -> String {
    format!("{} lends {} {}", one.wallet, one.receiver, stake_of(one.resource, one.stake))
}

fn to_json(found: &Findings, failures: &[String]) -> Value {
    json!({
        "clean": found.is_clean(),
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
        "merchant": one.merchant.0,
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
