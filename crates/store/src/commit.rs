//! One unit of work inside a transaction: load, decide, write.

use app::rows::{Attention, Changes, Lease, Needs, OutboxKind, Rows};
use app::work::Work;
use domain::WholeOrder;

use crate::fault::Fault;
use crate::sql::Connection;
use crate::{
    admin, answer, batch, callback, deposit, key, ledger, merchant, order, outbox, policy, pool,
    price, transfer, watch,
};

/// Loads what a work needs, lets it decide, and writes its changes. A refusal writes nothing.
pub(crate) fn perform(connection: &Connection, work: &mut dyn Work) -> Result<(), Fault> {
    let lease = work.needs().lease;
    if let Some(lease) = &lease {
        outbox::check(connection, lease)?;
    }
    if let Some(lease) = &work.needs().policy_lease {
        policy::check(connection, *lease)?;
    }
    let rows = match connection.know(|known| known.rows(work.needs())) {
        Some(rows) => rows,
        None => load(connection, work.needs())?,
    };
    match work.decide(&rows) {
        Some(changes) => write(connection, &rows, &changes, lease),
        None => Ok(()),
    }
}

fn load(connection: &Connection, needs: &Needs) -> Result<Rows, Fault> {
    let mut rows = Rows::default();
    if let Some(id) = needs.merchant {
        rows.merchant = merchant::by_id(connection, id)?;
        rows.prices = price::for_merchant(connection, id)?;
    }
    if let Some((key, day)) = needs.spend {
        rows.spend = key::spend(connection, key, day)?;
    }
    if let Some(id) = needs.key {
        rows.key = key::by_id(connection, id)?;
    }
    if let Some((merchant, reference)) = needs.merchant.zip(needs.reference.as_deref()) {
        rows.by_reference = order::newest_by_reference(connection, merchant, reference)?;
    }
    if let Some(request) = &needs.answers {
        rows.answers = answer::stored(connection, request)?;
    }
    let found = match needs.order {
        Some(id) => order::whole_and_others(connection, id)?,
        None => None,
    };
    match (found, needs.receiver) {
        (Some((whole, others)), _) => (rows.whole, rows.others) = (Some(whole), others),
        (None, Some(receiver)) => rows.others = order::live_on(connection, receiver)?,
        (None, None) => {}
    }
    if let Some(id) = needs.transfer {
        rows.transfer = transfer::by_id(connection, id)?;
    }
    if let Some(receiver) = needs.activated {
        rows.is_activated = transfer::is_activated(connection, receiver)?;
    }
    if needs.outlays {
        rows.outlays = transfer::outlays(connection)?;
    }
    if needs.scanned {
        rows.scanned = deposit::scanned(connection)?;
    }
    if needs.told {
        rows.told = watch::told(connection)?;
    }
    if let Some(batch) = &needs.batch {
        rows.batch = batch::load(connection, batch)?;
    }
    if let Some(admin) = &needs.admin {
        rows.admin = admin::load(connection, admin)?;
    }
    if needs.pool {
        (rows.pool, _) = pool::all(connection)?;
    }
    if let Some(key) = needs.policy {
        rows.policy = policy::by_key(connection, key)?;
        if rows.policy.is_none() {
            rows.next_policy = Some(policy::next_id(connection)?);
        }
    }
    if let Some((id, txid)) = needs.counted {
        rows.counted = policy::counted(connection, id, txid)?;
    }
    Ok(rows)
}

/// Writes what was decided against these rows.
pub(crate) fn write(
    connection: &Connection,
    rows: &Rows,
    changes: &Changes,
    lease: Option<Lease>,
) -> Result<(), Fault> {
    if !is_followed(changes) {
        connection.forget_known();
    }
    if let Some(whole) = &changes.whole {
        write_whole(connection, rows, whole, changes.attention)?;
    }
    if let Some(new) = &changes.transfer {
        transfer::write(connection, rows.transfer.as_ref(), new)?;
    }
    if let Some(batch) = &changes.batch {
        batch::write(connection, batch, lease)?;
    }
    for new in &changes.deposits {
        deposit::insert(connection, new)?;
    }
    if let Some(block) = &changes.scanned {
        deposit::set_scanned(connection, block)?;
    }
    for tx in &changes.ledger {
        ledger::post(connection, tx)?;
    }
    for change in &changes.wallets {
        pool::change(connection, change)?;
    }
    if let Some((event, body)) = &changes.callback {
        let order = changes.whole.as_ref().map(|whole| &whole.order);
        callback::owe(connection, event, body, order)?;
    }
    if let Some(request) = &changes.forgotten {
        answer::forget(connection, request)?;
    }
    if let Some(answers) = &changes.answers {
        answer::remember(connection, answers)?;
    }
    if let Some(attempt) = &changes.attempt {
        callback::record(connection, attempt)?;
    }
    if let Some(admin) = &changes.admin {
        admin::write(connection, admin)?;
    }
    if let Some((order, attention)) = changes.attention {
        outbox::attend(connection, order, attention, lease)?;
    }
    if let Some((transfer, attention)) = changes.transfer_attention {
        let subject = (OutboxKind::Transfer, transfer.0);
        outbox::attend_subject(connection, subject, attention, lease)?;
    }
    for order in &changes.nudges {
        outbox::nudge(connection, *order)?;
    }
    write_policy(connection, rows, changes)
}

/// Whether what is known while works are done together follows all of these.
const fn is_followed(changes: &Changes) -> bool {
    // Without "..", so that whoever adds a change decides here.
    let Changes {
        whole: _,
        ledger: _,
        wallets: _,
        callback: _,
        answers: _,
        attention: _,
        nudges: _,
        attempt: _,
        policy_nudges: _,
        forgotten,
        policy,
        counted,
        uncounted,
        admin,
        batch,
        transfer,
        transfer_attention,
        deposits,
        scanned,
    } = changes;
    let moves_others = admin.is_some() || batch.is_some() || transfer.is_some();
    let is_about_deposits = !deposits.is_empty() || scanned.is_some();
    let is_about_policies = policy.is_some() || counted.is_some() || uncounted.is_some();
    !(moves_others || is_about_deposits || is_about_policies)
        && transfer_attention.is_none()
        && forgotten.is_none()
}

fn write_policy(connection: &Connection, rows: &Rows, changes: &Changes) -> Result<(), Fault> {
    if let Some(new) = &changes.policy {
        policy::put(connection, new)?;
        let refills = rows.policy.as_ref().map_or(0, |old| old.refills);
        if new.refills > refills {
            policy::insert_refill(connection, new)?;
        }
    }
    if let Some(counted) = &changes.counted {
        policy::count(connection, counted)?;
    }
    if let Some(counted) = &changes.uncounted {
        policy::uncount(connection, counted)?;
    }
    for (id, due) in &changes.policy_nudges {
        policy::nudge(connection, *id, *due)?;
    }
    Ok(())
}

/// A known order is compared with what was loaded; any other is new, and refused if it is not.
fn write_whole(
    connection: &Connection,
    rows: &Rows,
    whole: &WholeOrder,
    attention: Option<(domain::OrderId, Attention)>,
) -> Result<(), Fault> {
    match rows.whole.as_ref().filter(|old| old.order.id == whole.order.id) {
        Some(old) => {
            order::update(connection, old, whole)?;
            connection.note(|known| known.put(whole));
        }
        None => {
            // Known now, so that the index of live orders is written once.
            let is_live = matches!(attention, Some((id, Attention::At(_))) if id == whole.order.id);
            order::insert(connection, whole, is_live)?;
            connection.know(|known| {
                known.put(whole);
                known.set_live(whole.order.id, is_live)
            });
        }
    }
    Ok(())
}
