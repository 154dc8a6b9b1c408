//! What the pool has, in energy: for whoever asks before ordering.

use std::sync::Arc;

use domain::UnixMillis;
use domain::collect::plan::units_for_sun;
use domain::limits::SPLIT_WALLETS_MAX;
use tokio::sync::Mutex;
use tron::{Energy, Resource, Sun};

use crate::App;
use crate::ports::StoreError;

/// How long figures are shown before they are read again, in milliseconds. Anybody may ask, so that
/// asking costs the database at most this often.
pub const FIGURES_FRESH_MS: i64 = 1_000;

/// What the pool has. All zero until a block was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolFigures {
    /// What all wallets together can still lend.
    pub available: Energy,
    /// What one order can get: never less than an order for it would be given.
    pub of_one_order: Energy,
    /// What all stake yields, lent or not.
    pub total: Energy,
}

/// The figures that were read last, and when.
#[derive(Clone, Default)]
pub struct FiguresKept(Arc<Mutex<Option<(UnixMillis, PoolFigures)>>>);

impl App {
    /// What the pool has, at most [`FIGURES_FRESH_MS`] old.
    ///
    /// Shape: at most two reads of the database a second, however many ask.
    pub async fn pool_figures(&self, kept: &FiguresKept) -> Result<PoolFigures, StoreError> {
        let mut kept = kept.0.lock().await;
        let now = self.clock.now();
        if let Some((read_at, figures)) = *kept
            && (0..FIGURES_FRESH_MS).contains(&now.since(read_at))
        {
            return Ok(figures);
        }
        let figures = self.read_pool_figures().await?;
        *kept = Some((now, figures));
        Ok(figures)
    }

    async fn read_pool_figures(&self) -> Result<PoolFigures, StoreError> {
        let Some(view) = self.view.get() else { return Ok(PoolFigures::default()) };
        let (pool, _) = self.store.pool().await?;
        let lent = self.store.lent().await?;
        let lent = lent.iter().filter(|one| one.resource == Resource::Energy);
        let lent: i64 = lent.map(|one| one.lent.get()).sum();
        let stake = Sun::new(pool.energy_capacity().get().saturating_add(lent));
        let margin_ppm = self.settings.limits.energy_margin_ppm;
        let most = |wallets| Energy::new(pool.most_energy(&view.totals, margin_ppm, wallets));
        Ok(PoolFigures {
            available: most(pool.wallets.len()),
            of_one_order: most(SPLIT_WALLETS_MAX),
            total: Energy::new(units_for_sun(Resource::Energy, stake, &view.totals)),
        })
    }
}
