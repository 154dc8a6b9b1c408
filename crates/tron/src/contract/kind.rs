//! Numbers and names of the contract types.

/// A contract type this room speaks.
///
/// Source: `ContractType` in java-tron `Tron.proto`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each is documented at the Contract variant of the same name")]
pub enum ContractType {
    CreateAccount,
    Transfer,
    Trigger,
    PermissionUpdate,
    Freeze,
    Unfreeze,
    WithdrawExpireUnfreeze,
    Delegate,
    Undelegate,
    CancelAllUnfreeze,
}

impl ContractType {
    /// All of them, by number.
    pub const ALL: [Self; 10] = [
        Self::CreateAccount,
        Self::Transfer,
        Self::Trigger,
        Self::PermissionUpdate,
        Self::Freeze,
        Self::Unfreeze,
        Self::WithdrawExpireUnfreeze,
        Self::Delegate,
        Self::Undelegate,
        Self::CancelAllUnfreeze,
    ];

    /// The protobuf enum number; also the bit in a permission's operations.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::CreateAccount => 0,
            Self::Transfer => 1,
            Self::Trigger => 31,
            Self::PermissionUpdate => 46,
            Self::Freeze => 54,
            Self::Unfreeze => 55,
            Self::WithdrawExpireUnfreeze => 56,
            Self::Delegate => 57,
            Self::Undelegate => 58,
            Self::CancelAllUnfreeze => 59,
        }
    }

    /// The protobuf message name, which is also the `type` in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateAccount => "AccountCreateContract",
            Self::Transfer => "TransferContract",
            Self::Trigger => "TriggerSmartContract",
            Self::PermissionUpdate => "AccountPermissionUpdateContract",
            Self::Freeze => "FreezeBalanceV2Contract",
            Self::Unfreeze => "UnfreezeBalanceV2Contract",
            Self::WithdrawExpireUnfreeze => "WithdrawExpireUnfreezeContract",
            Self::Delegate => "DelegateResourceContract",
            Self::Undelegate => "UnDelegateResourceContract",
            Self::CancelAllUnfreeze => "CancelAllUnfreezeV2Contract",
        }
    }

    /// The `Any` type URL.
    #[must_use]
    pub fn type_url(self) -> String {
        format!("type.googleapis.com/protocol.{}", self.name())
    }

    /// The type with this number, if this room speaks it.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.number() == number)
    }

    /// The type with this name, if this room speaks it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}
