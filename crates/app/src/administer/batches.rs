//! Batches: make one, and say what happens to it.

use domain::batch::{BATCH_NAME_CHARS_MAX, Batch, BatchEvent, NewRow, step};
use domain::{BatchId, MerchantId, UnixMillis};
use serde_json::json;

use super::{AdminRefused, Administrator, Scribe, text_within};
use crate::admin_rows::{AdminChanges, AdminNeeds};
use crate::batch_rows::{BatchChanges, BatchNeeds, RowsChange};
use crate::rows::{Attention, Changes, Needs, Rows};
use crate::work::commit;
use crate::{describe, describe_batch};

/// A batch to be made; its rows were read before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBatch {
    /// A fresh identity.
    pub id: BatchId,
    /// Who pays.
    pub merchant: MerchantId,
    /// The text of the key that its orders are placed with.
    pub key: String,
    /// Name, for people.
    pub name: String,
    /// At least one.
    pub rows: Vec<NewRow>,
}

/// What a person wants of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchAct {
    /// See what its rows would need and cost.
    DryRun,
    /// Let it begin.
    Start,
    /// Let no more rows start.
    Pause,
    /// Let it go on.
    Resume,
    /// Give up what has not started.
    Cancel,
    /// Let what failed wait again.
    Retry,
}

impl BatchAct {
    /// Every act.
    pub const ALL: [Self; 6] =
        [Self::DryRun, Self::Start, Self::Pause, Self::Resume, Self::Cancel, Self::Retry];

    /// Its word in paths and in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DryRun => "dry-run",
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }

    /// The act of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.name() == word)
    }

    const fn event(self, failures: u32) -> BatchEvent {
        match self {
            Self::DryRun => BatchEvent::DryRunAsked,
            Self::Start => BatchEvent::Started,
            Self::Pause => BatchEvent::Paused,
            Self::Resume => BatchEvent::Resumed,
            Self::Cancel => BatchEvent::Cancelled,
            Self::Retry => BatchEvent::Retried { rows: failures },
        }
    }

    const fn rows(self) -> Option<RowsChange> {
        match self {
            Self::Cancel => Some(RowsChange::CancelWaiting),
            Self::Retry => Some(RowsChange::RetryFailures),
            Self::DryRun | Self::Start | Self::Pause | Self::Resume => None,
        }
    }
}

impl Administrator {
    /// Makes a draft; nothing is ordered by it.
    ///
    /// Errors: [`AdminRefused::Name`], [`AdminRefused::NoMerchant`], [`AdminRefused::NoKey`] for a key
    /// that does not work or is another merchant's, [`AdminRefused::KeyMayNotOrder`], or the store's.
    pub async fn add_batch(&self, new: NewBatch) -> Result<Batch, AdminRefused> {
        let name = text_within(&new.name, BATCH_NAME_CHARS_MAX).ok_or(AdminRefused::Name)?;
        let admin = AdminNeeds { key: Some(new.key.clone()), ..AdminNeeds::default() };
        let needs = Needs { merchant: Some(new.merchant), admin: Some(admin), ..Needs::default() };
        let me = Scribe { actor: self.actor.clone(), now: self.now };
        let rows = u32::try_from(new.rows.len()).unwrap_or(u32::MAX);
        commit(&*self.store, needs, move |found| {
            found.merchant.as_ref().ok_or(AdminRefused::NoMerchant(new.merchant))?;
            let key = found.admin.key.as_ref();
            let key = key.filter(|key| key.revoked.is_none() && key.merchant == new.merchant);
            let key = key.ok_or_else(|| AdminRefused::NoKey(new.key.clone()))?;
            if !key.may_order() {
                return Err(AdminRefused::KeyMayNotOrder(new.key.clone()));
            }
            let who = (new.merchant, key.id);
            let batch = Batch::draft(new.id, who, name.clone(), rows, me.now);
            let after = describe_batch::batch(&batch);
            let log = me.log("batch.add", subject(batch.id), None, Some(&after));
            let changes = BatchChanges {
                batch: Some(batch.clone()),
                rows: new.rows.clone(),
                ..BatchChanges::of(batch.id)
            };
            Ok((written(changes, AdminChanges::logged(log)), batch))
        })
        .await?
    }

    /// Does this to a batch, which is one of `whose` if that is said.
    ///
    /// Errors: [`AdminRefused::NoBatch`], [`AdminRefused::Batch`] when it is not the moment for it, or
    /// the store's.
    pub async fn act_on_batch(
        &self,
        whose: Option<MerchantId>,
        id: BatchId,
        act: BatchAct,
    ) -> Result<Batch, AdminRefused> {
        let needs = Needs {
            admin: Some(AdminNeeds::default()),
            batch: Some(BatchNeeds { batch: id, row: None, left: act == BatchAct::Retry }),
            ..Needs::default()
        };
        let me = Scribe { actor: self.actor.clone(), now: self.now };
        commit(&*self.store, needs, move |rows| {
            let before = own(rows, whose).ok_or(AdminRefused::NoBatch(id))?;
            let failures = rows.batch.left.failures;
            let after = step(before, act.event(failures), me.now).map_err(AdminRefused::Batch)?;
            let (was, mut is) = (describe_batch::batch(before), describe_batch::batch(&after));
            if act == BatchAct::Retry {
                describe::add(&mut is, "retried_rows", json!(failures));
            }
            let action = format!("batch.{}", act.name().replace('-', "_"));
            let log = me.log(&action, subject(id), Some(&was), Some(&is));
            let changes = BatchChanges {
                attention: after.wants_work().then_some(Attention::At(UnixMillis(0))),
                batch: Some(after.clone()),
                all: act.rows(),
                ..BatchChanges::of(id)
            };
            Ok((written(changes, AdminChanges::logged(log)), after))
        })
        .await?
    }
}

fn own(rows: &Rows, whose: Option<MerchantId>) -> Option<&Batch> {
    let batch = rows.batch.batch.as_ref()?;
    whose.is_none_or(|merchant| merchant == batch.merchant).then_some(batch)
}

fn written(batch: BatchChanges, admin: AdminChanges) -> Changes {
    Changes { batch: Some(Box::new(batch)), admin: Some(Box::new(admin)), ..Changes::default() }
}

fn subject(id: BatchId) -> String {
    format!("batch {id}")
}
