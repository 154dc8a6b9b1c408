//! What the demo shows at the end.

use app::rows::LedgerAudit;
use domain::collect::Scene;
use serde_json::json;
use sweep::Receipt;
use tron::{Address, Energy, Sun};
use wire::CollectResponse;
use wire::endpoint::collect_manual::scene_code;

use super::run::kind_name;
use crate::command::output::table;
use crate::world::AddressKind;

/// What became of one address.
pub(super) struct Row {
    address: Address,
    kind: AddressKind,
    scene: Option<Scene>,
    energy_bought: Energy,
    pub(super) energy_needed: Energy,
    pub(super) energy_before: Energy,
    price: Sun,
    receipt: Option<Receipt>,
    pub(super) ready_ms: i64,
    pub(super) is_returned: bool,
    pub(super) failure: Option<String>,
}

/// What became of all.
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
    pub(super) energy_fee: Sun,
    pub(super) audit: LedgerAudit,
}

impl Row {
    pub(super) fn new(address: Address, kind: AddressKind) -> Self {
        Self {
            address,
            kind,
            scene: None,
            energy_bought: Energy::ZERO,
            energy_needed: Energy::ZERO,
            energy_before: Energy::ZERO,
            price: Sun::ZERO,
            receipt: None,
            ready_ms: 0,
            is_returned: false,
            failure: None,
        }
    }

    pub(super) fn take(&mut self, order: &CollectResponse) {
        self.scene = Some(order.scene);
        self.energy_bought = order.energy;
        self.price = order.amount;
    }

    pub(super) fn sweep(&mut self, receipt: &Receipt) {
        self.receipt = Some(*receipt);
    }

    fn energy_burn(&self) -> Sun {
        self.receipt.map_or(Sun::ZERO, |receipt| receipt.energy_burn)
    }

    fn cells(&self) -> Vec<String> {
        let receipt = self.receipt.as_ref();
        vec![
            self.address.to_string(),
            kind_name(self.kind).to_owned(),
            self.scene.map_or_else(String::new, |scene| scene_code(scene).to_string()),
            self.energy_needed.to_string(),
            self.energy_before.to_string(),
            self.energy_bought.to_string(),
            receipt.map_or_else(String::new, |receipt| receipt.energy_used.to_string()),
            self.price.to_trx_string(),
            self.energy_burn().to_trx_string(),
            match (&self.failure, self.is_returned) {
                (Some(failure), _) => failure.clone(),
                (None, true) => "swept, returned".to_owned(),
                (None, false) => "swept".to_owned(),
            },
        ]
    }
}

impl Report {
    /// Whether every sweep arrived, nothing was burned for energy, and the audit is clean.
    pub(super) fn is_good(&self) -> bool {
        self.swept() == self.rows.len()
            && self.burned() == Sun::ZERO
            && self.rows.iter().all(|row| row.is_returned)
            && self.audit.differences.is_empty()
    }

    fn swept(&self) -> usize {
        self.rows.iter().filter(|row| row.receipt.is_some()).count()
    }

    fn burned(&self) -> Sun {
        self.rows.iter().map(Row::energy_burn).sum()
    }

    fn charged(&self) -> Sun {
        self.rows.iter().map(|row| row.price).sum()
    }

    /// What the same transfers would have cost by burning: all their energy at the chain's price.
    fn burn_cost(&self) -> Sun {
        let energy = |row: &Row| row.receipt.map_or(0, |receipt| receipt.energy_used.get());
        Sun::new(self.rows.iter().map(energy).sum::<i64>() * self.energy_fee.get())
    }

    fn returned(&self) -> usize {
        self.rows.iter().filter(|row| row.is_returned).count()
    }

    /// The time from order to ready that this many percent of the addresses stayed below.
    fn ready_ms(&self, percent: usize) -> i64 {
        let mut times: Vec<i64> =
            self.rows.iter().filter(|row| row.ready_ms > 0).map(|row| row.ready_ms).collect();
        times.sort_unstable();
        let rank = (times.len() * percent).div_ceil(100).max(1) - 1;
        times.get(rank).copied().unwrap_or(0)
    }

    /// One object on standard output.
    pub(super) fn to_json(&self) -> String {
        json!({
            "swept": self.swept(),
            "failed": self.rows.len() - self.swept(),
            "burned_sun": self.burned().get(),
            "charged_sun": self.charged().get(),
            "burn_cost_sun": self.burn_cost().get(),
            "ready_p50_ms": self.ready_ms(50),
            "ready_p95_ms": self.ready_ms(95),
            "reclaimed": self.returned(),
            "audit_ok": self.audit.differences.is_empty(),
        })
        .to_string()
    }

    /// A table and totals for people.
    pub(super) fn to_text(&self) -> String {
        let header = [
            "address",
            "kind",
            "scene",
            "energy needed",
            "had",
            "bought",
            "used",
            "price TRX",
            "burned TRX",
            "",
        ];
        let rows = table(&header, self.rows.iter().map(Row::cells));
        let (charged, burn) = (self.charged(), self.burn_cost());
        let audit = match self.audit.differences.as_slice() {
            [] => "clean".to_owned(),
            differences => differences.join("\n                "),
        };
        format!(
            "{rows}\n\
             swept           {} of {}\n\
             paid            {} TRX\n\
             by burning      {} TRX\n\
             saved           {} TRX\n\
             burned          {} TRX for energy\n\
             ready after     {} ms (half of them), {} ms (95 %)\n\
             energy back     from {} of {} addresses\n\
             audit           {audit}",
            self.swept(),
            self.rows.len(),
            charged.to_trx_string(),
            burn.to_trx_string(),
            (burn - charged).to_trx_string(),
            self.burned().to_trx_string(),
            self.ready_ms(50),
            self.ready_ms(95),
            self.returned(),
            self.rows.len(),
        )
    }
}
