//! What a merchant's key may do: scopes, addresses that may use it, and a cap on a day's spend.
//!
//! Scopes and addresses are checked before anything is read; the cap is checked inside the commit that
//! holds the money, so that two requests at once cannot exceed it together.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use tron::Sun;

/// Most networks in one key's list.
pub const ALLOWED_NETWORKS_MAX: usize = 64;

/// One thing that a key may be used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Read orders, prices, policies, balances.
    Read,
    /// Buy energy: orders, reclaims, policies.
    Order,
    /// Send TRX out of the pool at the merchant's cost.
    Transfer,
}

/// What a key may be used for; a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scopes(u8);

/// The networks that requests with a key may come from; empty: from anywhere.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AllowList(Vec<IpNet>);

/// What bounds a key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeyLimits {
    /// What it may be used for.
    pub scopes: Scopes,
    /// Where it may be used.
    pub allowed_from: AllowList,
    /// Most that it may spend in a day of UTC+8, in sun; no limit if absent.
    pub daily_cap: Option<Sun>,
}

/// A key's cap beside what it has spent, as both are inside the transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeySpend {
    /// Most that it may spend in a day, in sun; no limit if absent.
    pub daily_cap: Option<Sun>,
    /// Spent on the day in question: what was charged, less what was given back of it, in sun.
    pub spent: Sun,
}

/// A charge would exceed a key's cap for the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the key may spend {cap} a day, {spent} are spent and {need} are needed")]
pub struct CapExceeded {
    /// Most that it may spend.
    pub cap: Sun,
    /// Spent on this day.
    pub spent: Sun,
    /// What this would cost.
    pub need: Sun,
}

/// A text that is not what it should be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyTextError {
    /// Not a scope.
    #[error("\"{0}\" is not a scope: read, order and transfer are")]
    Scope(String),
    /// No scope at all.
    #[error("a key needs at least one scope: read, order, transfer")]
    NoScope,
    /// Neither an address nor a network.
    #[error("\"{0}\" is neither an IP address nor a network such as 203.0.113.0/24")]
    Network(String),
    /// Too many networks.
    #[error("at most {ALLOWED_NETWORKS_MAX} networks can be listed")]
    TooMany,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Read, Self::Order, Self::Transfer];

    /// Its word in listings and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Order => "order",
            Self::Transfer => "transfer",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Order => 2,
            Self::Transfer => 4,
        }
    }
}

impl Scopes {
    /// Every scope: what a key of the platform may do.
    pub const ALL: Self = Self(7);

    /// These scopes.
    ///
    /// Errors: there is none.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, KeyTextError> {
        let bits = scopes.into_iter().fold(0, |bits, scope| bits | scope.bit());
        if bits == 0 { Err(KeyTextError::NoScope) } else { Ok(Self(bits)) }
    }

    /// The set of a number from [`Self::number`].
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self(1)),
            2 => Some(Self(2)),
            3 => Some(Self(3)),
            4 => Some(Self(4)),
            5 => Some(Self(5)),
            6 => Some(Self(6)),
            7 => Some(Self(7)),
            _ => None,
        }
    }

    /// The number that stands for it in rows: 1 read, 2 order, 4 transfer, added up.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0 as i64
    }

    /// Whether this scope is in it.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The scopes in it.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Scope {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or_else(|| KeyTextError::Scope(text.to_owned()))
    }
}

impl AllowList {
    /// These networks; an address alone is the network of itself.
    ///
    /// Errors: a text is neither, or there are more than [`ALLOWED_NETWORKS_MAX`].
    pub fn of<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, KeyTextError> {
        let networks: Vec<IpNet> = texts
            .into_iter()
            .map(|text| network(text.as_ref().trim()))
            .collect::<Result<_, _>>()?;
        if networks.len() > ALLOWED_NETWORKS_MAX {
            return Err(KeyTextError::TooMany);
        }
        Ok(Self(networks))
    }

    /// Whether a request from this address may use the key. An IPv4 address in IPv6 clothes counts as
    /// the IPv4 address.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        self.0.is_empty() || self.contains(address)
    }

    /// Whether the address is in one of the networks.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether it lists nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The networks as text.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(ToString::to_string)
    }
}

impl fmt::Display for AllowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts().collect::<Vec<_>>().join(","))
    }
}

impl KeySpend {
    /// Refuses a charge that would take the day's spend past the cap; one that reaches it is fine.
    ///
    /// Errors: [`CapExceeded`].
    pub fn check(&self, need: Sun) -> Result<(), CapExceeded> {
        match self.daily_cap {
            Some(cap) if self.spent.get().saturating_add(need.get()) > cap.get() => {
                Err(CapExceeded { cap, spent: self.spent, need })
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn network(text: &str) -> Result<IpNet, KeyTextError> {
    let address = text.parse().map(|address: IpAddr| IpNet::from(address.to_canonical()));
    let network = address.or_else(|_| text.parse::<IpNet>());
    network.map(|network| network.trunc()).map_err(|_| KeyTextError::Network(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_of_scopes_has_a_number_and_reads_back() {
        for number in 1..=7 {
            let scopes = Scopes::from_number(number).unwrap();
            assert_eq!(scopes.number(), number);
            assert_eq!(Scopes::of(scopes.iter()), Ok(scopes));
        }
        assert_eq!((Scopes::from_number(0), Scopes::from_number(8)), (None, None));
        assert_eq!(Scopes::of([]), Err(KeyTextError::NoScope));
        assert_eq!(Scopes::ALL.to_string(), "read,order,transfer");
        assert_eq!("order".parse(), Ok(Scope::Order));
        assert_eq!("Order".parse::<Scope>(), Err(KeyTextError::Scope("Order".to_owned())));
    }

    #[test]
    fn only_listed_networks_are_allowed_and_an_empty_list_allows_all() {
        let list = |texts: &[&str]| AllowList::of(texts.iter().copied()).unwrap();
        let allows = |texts: &[&str], address: &str| list(texts).allows(address.parse().unwrap());
        assert!(allows(&[], "198.51.100.7"));
        assert!(allows(&["198.51.100.7"], "198.51.100.7"));
        assert!(!allows(&["198.51.100.7"], "198.51.100.8"));
        assert!(allows(&["10.0.0.0/8", "198.51.100.0/24"], "198.51.100.255"));
        assert!(allows(&["198.51.100.0/24"], "::ffff:198.51.100.9"), "IPv4 in IPv6 clothes");
        assert!(allows(&["2001:db8::/32"], "2001:db8:1::1"));
        assert!(!allows(&["2001:db8::/32"], "198.51.100.9"));
        assert_eq!(list(&["198.51.100.77/24", "::1"]).to_string(), "198.51.100.0/24,::1/128");
        for bad in ["", "300.1.1.1", "10.0.0.0/33", "example.org"] {
            assert_eq!(AllowList::of([bad]), Err(KeyTextError::Network(bad.to_owned())));
        }
        assert!(AllowList::of(vec!["::1"; ALLOWED_NETWORKS_MAX]).is_ok());
        let many = AllowList::of(vec!["::1"; ALLOWED_NETWORKS_MAX + 1]);
        assert_eq!(many, Err(KeyTextError::TooMany));
    }

    #[test]
    fn a_cap_may_be_reached_and_not_passed() {
        let spend = |cap: Option<i64>, spent| KeySpend {
            daily_cap: cap.map(Sun::new),
            spent: Sun::new(spent),
        };
        let check = |spend: KeySpend, need| spend.check(Sun::new(need)).is_ok();
        assert!(check(spend(None, i64::MAX), i64::MAX));
        assert!(check(spend(Some(10), 4), 6));
        assert!(!check(spend(Some(10), 4), 7));
        assert!(!check(spend(Some(10), 11), 0), "a cap that was lowered below what is spent");
        assert!(!check(spend(Some(i64::MAX - 1), i64::MAX), 1), "sums do not wrap");
    }
}
