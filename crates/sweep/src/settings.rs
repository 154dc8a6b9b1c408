//! What a run is to do.

use std::time::Duration;

use node::{NodeError, TronNode};
use tron::{Address, Sun, TokenUnits, trc20};

use crate::ask::patiently;
use crate::discover::Wanted;

/// A token contract and how its amounts are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The contract.
    pub address: Address,
    /// What people call it.
    pub symbol: String,
    /// Digits after the point.
    pub decimals: u8,
}

/// Most digits after the point that an amount of a token has; more would not fit 128 bits with it.
pub const DECIMALS_MAX: u8 = 30;

/// [`Settings::lag`] of a chain with blocks every three seconds, behind several nodes.
pub const LAG: Duration = Duration::from_secs(20);

/// What is done when an address lacks something and the server does not see to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnShortfall {
    /// Ask again until the patience is over.
    Wait,
    /// Burn the address's own TRX if it has enough, at most this much for an address; else wait.
    Burn {
        /// The most that one transfer may burn.
        max: Sun,
    },
    /// Leave the address alone.
    Skip,
}

/// The most that sweeping an address may cost, compared with what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxCost {
    /// Hundredths of a percent of what is moved.
    pub basis_points: u32,
    /// What one TRX is worth, in the token's smallest unit.
    pub units_per_trx: TokenUnits,
}

/// TRX that is left over on addresses is moved too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leftovers {
    /// Less than this stays, counted after the fee.
    pub min: Sun,
}

/// Everything that a run is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What is moved.
    pub token: Token,
    /// Where to.
    pub destination: Address,
    /// Less than this stays where it is.
    pub min: TokenUnits,
    /// What sweeping may cost.
    pub max_cost: Option<MaxCost>,
    /// Whether TRX is moved too, after the tokens.
    pub leftovers: Option<Leftovers>,
    /// What is done about a shortfall.
    pub on_shortfall: OnShortfall,
    /// The most that one order may cost, whatever the plan expected; without it what the plan expected,
    /// with a tolerance.
    pub order_cost_max: Option<Sun>,
    /// How long an address that is said to be ready may still look short: nodes lag.
    pub lag: Duration,
    /// Addresses under way at once.
    pub concurrency: usize,
    /// How long one address is waited for before it is parked.
    pub patience: Duration,
    /// Wait between two questions for an order.
    pub poll: Duration,
    /// Where the server posts callbacks to, if it can reach this machine.
    pub callback_url: Option<String>,
}

impl Settings {
    /// What discovery looks for.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let trx_min = self.leftovers.map(|leftovers| leftovers.min);
        Wanted { token: self.token.address, trx_min }
    }
}

impl MaxCost {
    /// Whether moving this much for that price is too dear.
    #[must_use]
    pub fn is_exceeded(&self, moved: TokenUnits, cost: Sun) -> bool {
        let cost = u128::try_from(cost.get()).unwrap_or(0);
        // Both sides in smallest units, times 10^6 sun a TRX, times 10^4 basis points.
        let price = cost.saturating_mul(self.units_per_trx.0).saturating_mul(10_000);
        let allowed = moved.0.saturating_mul(u128::from(self.basis_points));
        price > allowed.saturating_mul(1_000_000)
    }
}

impl Token {
    /// Asks the contract how its amounts are written.
    ///
    /// Errors: no such contract, or it does not answer `decimals()` as tokens do.
    pub async fn read(node: &dyn TronNode, address: Address) -> Result<Self, NodeError> {
        let ask = |signature: &'static str| {
            patiently(move || async move {
                let data = trc20::selector(signature);
                node.constant_call(address, address, &data, Sun::ZERO).await
            })
        };
        let decimals = ask("decimals()").await?.token_units().map(|units| units.0);
        let decimals = decimals
            .and_then(|decimals| u8::try_from(decimals).ok())
            .filter(|decimals| *decimals <= DECIMALS_MAX)
            .ok_or_else(|| NodeError::ContractCall {
                text: format!("{address} is no token on this chain: it has no decimals()"),
            })?;
        let symbol = ask("symbol()").await.ok().and_then(|call| text(&call.result));
        Ok(Self { address, symbol: symbol.unwrap_or_else(|| "token".to_owned()), decimals })
    }

    /// Reads an amount such as `12.5`; extra digits are refused, never rounded.
    ///
    /// Errors: `None` if it is not digits with at most one point, or has too many of them.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<TokenUnits> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let decimals = usize::from(self.decimals);
        if whole.is_empty() || text.ends_with('.') || !digits(whole) || !digits(fraction) {
            return None;
        }
        if fraction.len() > decimals {
            return None;
        }
        format!("{whole}{fraction:0<decimals$}").parse().ok().map(TokenUnits)
    }

    /// The amount with its point, without zeros at its end: `12.5`.
    #[must_use]
    pub fn show(&self, units: TokenUnits) -> String {
        let decimals = usize::from(self.decimals);
        let digits = format!("{:0>width$}", units.0, width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        }
    }
}

/// A short printable ABI string: offset, length, bytes; or bytes padded with zeros, as old tokens do.
fn text(result: &[u8]) -> Option<String> {
    let bytes = match result.get(32..64) {
        None => result,
        Some(length) => {
            let length = usize::try_from(trc20::decode_uint256(length).ok()?.0).ok()?;
            result.get(64..64_usize.checked_add(length)?)?
        }
    };
    let text = std::str::from_utf8(bytes).ok()?.trim_end_matches('\0').to_owned();
    let is_plain = text.chars().all(|c| c.is_ascii_graphic());
    (is_plain && (1..=16).contains(&text.len())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usdt() -> Token {
        let address = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".parse().unwrap();
        Token { address, symbol: "USDT".to_owned(), decimals: 6 }
    }

    #[test]
    fn amounts_round_trip_and_extra_digits_are_refused() {
        for (text, units) in [("0", 0), ("20", 20_000_000), ("0.000001", 1), ("12.5", 12_500_000)] {
            assert_eq!(usdt().parse(text), Some(TokenUnits(units)));
            assert_eq!(usdt().show(TokenUnits(units)), text);
        }
        for bad in ["", ".5", "1.", "-1", "1e3", "0.0000001", " 1"] {
            assert_eq!(usdt().parse(bad), None, "{bad:?}");
        }
        let whole = Token { decimals: 0, ..usdt() };
        assert_eq!(whole.parse("7"), Some(TokenUnits(7)));
        assert_eq!(whole.show(TokenUnits(70)), "70");
    }

    #[test]
    fn a_cost_is_compared_with_what_it_moves() {
        let one_percent = MaxCost { basis_points: 100, units_per_trx: TokenUnits(300_000) };
        let moved = TokenUnits(100_000_000);
        // 1 % of 100 USDT is 1 USDT, which is 3.333333 TRX at 0.30.
        assert!(!one_percent.is_exceeded(moved, Sun::new(3_333_333)));
        assert!(one_percent.is_exceeded(moved, Sun::new(3_333_334)));
    }

    #[test]
    fn a_symbol_is_read_in_both_forms_and_never_trusted_to_be_plain() {
        let mut word = vec![0; 96];
        word[31] = 32;
        word[63] = 4;
        word[64..68].copy_from_slice(b"USDT");
        assert_eq!(text(&word).as_deref(), Some("USDT"));
        let mut old = [0; 32];
        old[..3].copy_from_slice(b"OLD");
        assert_eq!(text(&old).as_deref(), Some("OLD"));
        assert_eq!(text(b"\x1b[31m"), None);
        assert_eq!(text(&[]), None);
    }
}
