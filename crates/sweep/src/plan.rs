//! What is to be done with each address, what it costs, and whether it pays.

mod trx;

use std::sync::atomic::{AtomicUsize, Ordering};

use domain::collect::{BurnFees, Commitments, Need, Reading};
use futures::stream::{self, StreamExt, TryStreamExt};
use node::{
    AccountView, BATCH_CALLS_MAX, BatchCall, BatchOutcome, ChainParameters, ChainTotals,
    ConstantOutcome, NodeError, TronNode,
};
use tron::{Address, Bandwidth, Energy, Sun, TokenUnits, trc20};

use crate::ask::patiently;
use crate::discover::{Reader, SINGLES_AT_ONCE};
use crate::journal::Holding;
use crate::observe::{Event, Observer};
use crate::price::PriceBook;
use crate::record::{Reason, ReasonCode};
use crate::settings::Settings;
use crate::target::Target;
pub use trx::TrxRow;

/// What a plan says about one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRow {
    /// The address.
    pub target: Target,
    /// Tokens on it.
    pub held: TokenUnits,
    /// TRX on it.
    pub trx: Sun,
    /// Energy that its transfer takes.
    pub transfer_energy: Energy,
    /// What it lacks for the transfer.
    pub need: Need,
    /// What the order is expected to cost; `None` if the server does not say prices.
    pub order_cost: Option<Sun>,
    /// What the same transfer would burn without an order, activation included.
    pub burn_cost: Sun,
    /// Why it is left alone; `None` if it is to be swept.
    pub skip: Option<Reason>,
}

/// What is to be done, biggest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Addresses that hold the token, those to sweep and those to leave alone.
    pub rows: Vec<PlanRow>,
    /// TRX of addresses whose tokens are not swept, if TRX is wanted.
    pub trx: Vec<TrxRow>,
}

impl Plan {
    /// Those to sweep, biggest first.
    pub fn to_sweep(&self) -> impl Iterator<Item = &PlanRow> {
        self.rows.iter().filter(|row| row.skip.is_none())
    }

    /// Those to leave alone.
    pub fn to_skip(&self) -> impl Iterator<Item = &PlanRow> {
        self.rows.iter().filter(|row| row.skip.is_some())
    }

    /// TRX to move from addresses whose tokens stay, biggest first.
    pub fn trx_to_move(&self) -> impl Iterator<Item = &TrxRow> {
        self.trx.iter().filter(|row| row.skip.is_none())
    }

    /// Whether nothing is to be moved.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.to_sweep().next().is_none() && self.trx_to_move().next().is_none()
    }

    /// Why something stays, once for each row that does.
    pub fn reasons(&self) -> impl Iterator<Item = &Reason> {
        let tokens = self.rows.iter().filter_map(|row| row.skip.as_ref());
        tokens.chain(self.trx.iter().filter_map(|row| row.skip.as_ref()))
    }
}

/// Makes plans from what the chain shows now.
pub struct Planner<'a> {
    /// Where balances and calls are read.
    pub reader: &'a Reader<'a>,
    /// Where accounts are read.
    pub node: &'a dyn TronNode,
    /// What the run is told.
    pub settings: &'a Settings,
    /// What the server charges.
    pub prices: &'a PriceBook,
    /// Who is told how far it is.
    pub observer: &'a dyn Observer,
}

/// The same for every address; read once.
struct Network {
    parameters: ChainParameters,
    totals: ChainTotals,
}

impl Planner<'_> {
    /// Looks at everything that was found and decides.
    ///
    /// Shape: one account read an address that is not dust, and one call for each hundred; where the
    /// node takes no batches, one call an address. The recipient's state is read once: what a
    /// transfer takes is the same for all senders, and each call says whether it would work.
    pub async fn plan(&self, found: &[Holding]) -> Result<Plan, NodeError> {
        let mut rows = Vec::with_capacity(found.len());
        let mut big = Vec::new();
        let (holding_tokens, without): (Vec<&Holding>, Vec<&Holding>) =
            found.iter().partition(|holding| holding.held.0 > 0);
        for holding in holding_tokens {
            match self.obvious(holding) {
                Some(reason) => rows.push(skipped(holding, reason)),
                None => big.push(holding),
            }
        }
        big.sort_by_key(|holding| (std::cmp::Reverse(holding.held), holding.position));
        let (parameters, totals) = futures::try_join!(
            patiently(|| self.node.chain_parameters()),
            patiently(|| self.node.totals()),
        )?;
        let network = Network { parameters, totals };
        let calls = self.simulate(&big).await?;
        let done = AtomicUsize::new(0);
        let examined = stream::iter(big.iter().zip(calls))
            .map(|(holding, call)| {
                let (network, done, total) = (&network, &done, big.len());
                async move {
                    let row = self.examine(holding, call, network).await;
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    self.observer.notice(&Event::Examined { done, total });
                    row
                }
            })
            .buffered(2 * SINGLES_AT_ONCE);
        let mut plan: Vec<PlanRow> = examined.try_collect().await?;
        rows.sort_by_key(|row: &PlanRow| std::cmp::Reverse(row.held));
        plan.extend(rows);
        let mut alone: Vec<Target> = without.into_iter().map(|one| one.target.clone()).collect();
        alone.extend(plan.iter().filter(|row| keeps_tokens(row)).map(|row| row.target.clone()));
        let trx = self.plan_trx(alone, &network).await?;
        Ok(Plan { rows: plan, trx })
    }

    /// What needs no look at the chain.
    fn obvious(&self, holding: &Holding) -> Option<Reason> {
        let (settings, token) = (self.settings, &self.settings.token);
        if holding.target.address == settings.destination {
            return Some(Reason::new(ReasonCode::Destination, "it is the destination"));
        }
        if holding.held < settings.min {
            let (held, min) = (token.show(holding.held), token.show(settings.min));
            return Some(Reason::new(
                ReasonCode::Dust,
                format!("holds {held}, the minimum is {min}"),
            ));
        }
        None
    }

    /// What each transfer takes, or why the token would refuse it.
    async fn simulate(&self, all: &[&Holding]) -> Result<Vec<Result<Energy, Reason>>, NodeError> {
        let mut energy = None;
        let later = self.later_energy(all).await?;
        let mut outcomes = Vec::with_capacity(all.len());
        for chunk in all.chunks(BATCH_CALLS_MAX * 4) {
            let parts: Vec<_> = stream::iter(chunk.chunks(BATCH_CALLS_MAX))
                .map(|part| self.verdicts(part))
                .buffered(4)
                .try_collect()
                .await?;
            for (holding, verdict) in chunk.iter().zip(parts.concat()) {
                outcomes.push(match (verdict, energy) {
                    (Some(BatchOutcome::Returned(_)), Some(energy)) => Ok(energy),
                    (Some(BatchOutcome::Reverted(text)), _) => {
                        Err(self.refusal(holding, &text).await?)
                    }
                    // The first that works is asked what it takes; without batches each is.
                    _ => {
                        let measured = self.measure(holding).await?;
                        let first = energy.is_none();
                        energy = energy.or(later).or_else(|| measured.as_ref().ok().copied());
                        match (first, later) {
                            (false, Some(later)) => measured.map(|energy| energy.min(later)),
                            _ => measured,
                        }
                    }
                });
            }
        }
        Ok(outcomes)
    }

    /// What a transfer takes once the destination holds the token, if it holds none yet: one holder's
    /// transfer to another shows it. `None` if every transfer takes the same.
    async fn later_energy(&self, all: &[&Holding]) -> Result<Option<Energy>, NodeError> {
        let [first, second, ..] = all else { return Ok(None) };
        let (token, to) = (self.settings.token.address, self.settings.destination);
        if patiently(|| self.node.token_balance(token, to)).await?.0 > 0 {
            return Ok(None);
        }
        let data = trc20::transfer_data(second.target.address, first.held);
        let owner = first.target.address;
        let call = patiently(|| self.node.constant_call(owner, token, &data, Sun::ZERO)).await?;
        Ok(call.succeeded().then_some(call.energy_used))
    }

    async fn verdicts(&self, part: &[&Holding]) -> Result<Vec<Option<BatchOutcome>>, NodeError> {
        let calls: Vec<BatchCall> = part
            .iter()
            .map(|holding| BatchCall {
                caller: holding.target.address,
                contract: self.settings.token.address,
                data: trc20::transfer_data(self.settings.destination, holding.held),
            })
            .collect();
        Ok(match self.reader.batch(&calls).await? {
            Some(outcomes) => outcomes.into_iter().map(Some).collect(),
            None => vec![None; part.len()],
        })
    }

    async fn measure(&self, holding: &Holding) -> Result<Result<Energy, Reason>, NodeError> {
        let token = self.settings.token.address;
        let data = trc20::transfer_data(self.settings.destination, holding.held);
        let owner = holding.target.address;
        let call = patiently(|| self.node.constant_call(owner, token, &data, Sun::ZERO)).await?;
        match call.outcome {
            ConstantOutcome::Succeeded => Ok(Ok(call.energy_used)),
            ConstantOutcome::Reverted(text) | ConstantOutcome::Refused(text) => {
                Ok(Err(self.refusal(holding, &text).await?))
            }
        }
    }

    /// Why the token refuses: a black list says so itself.
    async fn refusal(&self, holding: &Holding, text: &str) -> Result<Reason, NodeError> {
        refusal(self.node, self.settings.token.address, holding.target.address, text).await
    }

    async fn examine(
        &self,
        holding: &Holding,
        call: Result<Energy, Reason>,
        network: &Network,
    ) -> Result<PlanRow, NodeError> {
        let transfer_energy = match call {
            Ok(energy) => energy,
            Err(reason) => return Ok(skipped(holding, reason)),
        };
        let address = holding.target.address;
        let account = patiently(|| self.node.account(address)).await?;
        if let Some(reason) = account.as_ref().and_then(|account| unsignable(account, address)) {
            return Ok(skipped(holding, reason));
        }
        let reading = reading(account.as_ref(), transfer_energy, network);
        let need = reading.need(&Commitments::default());
        let order_cost = self.prices.cost(&need);
        let burn_cost = need.burn_cost(&burn_fees(&network.parameters));
        let mut row = PlanRow {
            target: holding.target.clone(),
            held: holding.held,
            trx: account.map_or(Sun::ZERO, |account| account.balance),
            transfer_energy,
            need,
            order_cost,
            burn_cost,
            skip: None,
        };
        row.skip = self.too_dear(&row);
        Ok(row)
    }

    /// Judged by the order's price; by what burning costs where the server does not say prices.
    fn too_dear(&self, row: &PlanRow) -> Option<Reason> {
        let limit = self.settings.max_cost?;
        let cost = row.order_cost.unwrap_or(row.burn_cost);
        limit.is_exceeded(row.held, cost).then(|| {
            let held = self.settings.token.show(row.held);
            let text = format!("{} TRX to move {held}", cost.to_trx_string());
            Reason::new(ReasonCode::TooDear, text)
        })
    }
}

/// Why a token refuses a transfer, in its own words or those of its black list.
pub(crate) async fn refusal(
    node: &dyn TronNode,
    token: Address,
    owner: Address,
    text: &str,
) -> Result<Reason, NodeError> {
    let mut data = trc20::selector("isBlackListed(address)").to_vec();
    data.extend_from_slice(&trc20::address_word(owner));
    let listed = patiently(|| node.constant_call(owner, token, &data, Sun::ZERO)).await?;
    if listed.succeeded() && listed.token_units().is_some_and(|units| units.0 == 1) {
        return Ok(Reason::new(ReasonCode::Blacklisted, "the token's owner has blacklisted it"));
    }
    Ok(Reason::new(ReasonCode::TransferReverts, text))
}

/// Whether its key is at hand and its tokens stay because moving them does not pay.
fn keeps_tokens(row: &PlanRow) -> bool {
    let is_poor = |reason: &Reason| matches!(reason.code, ReasonCode::Dust | ReasonCode::TooDear);
    row.skip.as_ref().is_some_and(is_poor)
}

fn skipped(holding: &Holding, reason: Reason) -> PlanRow {
    PlanRow {
        target: holding.target.clone(),
        held: holding.held,
        trx: Sun::ZERO,
        transfer_energy: Energy::ZERO,
        need: Need { activation: false, bandwidth: Bandwidth::ZERO, energy: Energy::ZERO },
        order_cost: Some(Sun::ZERO),
        burn_cost: Sun::ZERO,
        skip: Some(reason),
    }
}

/// Why its own key cannot sign for an address.
pub(crate) fn unsignable(account: &AccountView, address: Address) -> Option<Reason> {
    if account.is_contract {
        return Some(Reason::new(ReasonCode::Contract, "a contract has no key"));
    }
    let owner = account.owner_permission.as_ref()?;
    let weight: i64 =
        owner.keys.iter().filter(|key| key.address == address).map(|key| key.weight).sum();
    (weight < owner.threshold)
        .then(|| Reason::new(ReasonCode::Permission, "its owner permission belongs to other keys"))
}

fn reading(account: Option<&AccountView>, transfer_energy: Energy, network: &Network) -> Reading {
    let totals = &network.totals;
    let Some(account) = account else {
        return Reading {
            exists: false,
            energy_available: Energy::ZERO,
            energy_limit: Energy::ZERO,
            staked_bandwidth_limit: Bandwidth::ZERO,
            staked_bandwidth_available: Bandwidth::ZERO,
            free_bandwidth_available: Bandwidth::ZERO,
            transfer_energy,
        };
    };
    Reading {
        exists: true,
        energy_available: account.energy_available(totals),
        energy_limit: account.energy_limit(totals),
        staked_bandwidth_limit: account.staked_bandwidth_limit(totals),
        staked_bandwidth_available: account.staked_bandwidth_available(totals),
        free_bandwidth_available: account
            .free_bandwidth_available(network.parameters.free_bandwidth_limit),
        transfer_energy,
    }
}

/// What the chain takes from an address that has no resources.
fn burn_fees(parameters: &ChainParameters) -> BurnFees {
    BurnFees {
        energy: parameters.energy_fee,
        byte: parameters.bandwidth_fee,
        activation: parameters.create_account_fee + parameters.create_account_system_fee,
    }
}
