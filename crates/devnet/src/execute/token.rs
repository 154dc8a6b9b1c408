//! The built-in TRC-20: USDT's interface and energy costs without a virtual machine.
//!
//! Costs are mainnet's observed figures; at factor 34 000 the penalties are the network's own (it
//! rounds per opcode), at any other factor base x factor / 10 000 rounded down.

use tron::{Address, TokenUnits, trc20};

use crate::execute::energy::Sharing;
use crate::receipt::Log;
use crate::state::{Draft, Holder, View};

/// The contract's fixed properties.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) address: Address,
    pub(crate) origin: Address,
    /// Share of the energy that callers pay.
    pub(crate) caller_percent: i64,
    pub(crate) origin_energy_limit: i64,
    /// USDT answers `false` to a transfer that worked.
    pub(crate) returns_false: bool,
}

impl Token {
    pub(super) const fn sharing(&self) -> Sharing {
        Sharing {
            caller_percent: self.caller_percent,
            origin: self.origin,
            origin_limit: self.origin_energy_limit,
        }
    }
}

/// What a call costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    base: i64,
    pub(crate) penalty: i64,
    /// Base cost of the last storage write: where a call that runs short gets stuck.
    last_write: i64,
}

/// What a call would do.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Returned { data: Vec<u8>, logs: Vec<Log>, writes: Vec<Write> },
    Reverted,
}

/// A change of the contract's storage.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Write {
    Holder(Address, Holder),
    Allowance { owner: Address, spender: Address, amount: u128 },
}

/// A worked-out call; nothing is changed yet.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) cost: Cost,
    pub(crate) effect: Effect,
}

impl Call {
    pub(crate) const fn energy(&self) -> i64 {
        self.cost.base + self.cost.penalty
    }
}

const TRANSFER_TO_HOLDER: i64 = 14_650;
const TRANSFER_TO_NEW: i64 = 29_650;
const TRANSFER_FROM_EXTRA: i64 = 6_100;
const BALANCE_OF: i64 = 935;
const APPROVE_NEW: i64 = 22_700;
const APPROVE_CHANGE: i64 = 7_700;
const READ: i64 = 1_050;
/// Looking at balances and black list before giving up.
const REVERT: i64 = 2_150;
const UNKNOWN_FUNCTION: i64 = 320;
const SET_FROM_ZERO: i64 = 20_000;
const RESET: i64 = 5_000;

/// Factor at which the table's exact penalties hold.
const OBSERVED_FACTOR: i64 = 34_000;
const FACTOR_UNIT: i64 = 10_000;

impl Cost {
    fn new(base: i64, factor: i64, last_write: i64) -> Self {
        let penalty = match (factor, base) {
            (OBSERVED_FACTOR, TRANSFER_TO_HOLDER) => 49_635,
            (OBSERVED_FACTOR, TRANSFER_TO_NEW) => 100_635,
            (OBSERVED_FACTOR, BALANCE_OF) => 3_127,
            _ => base.saturating_mul(factor) / FACTOR_UNIT,
        };
        Self { base, penalty, last_write }
    }

    /// The failure's text for a caller that could pay only this much.
    pub(super) fn out_of_energy_text(self, limit: i64) -> String {
        let penalty = self.penalty.saturating_mul(self.last_write) / self.base.max(1);
        let before = (self.base + self.penalty - self.last_write - penalty).clamp(0, limit.max(0));
        format!(
            "Not enough energy for 'SSTORE' operation executing: curInvokeEnergyLimit[{limit}], \
             curOpEnergy[{}], penaltyEnergy[{penalty}], usedEnergy[{before}]",
            self.last_write
        )
    }
}

const DECIMALS: [u8; 4] = [0x31, 0x3c, 0xe5, 0x67];
const NAME: [u8; 4] = [0x06, 0xfd, 0xde, 0x03];
const SYMBOL: [u8; 4] = [0x95, 0xd8, 0x9b, 0x41];
const TOTAL_SUPPLY: [u8; 4] = [0x18, 0x16, 0x0d, 0xdd];
const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
const ALLOWANCE: [u8; 4] = [0xdd, 0x62, 0xed, 0x3e];
const OWNER: [u8; 4] = [0x8d, 0xa5, 0xcb, 0x5b];
const PAUSED: [u8; 4] = [0x5c, 0x97, 0x5a, 0xbb];
const IS_BLACKLISTED: [u8; 4] = [0xe4, 0x7d, 0x60, 0x60];
const GET_BLACKLIST_STATUS: [u8; 4] = [0x59, 0xbf, 0x1a, 0xbe];
const BASIS_POINTS_RATE: [u8; 4] = [0xdd, 0x64, 0x4f, 0x72];
const MAXIMUM_FEE: [u8; 4] = [0x35, 0x39, 0x07, 0x14];
/// Event `Approval(address,address,uint256)`.
const APPROVAL_TOPIC: [u8; 32] = [
    0x8c, 0x5b, 0xe1, 0xe5, 0xeb, 0xec, 0x7d, 0x5b, 0xd1, 0x4f, 0x71, 0x42, 0x7d, 0x1e, 0x84, 0xf3,
    0xdd, 0x03, 0x14, 0xc0, 0xf7, 0xb2, 0x29, 0x1e, 0x5b, 0x20, 0x0a, 0xc8, 0xc7, 0xc3, 0xb9, 0x25,
];

const WORD: usize = 32;

/// Everything a function needs to look at.
struct Frame<'a> {
    view: View<'a>,
    token: &'a Token,
    caller: Address,
    arguments: &'a [u8],
    factor: i64,
}

/// Works out a call.
pub(crate) fn call(
    view: View<'_>,
    token: &Token,
    caller: Address,
    data: &[u8],
    call_value: i64,
) -> Call {
    let factor = match view.properties().parameters.get("getAllowDynamicEnergy") {
        1 => view.properties().token.energy_factor,
        _ => 0,
    };
    let selector = data.first_chunk::<4>().copied().unwrap_or_default();
    let frame = Frame { view, token, caller, arguments: data.get(4..).unwrap_or_default(), factor };
    if call_value > 0 {
        return frame.reverted(UNKNOWN_FUNCTION);
    }
    let properties = &view.properties().token;
    let answered = match selector {
        trc20::TRANSFER_SELECTOR => frame.transfer(),
        TRANSFER_FROM => frame.transfer_from(),
        APPROVE => frame.approve(),
        trc20::BALANCE_OF_SELECTOR => {
            frame.address(0).map(|holder| frame.number(BALANCE_OF, view.holder(&holder).balance))
        }
        ALLOWANCE => frame
            .address(0)
            .zip(frame.address(1))
            .map(|(owner, spender)| frame.number(READ, view.allowance(owner, spender))),
        IS_BLACKLISTED | GET_BLACKLIST_STATUS => frame
            .address(0)
            .map(|holder| frame.number(READ, u128::from(view.holder(&holder).is_blacklisted))),
        NAME => Some(frame.returned(READ, text("Tether USD"))),
        SYMBOL => Some(frame.returned(READ, text("USDT"))),
        DECIMALS => Some(frame.number(READ, 6)),
        TOTAL_SUPPLY => Some(frame.number(READ, properties.supply)),
        PAUSED => Some(frame.number(READ, u128::from(properties.is_paused))),
        OWNER => Some(frame.returned(READ, trc20::address_word(token.origin).to_vec())),
        BASIS_POINTS_RATE | MAXIMUM_FEE => Some(frame.number(READ, 0)),
        _ => None,
    };
    answered.unwrap_or_else(|| frame.reverted(UNKNOWN_FUNCTION))
}

/// Carries out what a call worked out.
pub(crate) fn apply(draft: &mut Draft<'_>, writes: Vec<Write>) {
    for write in writes {
        match write {
            Write::Holder(address, holder) => draft.put_holder(address, holder),
            Write::Allowance { owner, spender, amount } => {
                draft.put_allowance(owner, spender, amount);
            }
        }
    }
}

impl Frame<'_> {
    fn word(&self, index: usize) -> Option<&[u8]> {
        self.arguments.get(index * WORD..(index + 1) * WORD)
    }

    fn address(&self, index: usize) -> Option<Address> {
        trc20::decode_address(self.word(index)?).ok()
    }

    /// Amounts past `u128` are more than anybody holds; they read as the largest.
    fn amount(&self, index: usize) -> Option<u128> {
        let word = self.word(index)?;
        Some(trc20::decode_uint256(word).map_or(u128::MAX, |units| units.0))
    }

    fn call(&self, base: i64, last_write: i64, effect: Effect) -> Call {
        Call { cost: Cost::new(base, self.factor, last_write), effect }
    }

    fn returned(&self, base: i64, data: Vec<u8>) -> Call {
        self.call(base, RESET, Effect::Returned { data, logs: Vec::new(), writes: Vec::new() })
    }

    fn number(&self, base: i64, number: u128) -> Call {
        self.returned(base, trc20::uint256_word(TokenUnits(number)).to_vec())
    }

    fn reverted(&self, base: i64) -> Call {
        self.call(base, RESET, Effect::Reverted)
    }

    fn transfer(&self) -> Option<Call> {
        let (to, amount) = (self.address(0)?, self.amount(1)?);
        Some(self.moved(self.caller, to, amount, 0, Vec::new()))
    }

    fn transfer_from(&self) -> Option<Call> {
        let (owner, to, amount) = (self.address(0)?, self.address(1)?, self.amount(2)?);
        let allowed = self.view.allowance(owner, self.caller);
        let Some(amount_left) = allowed.checked_sub(amount) else {
            return Some(self.reverted(REVERT));
        };
        let spent = Write::Allowance { owner, spender: self.caller, amount: amount_left };
        Some(self.moved(owner, to, amount, TRANSFER_FROM_EXTRA, vec![spent]))
    }

    fn moved(
        &self,
        from: Address,
        to: Address,
        amount: u128,
        extra: i64,
        mut writes: Vec<Write>,
    ) -> Call {
        let (sender, recipient) = (self.view.holder(&from), self.view.holder(&to));
        let is_refused = self.view.properties().token.is_paused
            || sender.is_blacklisted
            || recipient.is_blacklisted;
        let Some(left) = sender.balance.checked_sub(amount).filter(|_| !is_refused) else {
            return self.reverted(REVERT);
        };
        writes.push(Write::Holder(from, Holder { balance: left, ..sender }));
        let recipient = if from == to { Holder { balance: left, ..recipient } } else { recipient };
        let Some(balance) = recipient.balance.checked_add(amount) else {
            return self.reverted(REVERT);
        };
        writes.push(Write::Holder(to, Holder { balance, ..recipient }));
        let log = self.log(trc20::TRANSFER_TOPIC, from, to, amount);
        let sets_from_zero = recipient.balance == 0 && amount > 0;
        let (base, last_write) = if sets_from_zero {
            (TRANSFER_TO_NEW, SET_FROM_ZERO)
        } else {
            (TRANSFER_TO_HOLDER, RESET)
        };
        let answer = u128::from(!self.token.returns_false);
        let data = trc20::uint256_word(TokenUnits(answer)).to_vec();
        self.call(base + extra, last_write, Effect::Returned { data, logs: vec![log], writes })
    }

    fn approve(&self) -> Option<Call> {
        let (spender, amount) = (self.address(0)?, self.amount(1)?);
        let owner = self.caller;
        let current = self.view.allowance(owner, spender);
        if self.view.properties().token.is_paused || (amount != 0 && current != 0) {
            return Some(self.reverted(REVERT));
        }
        let base = if current == 0 && amount > 0 { APPROVE_NEW } else { APPROVE_CHANGE };
        let last_write = if base == APPROVE_NEW { SET_FROM_ZERO } else { RESET };
        let effect = Effect::Returned {
            data: trc20::uint256_word(TokenUnits(1)).to_vec(),
            logs: vec![self.log(APPROVAL_TOPIC, owner, spender, amount)],
            writes: vec![Write::Allowance { owner, spender, amount }],
        };
        Some(self.call(base, last_write, effect))
    }

    fn log(&self, topic: [u8; 32], from: Address, to: Address, amount: u128) -> Log {
        Log {
            address: self.token.address,
            topics: vec![topic, trc20::address_word(from), trc20::address_word(to)],
            data: trc20::uint256_word(TokenUnits(amount)).to_vec(),
        }
    }
}

/// A string as the ABI returns it: offset, length, padded bytes.
fn text(value: &str) -> Vec<u8> {
    let length = u128::try_from(value.len()).unwrap_or_default();
    let mut out = trc20::uint256_word(TokenUnits(32)).to_vec();
    out.extend_from_slice(&trc20::uint256_word(TokenUnits(length)));
    out.extend_from_slice(value.as_bytes());
    out.resize(out.len().next_multiple_of(WORD), 0);
    out
}
