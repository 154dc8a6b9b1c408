//! Whatever can be meant can be read back; whatever comes in never panics.

use proptest::prelude::*;
use tron::permission::{PermissionKey, PermissionKind};
use tron::{
    Address, Contract, DecodeError, LockPeriodBlocks, Operations, Permission, RawTx, RefBlock,
    Resource, SignedTx, Sun,
};

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address::from_evm)
}

fn sun() -> impl Strategy<Value = Sun> {
    any::<i64>().prop_map(Sun::new)
}

fn resource() -> impl Strategy<Value = Resource> {
    prop_oneof![Just(Resource::Bandwidth), Just(Resource::Energy)]
}

fn permission() -> impl Strategy<Value = Permission> {
    let kind = prop_oneof![
        Just(PermissionKind::Owner),
        Just(PermissionKind::Witness),
        Just(PermissionKind::Active)
    ];
    let key =
        (address(), any::<i64>()).prop_map(|(address, weight)| PermissionKey { address, weight });
    (
        kind,
        any::<i32>(),
        "[a-z]{0,8}",
        any::<i64>(),
        any::<Option<[u8; 32]>>(),
        prop::collection::vec(key, 0..3),
    )
        .prop_map(|(kind, id, name, threshold, bits, keys)| {
            let operations = bits.map(Operations::from_bytes);
            Permission { kind, id, name, threshold, operations, keys }
        })
}

fn contract() -> impl Strategy<Value = Contract> {
    let lock = any::<Option<u32>>().prop_map(|blocks| blocks.map(LockPeriodBlocks::new));
    prop_oneof![
        (address(), address())
            .prop_map(|(owner, account)| Contract::CreateAccount { owner, account }),
        (address(), address(), sun()).prop_map(|(owner, to, amount)| Contract::Transfer {
            owner,
            to,
            amount
        }),
        (address(), address(), resource(), sun(), lock).prop_map(
            |(owner, receiver, resource, balance, lock)| Contract::Delegate {
                owner,
                receiver,
                resource,
                balance,
                lock
            }
        ),
        (address(), address(), resource(), sun()).prop_map(
            |(owner, receiver, resource, balance)| Contract::Undelegate {
                owner,
                receiver,
                resource,
                balance
            }
        ),
        (address(), address(), any::<Vec<u8>>(), sun()).prop_map(
            |(owner, contract, data, call_value)| Contract::Trigger {
                owner,
                contract,
                data,
                call_value
            }
        ),
        (address(), sun(), resource()).prop_map(|(owner, balance, resource)| Contract::Freeze {
            owner,
            balance,
            resource
        }),
        (address(), sun(), resource()).prop_map(|(owner, balance, resource)| Contract::Unfreeze {
            owner,
            balance,
            resource
        }),
        address().prop_map(|owner| Contract::WithdrawExpireUnfreeze { owner }),
        address().prop_map(|owner| Contract::CancelAllUnfreeze { owner }),
        (
            address(),
            permission(),
            prop::option::of(permission()),
            prop::collection::vec(permission(), 0..3)
        )
            .prop_map(
                |(owner, owner_permission, witness_permission, active_permissions)| {
                    Contract::PermissionUpdate {
                        owner,
                        owner_permission,
                        witness_permission,
                        active_permissions,
                    }
                }
            ),
    ]
}

fn raw_tx() -> impl Strategy<Value = RawTx> {
    (
        contract(),
        any::<([u8; 2], [u8; 8])>(),
        any::<(i64, i64)>(),
        sun(),
        any::<i32>(),
        any::<Vec<u8>>(),
    )
        .prop_map(
            |(contract, (bytes, hash), (expiration_ms, timestamp_ms), fee_limit, id, memo)| RawTx {
                contract,
                ref_block: RefBlock { bytes, hash },
                expiration_ms,
                timestamp_ms,
                fee_limit,
                permission_id: id,
                memo,
            },
        )
}

proptest! {
    #[test]
    fn raw_transactions_round_trip(raw in raw_tx()) {
        prop_assert_eq!(RawTx::decode(&raw.encode()), Ok(raw));
    }

    #[test]
    fn no_bytes_make_the_decoders_panic(bytes in any::<Vec<u8>>()) {
        let _ = RawTx::decode(&bytes);
        let _ = SignedTx::from_bytes(&bytes);
        let _ = tron::trc20::decode_transfer_call(&bytes);
    }

    #[test]
    fn a_damaged_transaction_is_refused_or_means_exactly_its_bytes(
        raw in raw_tx(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = raw.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = RawTx::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}

#[test]
fn an_unknown_field_is_not_signed_unseen() {
    let raw = RawTx {
        contract: Contract::WithdrawExpireUnfreeze { owner: Address::from_evm([1; 20]) },
        ref_block: RefBlock { bytes: [0; 2], hash: [0; 8] },
        expiration_ms: 1,
        timestamp_ms: 1,
        fee_limit: Sun::ZERO,
        permission_id: 0,
        memo: Vec::new(),
    };
    let mut bytes = raw.encode();
    bytes.extend_from_slice(&[0x98, 0x06, 0x01]);
    assert_eq!(RawTx::decode(&bytes), Err(DecodeError::NotCanonical));
}
