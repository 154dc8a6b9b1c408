//! Reading a request the way a node reads it.

use serde_json::Value;
use tron::{Address, TxId};

use super::Shape;
use crate::execute::Rejected;

/// An error that a node answers as `{"Error": "class … : …"}` with status 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    class: &'static str,
    message: String,
}

impl Failure {
    pub(crate) fn null_pointer() -> Self {
        Self { class: "java.lang.NullPointerException", message: "null".to_owned() }
    }

    pub(crate) fn parse(message: impl Into<String>) -> Self {
        Self {
            class: "org.tron.core.services.http.JsonFormat$ParseException",
            message: message.into(),
        }
    }

    pub(crate) fn json(message: impl Into<String>) -> Self {
        Self { class: "com.alibaba.fastjson.JSONException", message: message.into() }
    }

    /// What the node's own rate limiter says.
    pub(crate) fn limiter() -> Self {
        Self {
            class: "java.lang.IllegalAccessException",
            message: "lack of computing resources".to_owned(),
        }
    }

    /// A builder's complaint about the contract.
    pub(crate) fn contract(rejected: &Rejected) -> Self {
        let message = match rejected {
            Rejected::Validate(text) | Rejected::Execute(text) => text.clone(),
            Rejected::Signature(_)
            | Rejected::Bandwidth
            | Rejected::Duplicate
            | Rejected::Tapos
            | Rejected::TooBig(_)
            | Rejected::Expired
            | Rejected::Busy
            | Rejected::Known
            | Rejected::Unsolidified
            | Rejected::NoConnection
            | Rejected::FewConnections
            | Rejected::RelayFailed
            | Rejected::Other(_) => rejected.message(),
        };
        Self { class: "org.tron.core.exception.ContractValidateException", message }
    }

    /// A complaint without a class, as the block endpoints have.
    pub(crate) const fn plain(message: String) -> Self {
        Self { class: "", message }
    }

    pub(crate) fn body(&self) -> Value {
        let text = if self.class.is_empty() {
            self.message.clone()
        } else {
            format!("class {} : {}", self.class, self.message)
        };
        serde_json::json!({ "Error": text })
    }
}

/// The fields of a request: a JSON body, or the parameters of a query, which are all strings.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    fields: &'a Value,
    is_query: bool,
    pub(crate) shape: Shape,
}

impl<'a> Input<'a> {
    pub(crate) fn new(fields: &'a Value, is_query: bool) -> Self {
        let is_visible = match &fields["visible"] {
            Value::Bool(flag) => *flag,
            Value::String(text) => is_query && text == "true",
            Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
        };
        Self { fields, is_query, shape: Shape { is_visible } }
    }

    /// A part of the request, read with the same `visible`.
    pub(crate) fn part(&self, key: &str) -> Self {
        Self { fields: &self.fields[key], ..*self }
    }

    /// The parts of a list; anything else is an empty list.
    pub(crate) fn parts(&self, key: &str) -> impl Iterator<Item = Self> {
        let items = self.fields[key].as_array().map_or(&[][..], Vec::as_slice);
        items.iter().map(|fields| Self { fields, ..*self })
    }

    pub(crate) const fn value(&self) -> &'a Value {
        self.fields
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        !self.fields[key].is_null()
    }

    /// A string, empty when absent.
    pub(crate) fn string(&self, key: &str) -> Result<&'a str, Failure> {
        let value = &self.fields[key];
        if value.is_null() {
            return Ok("");
        }
        value.as_str().ok_or_else(|| Failure::parse(format!("Expected string, found {value}")))
    }

    /// A 64-bit integer, 0 when absent. Quoted numbers are only read from a query.
    pub(crate) fn int(&self, key: &str) -> Result<i64, Failure> {
        let value = &self.fields[key];
        if value.is_null() {
            return Ok(0);
        }
        if let Some(text) = value.as_str().filter(|_| self.is_query) {
            return text.parse().map_err(|_| Failure {
                class: "java.lang.NumberFormatException",
                message: format!("For input string: \"{text}\""),
            });
        }
        value.as_i64().ok_or_else(|| Failure::parse(format!("Couldn't parse integer: {value}")))
    }

    /// A 32-bit integer, 0 when absent.
    pub(crate) fn small(&self, key: &str) -> Result<i32, Failure> {
        let number = self.int(key)?;
        i32::try_from(number).map_err(|_| {
            Failure::parse(format!("Number out of range for 32-bit signed integer: {number}"))
        })
    }

    /// A block number; negative ones are no block.
    pub(crate) fn height(&self, key: &str) -> Result<Option<u64>, Failure> {
        Ok(u64::try_from(self.int(key)?).ok())
    }

    pub(crate) fn flag(&self, key: &str) -> Result<bool, Failure> {
        let value = &self.fields[key];
        if value.is_null() {
            return Ok(false);
        }
        if let Some(text) = value.as_str().filter(|_| self.is_query) {
            return Ok(text == "true");
        }
        value
            .as_bool()
            .ok_or_else(|| Failure::parse(format!("Expected \"true\" or \"false\", found {value}")))
    }

    /// Bytes in hex, empty when absent.
    pub(crate) fn bytes(&self, key: &str) -> Result<Vec<u8>, Failure> {
        let text = self.string(key)?;
        hex::decode(text.strip_prefix("0x").unwrap_or(text))
            .map_err(|_| Failure::parse("1:1: INVALID hex String"))
    }

    /// Address bytes in the request's form, valid or not; empty when absent.
    pub(crate) fn address_bytes(&self, key: &str) -> Result<Vec<u8>, Failure> {
        let text = self.string(key)?;
        if !self.shape.is_visible || text.is_empty() {
            return self.bytes(key);
        }
        match text.parse::<Address>() {
            Ok(address) => Ok(address.as_bytes().to_vec()),
            Err(_) if self.is_query => Ok(Vec::new()),
            Err(_) => Err(Failure::null_pointer()),
        }
    }

    /// An address, or `None` for bytes that are none: no such account then.
    pub(crate) fn address(&self, key: &str) -> Result<Option<Address>, Failure> {
        Ok(Address::from_slice(&self.address_bytes(key)?).ok())
    }

    /// Bytes of text: hex, or the text itself when `visible`.
    pub(crate) fn text_bytes(&self, key: &str) -> Result<Vec<u8>, Failure> {
        if self.shape.is_visible {
            Ok(self.string(key)?.as_bytes().to_vec())
        } else {
            self.bytes(key)
        }
    }

    /// A transaction id, or `None` for bytes that are none.
    pub(crate) fn txid(&self, key: &str) -> Result<Option<TxId>, Failure> {
        Ok(self.bytes(key)?.try_into().ok().map(TxId::from_bytes))
    }

    /// A resource by name or number; unknown numbers are kept, the contract refuses them.
    pub(crate) fn resource(&self, key: &str) -> Result<i32, Failure> {
        match &self.fields[key] {
            Value::Null => Ok(0),
            Value::String(name) => match name.as_str() {
                "BANDWIDTH" | "0" => Ok(0),
                "ENERGY" | "1" => Ok(1),
                "TRON_POWER" | "2" => Ok(2),
                other => Err(Failure::parse(format!(
                    "Enum type \"protocol.ResourceCode\" has no value named \"{other}\"."
                ))),
            },
            Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                self.small(key)
            }
        }
    }
}
