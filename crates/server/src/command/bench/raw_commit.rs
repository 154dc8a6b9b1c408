//! The ceiling for commits: the rows of accepted orders, decided beforehand and written in a plain
//! loop.

use std::path::Path;
use std::time::{Duration, Instant};

use app::Settings;
use app::ports::{Clock, Ids, Store};
use app::rows::{Attention, Changes, Key, NewAnswers, NewWallet, Remembered, RequestKeys};
use domain::collect::{ChainTotals, Reading, Scene};
use domain::ledger::facts::merchant_credited;
use domain::order::step::{NewOrder, Offer, Wanted, accept};
use domain::pool::Pool;
use domain::{KeyId, MerchantId, Origin};
use store::{Options, PlainWriter, SqlStore};
use tron::{Address, Bandwidth, Energy, Sun, TokenUnits};

use super::cpu::{CpuTime, share_us};
use super::figures::per_second;
use super::workload::{CALLBACK_URL, receiver, reference};
use crate::system::{SystemClock, SystemIds};

/// Orders in one commit: as many as the committer takes at once.
const BATCH: usize = 256;
/// What the merchant may spend.
pub(super) const CREDIT: Sun = Sun::from_trx(100_000_000);

/// Who orders, in a database made for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    pub(super) merchant: MerchantId,
    pub(super) key: KeyId,
}

impl Base {
    /// Adds a merchant with money and this key, and these wallets.
    pub(super) async fn make(
        store: &dyn Store,
        key: Key,
        wallets: Vec<NewWallet>,
    ) -> anyhow::Result<Self> {
        let now = SystemClock.now();
        for wallet in wallets {
            store.put_wallet(wallet).await?;
        }
        let merchant = store.add_merchant("bench", None, now).await?;
        store.post(merchant_credited([1; 16], merchant, CREDIT, "bench", now)).await?;
        let added = store.add_key(&Key { merchant, ..key }, 1).await?;
        let key = added.ok_or_else(|| anyhow::anyhow!("the database has a key already"))?;
        Ok(Self { merchant, key })
    }
}

/// Writes orders in a plain loop.
pub(super) struct RawCommit {
    writer: PlainWriter,
    base: Base,
    settings: Settings,
    pool: Pool,
    totals: ChainTotals,
    written: usize,
}

impl RawCommit {
    /// A new database in this directory with the wallets of a pool.
    pub(super) async fn open(
        directory: &Path,
        (settings, totals): (Settings, ChainTotals),
        (pool, wallets): (Pool, Vec<NewWallet>),
        key: Key,
    ) -> anyhow::Result<Self> {
        let path = directory.join("raw.sqlite");
        let store = SqlStore::open(&path, Options::default())?;
        let base = Base::make(&store, key, wallets).await?;
        drop(store);
        let writer = PlainWriter::open(&path, Options::default())?;
        Ok(Self { writer, base, settings, pool, totals, written: 0 })
    }

    /// Orders a second while writing this long, and the processor time of each in microseconds;
    /// deciding them is not counted.
    pub(super) fn rate(&mut self, lasts: Duration) -> anyhow::Result<(u64, u64)> {
        let before = self.written;
        let (mut took, mut on_processor) = (Duration::ZERO, Duration::ZERO);
        while took < lasts {
            let batch =
                (0..BATCH).map(|_| self.decided_order()).collect::<anyhow::Result<Vec<_>>>()?;
            let (began, spent) = (Instant::now(), CpuTime::of_this_thread());
            self.writer.commit(&batch)?;
            took += began.elapsed();
            on_processor += CpuTime::of_this_thread().saturating_sub(spent);
        }
        let count = self.written - before;
        Ok((per_second(count, took), share_us(on_processor, count)))
    }

    /// What accepting an order for an activated address without energy writes.
    fn decided_order(&mut self) -> anyhow::Result<Changes> {
        let (now, number) = (SystemClock.now(), self.written);
        self.written += 1;
        let id = SystemIds.order_id(now);
        let receiver = receiver(number);
        let new = new_order(self.base, id, receiver, number);
        let offer = Offer {
            reading: LACKS_ENERGY,
            totals: self.totals,
            prices: self.settings.prices,
            available: CREDIT,
            is_paused: false,
            spend: domain::key::KeySpend::default(),
            others: &[],
            leftovers: &[],
            pool: &self.pool,
            limits: &self.settings.limits,
        };
        let decision = accept(new, &offer)?;
        let mut signature = [0; 32];
        signature[..20].copy_from_slice(&receiver.as_bytes()[1..]);
        let request = RequestKeys {
            key: self.base.key,
            timestamp_secs: now.get() / 1_000,
            signature,
            route: [7; 32],
            idempotency: None,
        };
        Ok(Changes {
            whole: Some(decision.whole),
            ledger: decision.ledger,
            wallets: decision.wallets,
            answers: Some(NewAnswers {
                request,
                answer: Remembered::Order(id),
                at: now,
                is_resend: false,
            }),
            attention: Some((id, Attention::At(decision.due))),
            ..Changes::default()
        })
    }
}

/// An activated address with free bandwidth and no energy.
pub(super) const LACKS_ENERGY: Reading = Reading {
    exists: true,
    energy_available: Energy::ZERO,
    energy_limit: Energy::ZERO,
    staked_bandwidth_limit: Bandwidth::ZERO,
    staked_bandwidth_available: Bandwidth::ZERO,
    free_bandwidth_available: Bandwidth::new(600),
    transfer_energy: Energy::new(64_285),
};

/// An order of the workload.
pub(super) fn new_order(
    base: Base,
    id: domain::OrderId,
    receiver: Address,
    number: usize,
) -> NewOrder {
    NewOrder {
        id,
        merchant: base.merchant,
        key: base.key,
        origin: Origin::Api,
        receiver,
        wanted: Wanted::Collection {
            recipient: Some(Address::from_evm([9; 20])),
            token_amount: TokenUnits(25_000_000),
            scene: Scene::RecipientHolds,
        },
        reference: Some(reference(number)),
        callback_url: Some(CALLBACK_URL.to_owned()),
        now: SystemClock.now(),
    }
}
