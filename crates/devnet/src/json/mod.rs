//! java-tron's JSON: defaults left out, bytes as hex, addresses as hex or base58.
//!
//! Source: java-tron `JsonFormat`, `Util.printTransactionToJSON`.

pub(crate) mod account;
pub(crate) mod block;
mod contract_in;
mod contract_out;
pub(crate) mod info;
mod input;
pub(crate) mod transaction;

use serde_json::{Map, Value};
use tron::{Address, to_hex};

pub(crate) use contract_out::permission;
pub(crate) use input::{Failure, Input};

/// How bytes are shown: `visible` is base58 and text, otherwise hex.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shape {
    pub(crate) is_visible: bool,
}

impl Shape {
    /// Address bytes, valid or not.
    pub(crate) fn address(self, bytes: &[u8]) -> Value {
        match Address::from_slice(bytes) {
            Ok(address) if self.is_visible => Value::from(address.to_string()),
            _ => Value::from(to_hex(bytes)),
        }
    }

    /// A valid address.
    pub(crate) fn known(self, address: &Address) -> Value {
        self.address(address.as_bytes())
    }

    /// Bytes that hold text.
    pub(crate) fn text(self, bytes: &[u8]) -> Value {
        if self.is_visible {
            Value::from(String::from_utf8_lossy(bytes))
        } else {
            Value::from(to_hex(bytes))
        }
    }
}

/// A JSON object that leaves out what protobuf leaves out.
#[derive(Default)]
pub(crate) struct Object(Map<String, Value>);

impl Object {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Always present.
    pub(crate) fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Absent when zero.
    pub(crate) fn int(self, key: &str, value: i64) -> Self {
        if value == 0 { self } else { self.set(key, value) }
    }

    /// Absent when false.
    pub(crate) fn flag(self, key: &str, value: bool) -> Self {
        if value { self.set(key, true) } else { self }
    }

    /// Absent when empty.
    pub(crate) fn string(self, key: &str, value: &str) -> Self {
        if value.is_empty() { self } else { self.set(key, value) }
    }

    /// Bytes as hex, absent when empty.
    pub(crate) fn hex(self, key: &str, value: &[u8]) -> Self {
        if value.is_empty() { self } else { self.set(key, to_hex(value)) }
    }

    /// Bytes that hold text, absent when empty.
    pub(crate) fn text(self, key: &str, value: &[u8], shape: Shape) -> Self {
        if value.is_empty() { self } else { self.set(key, shape.text(value)) }
    }

    /// Address bytes, absent when empty.
    pub(crate) fn address(self, key: &str, value: &[u8], shape: Shape) -> Self {
        if value.is_empty() { self } else { self.set(key, shape.address(value)) }
    }

    /// Absent when empty.
    pub(crate) fn list(self, key: &str, value: Vec<Value>) -> Self {
        if value.is_empty() { self } else { self.set(key, value) }
    }

    pub(crate) fn build(self) -> Value {
        Value::Object(self.0)
    }
}

/// An empty object: how the node says "there is none".
pub(crate) fn nothing() -> Value {
    Value::Object(Map::new())
}
