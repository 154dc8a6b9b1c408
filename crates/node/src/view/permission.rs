//! Who may sign for an address, read from an answer of `getaccount`.

use serde_json::Value;
use tron::permission::{PermissionKey, PermissionKind};
use tron::{Operations, Permission};

use crate::json::{self, Problem, Read};

/// Reads one permission. `kind` is where it was found: the JSON omits it for the owner permission.
pub(crate) fn read(value: &Value, kind: PermissionKind) -> Read<Permission> {
    let operations = match json::text(value, "operations")? {
        "" => None,
        hex => Some(Operations::from_bytes(json::bytes_of(hex, "operations")?)),
    };
    let Ok(id) = i32::try_from(json::natural(value, "id")?) else {
        return json::bad("id", Problem::OutOfRange);
    };
    Ok(Permission {
        kind,
        id,
        name: json::shortened(json::text(value, "permission_name")?),
        threshold: json::integer(value, "threshold")?,
        operations,
        keys: json::list(value, "keys")?.iter().map(read_key).collect::<Read<_>>()?,
    })
}

fn read_key(value: &Value) -> Read<PermissionKey> {
    Ok(PermissionKey {
        address: json::address(value, "address")?,
        weight: json::integer(value, "weight")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hot_key_permission_is_read_whole() {
        let permission = read(
            &json!({
                "type": "Active", "id": 2, "permission_name": "active", "threshold": 1,
                "operations": "0000000000000006000000000000000000000000000000000000000000000000",
                "keys": [{"address": "417e5f4552091a69125d5dfcb7b8c2659029395bdf", "weight": 1}],
            }),
            PermissionKind::Active,
        )
        .unwrap();
        let key = "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC".parse().unwrap();
        let operations = Operations::DELEGATE_AND_UNDELEGATE;
        assert_eq!(permission, Permission::active(2, "active", operations, key));
    }

    #[test]
    fn odd_permissions_are_unreadable() {
        for (value, field) in [
            (json!({"operations": "7fff"}), "operations"),
            (json!({"id": i64::MAX}), "id"),
            (json!({"keys": [{"weight": 1}]}), "address"),
            (json!({"threshold": "1"}), "threshold"),
        ] {
            assert_eq!(read(&value, PermissionKind::Active).unwrap_err().field, field);
        }
    }
}
