//! What is moved, where to, and what it may cost, on the command line.

use std::time::Duration;

use clap::Args;
use sweep::settings::LAG;
use sweep::{Leftovers, MaxCost, Settings, Token};
use tron::{Address, Sun, TokenUnits};

use super::{ApiArgs, CarryArgs, address, connect, needed, trx};
use crate::command::output::Failure;

/// What is moved.
#[derive(Debug, Args)]
pub(super) struct WhatArgs {
    /// Where everything goes.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
    /// USDT, or the contract of another token.
    #[arg(long, value_name = "USDT|ADDRESS", default_value = "USDT", value_parser = token)]
    pub(super) token: Address,
    /// Addresses with less than this stay as they are, in whole tokens.
    #[arg(long, value_name = "AMOUNT", default_value = "1")]
    min: String,
    /// Leave an address alone when sweeping it costs more than this share of what it holds.
    #[arg(long, value_name = "PERCENT", value_parser = percent, requires = "trx_price")]
    max_cost_percent: Option<u32>,
    /// What one TRX is worth in the token, for --max-cost-percent.
    #[arg(long, value_name = "AMOUNT")]
    trx_price: Option<String>,
    #[command(flatten)]
    pub(super) leftovers: LeftoverArgs,
}

/// TRX besides the tokens.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct LeftoverArgs {
    /// Move TRX too: of addresses that hold no tokens, and what is left over after the tokens.
    #[arg(long)]
    trx: bool,
    /// With --trx: less than this stays, in TRX, counted after the fee.
    #[arg(long, value_name = "TRX", value_parser = trx, default_value = "1")]
    trx_min: Sun,
}

pub(super) fn token(text: &str) -> Result<Address, String> {
    let text = if text.eq_ignore_ascii_case("usdt") { connect::USDT } else { text };
    text.parse().map_err(|_| "USDT or a contract's address is expected".to_owned())
}

/// A percentage with at most two digits after the point, in hundredths.
fn percent(text: &str) -> Result<u32, String> {
    let wrong = || "a percentage such as 2.5 is expected".to_owned();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_plain(whole) || !is_plain(fraction) || fraction.len() > 2 || whole.len() > 4 {
        return Err(wrong());
    }
    let whole: u32 = whole.parse().map_err(|_| wrong())?;
    let fraction: u32 = format!("{fraction:0<2}").parse().map_err(|_| wrong())?;
    Ok(whole * 100 + fraction)
}

impl LeftoverArgs {
    /// Whether TRX is wanted.
    pub(super) const fn is_wanted(self) -> bool {
        self.trx
    }

    pub(super) fn leftovers(self) -> Option<Leftovers> {
        self.trx.then_some(Leftovers { min: self.trx_min })
    }
}

impl WhatArgs {
    pub(super) fn destination(&self) -> Result<Address, Failure> {
        needed(self.to, "--to")
    }

    /// Everything that a run is told; the token's own contract says how amounts are read.
    pub(super) async fn settings(
        &self,
        node: &dyn node::TronNode,
        destination: Address,
        carry: &CarryArgs,
        api: &ApiArgs,
    ) -> Result<Settings, Failure> {
        let settings = self.looking(node, destination).await?;
        Ok(Settings {
            on_shortfall: carry.on_shortfall(),
            order_cost_max: carry.order_cost_max,
            concurrency: usize::from(carry.concurrency),
            patience: carry.patience(),
            poll: Duration::from_millis(api.poll_ms.max(50)),
            callback_url: api.callback_url.clone(),
            ..settings
        })
    }

    /// The same for a plan that nothing is done with.
    pub(super) async fn looking(
        &self,
        node: &dyn node::TronNode,
        destination: Address,
    ) -> Result<Settings, Failure> {
        let token = Token::read(node, self.token).await?;
        let max_cost = match (self.max_cost_percent, &self.trx_price) {
            (Some(basis_points), Some(price)) => {
                let units_per_trx = amount(&token, price, "--trx-price")?;
                Some(MaxCost { basis_points, units_per_trx })
            }
            _ => None,
        };
        Ok(Settings {
            min: amount(&token, &self.min, "--min")?.max(TokenUnits(1)),
            token,
            destination,
            max_cost,
            leftovers: self.leftovers.leftovers(),
            on_shortfall: sweep::OnShortfall::Wait,
            order_cost_max: None,
            lag: LAG,
            concurrency: 1,
            patience: Duration::ZERO,
            poll: Duration::ZERO,
            callback_url: None,
        })
    }
}

/// An amount in whole tokens.
pub(super) fn amount(token: &Token, text: &str, flag: &str) -> Result<TokenUnits, Failure> {
    let wrong = || Failure::Usage(format!("{flag} is an amount such as 20 or 0.5"));
    token.parse(text).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_has_two_digits_at_most() {
        for (text, basis_points) in [("2", 200), ("2.5", 250), ("0.05", 5), ("100", 10_000)] {
            assert_eq!(percent(text), Ok(basis_points));
        }
        for bad in ["", "-1", "1.", ".5", "1.234", "1e2", "99999"] {
            assert!(percent(bad).is_err(), "{bad}");
        }
    }
}
