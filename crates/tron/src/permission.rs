//! Who may sign what: permissions and their bitmap of operations.

use std::fmt;

use crate::address::Address;
use crate::contract::ContractType;
use crate::proto;
use crate::tx::DecodeError;

/// Which contract types an active permission allows: bit `t % 8` of byte `t / 8`.
///
/// Source: java-tron `WalletUtil.checkPermissionOperations`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operations([u8; 32]);

impl Operations {
    /// Nothing is allowed.
    pub const NONE: Self = Self([0; 32]);

    /// Delegate and undelegate and nothing else: all that a pool wallet's hot key may do, so that a
    /// leaked key cannot move money.
    pub const DELEGATE_AND_UNDELEGATE: Self = {
        let mut bits = [0; 32];
        bits[7] = 0x06;
        Self(bits)
    };

    /// The bitmap from its 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether a contract type, by its number, is allowed; numbers without a bit are not.
    #[must_use]
    pub fn allows(&self, type_number: i32) -> bool {
        let Ok(bit) = usize::try_from(type_number) else { return false };
        self.0.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0)
    }

    /// This bitmap with one more type allowed.
    #[must_use]
    pub fn with(mut self, kind: ContractType) -> Self {
        let bit = usize::try_from(kind.number()).expect("contract type numbers are 0 to 59");
        self.0[bit / 8] |= 1 << (bit % 8);
        self
    }
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::to_hex(self.0))
    }
}

/// What a permission is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PermissionKind {
    /// Everything; id 0.
    Owner,
    /// Producing blocks; id 1.
    Witness,
    /// What its operations allow; ids 2 and up.
    Active,
}

impl PermissionKind {
    /// The protobuf enum number.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Owner => 0,
            Self::Witness => 1,
            Self::Active => 2,
        }
    }

    /// The kind with this number.
    #[must_use]
    pub const fn from_code(code: i32) -> Option<Self> {
        match code {
            0 => Some(Self::Owner),
            1 => Some(Self::Witness),
            2 => Some(Self::Active),
            _ => None,
        }
    }
}

/// One key of a permission and how much its signature weighs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PermissionKey {
    /// The address of the key.
    pub address: Address,
    /// Its weight.
    pub weight: i64,
}

/// Keys that together may act for an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permission {
    /// What it is for.
    pub kind: PermissionKind,
    /// 0 owner, 1 witness, 2.. active, as `Permission_id` of a transaction names it.
    pub id: i32,
    /// A label, at most 32 bytes.
    pub name: String,
    /// Weight that the signatures must reach together.
    pub threshold: i64,
    /// Only active permissions have a bitmap.
    pub operations: Option<Operations>,
    /// One to five.
    pub keys: Vec<PermissionKey>,
}

impl Permission {
    /// An owner permission with one key.
    #[must_use]
    pub fn owner(address: Address) -> Self {
        Self {
            kind: PermissionKind::Owner,
            id: 0,
            name: "owner".to_owned(),
            threshold: 1,
            operations: None,
            keys: vec![PermissionKey { address, weight: 1 }],
        }
    }

    /// An active permission with one key.
    #[must_use]
    pub fn active(id: i32, name: &str, operations: Operations, address: Address) -> Self {
        Self {
            kind: PermissionKind::Active,
            id,
            name: name.to_owned(),
            threshold: 1,
            operations: Some(operations),
            keys: vec![PermissionKey { address, weight: 1 }],
        }
    }

    /// The protobuf message.
    #[must_use]
    pub fn to_message(&self) -> proto::PermissionMessage {
        proto::PermissionMessage {
            r#type: self.kind.code(),
            id: self.id,
            permission_name: self.name.clone(),
            threshold: self.threshold,
            parent_id: 0,
            operations: self.operations.map_or_else(Vec::new, |bits| bits.as_bytes().to_vec()),
            keys: self
                .keys
                .iter()
                .map(|key| proto::KeyMessage {
                    address: key.address.as_bytes().to_vec(),
                    weight: key.weight,
                })
                .collect(),
        }
    }

    /// Reads the protobuf message.
    ///
    /// Errors: an unknown kind, a bitmap that is not 32 bytes, a key that is no address.
    pub fn from_message(message: &proto::PermissionMessage) -> Result<Self, DecodeError> {
        let operations = match message.operations.as_slice() {
            [] => None,
            bits => Some(Operations(bits.try_into().map_err(|_| DecodeError::Permission)?)),
        };
        let key = |key: &proto::KeyMessage| {
            Address::from_slice(&key.address)
                .map(|address| PermissionKey { address, weight: key.weight })
        };
        Ok(Self {
            kind: PermissionKind::from_code(message.r#type).ok_or(DecodeError::Permission)?,
            id: message.id,
            name: message.permission_name.clone(),
            threshold: message.threshold,
            operations,
            keys: message.keys.iter().map(key).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_follow_the_published_table() {
        for (kind, byte, mask) in [
            (ContractType::CreateAccount, 0, 0x01),
            (ContractType::Transfer, 0, 0x02),
            (ContractType::Trigger, 3, 0x80),
            (ContractType::PermissionUpdate, 5, 0x40),
            (ContractType::Freeze, 6, 0x40),
            (ContractType::Unfreeze, 6, 0x80),
            (ContractType::WithdrawExpireUnfreeze, 7, 0x01),
            (ContractType::Delegate, 7, 0x02),
            (ContractType::Undelegate, 7, 0x04),
            (ContractType::CancelAllUnfreeze, 7, 0x08),
        ] {
            let mut bits = [0; 32];
            bits[byte] = mask;
            assert_eq!(Operations::NONE.with(kind), Operations(bits), "{kind:?}");
            assert!(Operations(bits).allows(kind.number()));
        }
    }

    #[test]
    fn the_hot_key_bitmap_allows_lending_and_nothing_else() {
        let hot = Operations::DELEGATE_AND_UNDELEGATE;
        assert_eq!(
            format!("{hot:?}"),
            "0000000000000006000000000000000000000000000000000000000000000000"
        );
        for number in -1..300 {
            assert_eq!(hot.allows(number), number == 57 || number == 58, "{number}");
        }
    }
}
