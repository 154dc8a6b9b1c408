//! What an address holds and lacks at this moment: asked before ordering and again before sending.

use domain::limits::TRANSFER_BANDWIDTH;
use node::{ChainParameters, ConstantOutcome, NodeError};
use tron::{Bandwidth, Energy, Sun, TokenUnits, trc20};

use super::Sweeper;
use crate::ask::patiently;
use crate::journal::Item;
use crate::plan::refusal;
use crate::record::{Reason, ReasonCode, State};

/// What was found.
pub(super) enum Check {
    /// The transfer can go out and burns nothing.
    Enough(Weighed),
    /// Something is missing.
    Short(Weighed, Missing),
    /// The address is out of the run.
    Out(State, Reason),
}

/// What would be moved, and what it takes.
pub(super) struct Weighed {
    /// Everything that the address holds.
    pub(super) amount: TokenUnits,
    /// Energy of the transfer.
    pub(super) energy: Energy,
    /// Energy that the address can use.
    pub(super) energy_available: Energy,
}

/// What is missing.
pub(super) struct Missing {
    energy: Energy,
    is_without_bandwidth: bool,
    is_without_account: bool,
}

impl Missing {
    /// In words.
    pub(super) fn text(&self) -> String {
        if self.is_without_account {
            return "it is not activated".to_owned();
        }
        match (self.energy, self.is_without_bandwidth) {
            (Energy::ZERO, _) => "it lacks bandwidth".to_owned(),
            (energy, false) => format!("it lacks {energy}"),
            (energy, true) => format!("it lacks {energy}, and bandwidth"),
        }
    }

    /// What the transfer would burn; `None` where nothing can be burned.
    pub(super) fn burn(&self, parameters: &ChainParameters) -> Option<Sun> {
        if self.is_without_account {
            return None;
        }
        let energy = parameters.energy_fee.checked_mul(self.energy.get())?;
        let bytes = if self.is_without_bandwidth { TRANSFER_BANDWIDTH } else { 0 };
        energy.checked_add(parameters.bandwidth_fee.checked_mul(bytes)?)
    }
}

impl Sweeper {
    /// Balance, the simulated transfer and resources, side by side.
    pub(super) async fn check(&self, item: &Item) -> Result<Check, NodeError> {
        let (address, token) = (item.record.address, &self.settings.token);
        let (amount, resources) = futures::try_join!(
            patiently(|| self.node.token_balance(token.address, address)),
            patiently(|| self.node.resources(address)),
        )?;
        if amount.0 == 0 {
            let reason = Reason::new(ReasonCode::Empty, "its tokens have left it since the plan");
            return Ok(Check::Out(State::Skipped, reason));
        }
        if amount < self.settings.min {
            let text = format!("holds only {} by now", token.show(amount));
            return Ok(Check::Out(State::Skipped, Reason::new(ReasonCode::Dust, text)));
        }
        let data = trc20::transfer_data(self.settings.destination, amount);
        let call =
            patiently(|| self.node.constant_call(address, token.address, &data, Sun::ZERO)).await?;
        let energy = match &call.outcome {
            ConstantOutcome::Succeeded => call.energy_used,
            ConstantOutcome::Reverted(text) | ConstantOutcome::Refused(text) => {
                let reason = refusal(&*self.node, token.address, address, text).await?;
                return Ok(Check::Out(State::Skipped, reason));
            }
        };
        let energy_available = resources.map_or(Energy::ZERO, |view| view.energy_available());
        let bytes = Bandwidth::new(TRANSFER_BANDWIDTH);
        // Free and staked bandwidth are never added: a transaction takes its bytes from one of them.
        let has_bandwidth = resources.is_some_and(|view| {
            view.staked_bandwidth_available() >= bytes || view.free_bandwidth_available() >= bytes
        });
        let missing = Missing {
            energy: Energy::new(energy.get().saturating_sub(energy_available.get()).max(0)),
            is_without_bandwidth: !has_bandwidth,
            is_without_account: resources.is_none(),
        };
        let weighed = Weighed { amount, energy, energy_available };
        match missing.energy > Energy::ZERO || !has_bandwidth {
            true => Ok(Check::Short(weighed, missing)),
            false => Ok(Check::Enough(weighed)),
        }
    }
}
