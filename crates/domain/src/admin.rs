//! What a token of the admin interface may do.

use std::fmt;
use std::str::FromStr;

/// One part of the admin interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdminScope {
    /// Look at everything; no secret is ever shown.
    Read,
    /// Add, change and pause merchants; add, bind and revoke their keys; stop their policies.
    Merchants,
    /// Credit and debit.
    Money,
    /// Change price lists.
    Prices,
    /// Enable and disable wallets.
    Pool,
    /// Replay callbacks.
    Callbacks,
    /// Make, start and stop batches, whose orders their merchants pay for.
    Batches,
}

/// What a token may do; a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdminScopes(u8);

/// A text that is not a scope, or none at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AdminScopeError {
    /// Not a scope.
    #[error(
        "\"{0}\" is not a scope: read, merchants, money, prices, pool, callbacks and batches are"
    )]
    Unknown(String),
    /// No scope at all.
    #[error(
        "a token needs at least one scope: read, merchants, money, prices, pool, callbacks, batches"
    )]
    None,
}

impl AdminScope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::Merchants,
        Self::Money,
        Self::Prices,
        Self::Pool,
        Self::Callbacks,
        Self::Batches,
    ];

    /// Its word in listings and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Merchants => "merchants",
            Self::Money => "money",
            Self::Prices => "prices",
            Self::Pool => "pool",
            Self::Callbacks => "callbacks",
            Self::Batches => "batches",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Merchants => 2,
            Self::Money => 4,
            Self::Prices => 8,
            Self::Pool => 16,
            Self::Callbacks => 32,
            Self::Batches => 64,
        }
    }
}

impl FromStr for AdminScope {
    type Err = AdminScopeError;

    fn from_str(text: &str) -> Result<Self, AdminScopeError> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or_else(|| AdminScopeError::Unknown(text.to_owned()))
    }
}

impl AdminScopes {
    /// These scopes.
    ///
    /// Errors: there is none.
    pub fn of(scopes: impl IntoIterator<Item = AdminScope>) -> Result<Self, AdminScopeError> {
        let bits = scopes.into_iter().fold(0, |bits, scope| bits | scope.bit());
        if bits == 0 { Err(AdminScopeError::None) } else { Ok(Self(bits)) }
    }

    /// The set of a number from [`Self::number`].
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        u8::try_from(number).ok().filter(|bits| (1..128).contains(bits)).map(Self)
    }

    /// The number that stands for it in rows: 1 read, 2 merchants, 4 money, 8 prices, 16 pool, 32
    /// callbacks, 64 batches, added up.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0 as i64
    }

    /// Whether this scope is in it.
    #[must_use]
    pub const fn has(self, scope: AdminScope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The scopes in it.
    pub fn iter(self) -> impl Iterator<Item = AdminScope> {
        AdminScope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl fmt::Display for AdminScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(AdminScope::name).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_of_scopes_has_a_number_and_reads_back() {
        for number in 1..128 {
            let scopes = AdminScopes::from_number(number).unwrap();
            assert_eq!(scopes.number(), number);
            assert_eq!(AdminScopes::of(scopes.iter()), Ok(scopes));
            let names: Result<Vec<AdminScope>, _> =
                scopes.to_string().split(',').map(str::parse).collect();
            assert_eq!(AdminScopes::of(names.unwrap()), Ok(scopes));
        }
        for number in [-1, 0, 128, 256] {
            assert_eq!(AdminScopes::from_number(number), None);
        }
        assert_eq!(AdminScopes::of([]), Err(AdminScopeError::None));
        let unknown = AdminScopeError::Unknown("root".to_owned());
        assert_eq!("root".parse::<AdminScope>(), Err(unknown));
    }
}
