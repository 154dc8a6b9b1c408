//! What a transaction does: one of ten contracts.

mod codec;
mod kind;

use crate::address::Address;
use crate::amount::Sun;
use crate::permission::Permission;
use crate::resource::Resource;

pub use kind::ContractType;

/// For how long the chain refuses an undelegate, in blocks of 3 s.
///
/// Source: java-tron `DelegateResourceActuator`; mainnet allows up to 864 000 (30 days) and reads
/// zero as 86 400 (3 days).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LockPeriodBlocks(u32);

impl LockPeriodBlocks {
    /// The longest period mainnet accepts.
    pub const MAX: Self = Self(864_000);

    /// A period in blocks.
    #[must_use]
    pub const fn new(blocks: u32) -> Self {
        Self(blocks)
    }

    /// The number of blocks.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// What a transaction does. `owner` is always who pays and whose permission signs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Contract {
    /// Activates an address without moving value.
    CreateAccount {
        /// Payer.
        owner: Address,
        /// The new address.
        account: Address,
    },
    /// Moves TRX; activates `to` when it is new.
    Transfer {
        /// Sender.
        owner: Address,
        /// Recipient.
        to: Address,
        /// More than zero.
        amount: Sun,
    },
    /// Lends staked resource.
    Delegate {
        /// Whose stake is lent.
        owner: Address,
        /// Who may use the resource.
        receiver: Address,
        /// Which one.
        resource: Resource,
        /// **Staked sun, not energy**; at least 1 TRX.
        balance: Sun,
        /// When set, the chain refuses an undelegate for this long.
        lock: Option<LockPeriodBlocks>,
    },
    /// Takes lent resource back.
    Undelegate {
        /// Whose stake was lent.
        owner: Address,
        /// Who had it.
        receiver: Address,
        /// Which one.
        resource: Resource,
        /// Staked sun to take back; any positive amount.
        balance: Sun,
    },
    /// Calls a contract.
    Trigger {
        /// Caller.
        owner: Address,
        /// Callee.
        contract: Address,
        /// Selector and arguments.
        data: Vec<u8>,
        /// TRX sent along.
        call_value: Sun,
    },
    /// Stakes TRX.
    Freeze {
        /// Whose TRX.
        owner: Address,
        /// How much; at least 1 TRX.
        balance: Sun,
        /// For which resource.
        resource: Resource,
    },
    /// Begins to unlock staked TRX; it returns after 14 days.
    Unfreeze {
        /// Whose stake.
        owner: Address,
        /// How much.
        balance: Sun,
        /// From which resource.
        resource: Resource,
    },
    /// Collects what finished unlocking.
    WithdrawExpireUnfreeze {
        /// Whose stake.
        owner: Address,
    },
    /// Stakes again what has not finished unlocking.
    CancelAllUnfreeze {
        /// Whose stake.
        owner: Address,
    },
    /// Replaces all permissions of an account; costs 100 TRX.
    PermissionUpdate {
        /// Whose permissions.
        owner: Address,
        /// Who may do everything.
        owner_permission: Permission,
        /// Only for block producers.
        witness_permission: Option<Permission>,
        /// One to eight limited permissions.
        active_permissions: Vec<Permission>,
    },
}

impl Contract {
    /// Who pays and signs.
    #[must_use]
    pub const fn owner(&self) -> Address {
        match self {
            Self::CreateAccount { owner, .. }
            | Self::Transfer { owner, .. }
            | Self::Delegate { owner, .. }
            | Self::Undelegate { owner, .. }
            | Self::Trigger { owner, .. }
            | Self::Freeze { owner, .. }
            | Self::Unfreeze { owner, .. }
            | Self::WithdrawExpireUnfreeze { owner }
            | Self::CancelAllUnfreeze { owner }
            | Self::PermissionUpdate { owner, .. } => *owner,
        }
    }

    /// Which of the network's types this is.
    #[must_use]
    pub const fn contract_type(&self) -> ContractType {
        match self {
            Self::CreateAccount { .. } => ContractType::CreateAccount,
            Self::Transfer { .. } => ContractType::Transfer,
            Self::Delegate { .. } => ContractType::Delegate,
            Self::Undelegate { .. } => ContractType::Undelegate,
            Self::Trigger { .. } => ContractType::Trigger,
            Self::Freeze { .. } => ContractType::Freeze,
            Self::Unfreeze { .. } => ContractType::Unfreeze,
            Self::WithdrawExpireUnfreeze { .. } => ContractType::WithdrawExpireUnfreeze,
            Self::CancelAllUnfreeze { .. } => ContractType::CancelAllUnfreeze,
            Self::PermissionUpdate { .. } => ContractType::PermissionUpdate,
        }
    }

    /// The network's number for the type.
    #[must_use]
    pub const fn type_number(&self) -> i32 {
        self.contract_type().number()
    }

    /// The network's name for the type, as in JSON.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        self.contract_type().name()
    }
}
