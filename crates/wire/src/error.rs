//! What a merchant reads when something is refused: three bodies and every sentence in them.
//!
//! | body | HTTP status | when |
//! |---|---|---|
//! | `{"errno": 404, "message": "…"}` | 200 | a query finds nothing |
//! | `{"scene": ["…"], …}` | 400 | the request is wrong; every wrong field at once |
//! | `{"detail": "…"}` | 400, 403, 404, 429, 5xx | the request is right but cannot be granted |
//!
//! The platform is built on Django REST Framework and clients match its English sentences, so the
//! sentences that exist there are kept to the letter; the rest are ours in the same voice.
//! Source: api-contract 4; framework texts of `rest_framework.fields`.

use crate::canon::{Object, ParseError, Value};
use crate::names;

/// An answer that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorBody {
    /// HTTP 200, `errno` and `message`.
    Errno {
        /// Never 0.
        errno: i64,
        /// Why.
        message: String,
    },
    /// HTTP 400, field by field.
    Fields(FieldErrors),
    /// Any other status, one sentence.
    Detail(String),
}

/// What is wrong with a request, by field, in the order in which the fields are documented.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldErrors {
    fields: Vec<(String, Vec<String>)>,
}

impl ErrorBody {
    /// The answer to a query for an order that does not exist or belongs to somebody else.
    #[must_use]
    pub fn order_not_found() -> Self {
        Self::Errno { errno: ERRNO_NOT_FOUND, message: ORDER_NOT_FOUND.to_owned() }
    }

    /// One sentence.
    #[must_use]
    pub fn detail(text: impl Into<String>) -> Self {
        Self::Detail(text.into())
    }

    /// The JSON of the answer.
    #[must_use]
    pub fn to_json(&self) -> String {
        let object = match self {
            Self::Errno { errno, message } => {
                Object::new().with(names::ERRNO, *errno).with(names::MESSAGE, message.as_str())
            }
            Self::Fields(fields) => fields.to_object(),
            Self::Detail(text) => Object::new().with(names::DETAIL, text.as_str()),
        };
        object.to_json()
    }

    /// Reads an answer as the documents tell clients to: `detail` first, then `errno`, else every
    /// list of strings is a field. `None` if the answer is not an error.
    #[must_use]
    pub fn read(answer: &Object) -> Option<Self> {
        if let Some(text) = answer.get(names::DETAIL).and_then(Value::as_text) {
            return Some(Self::detail(text));
        }
        if let Some(errno) = answer.get(names::ERRNO) {
            let errno = errno.as_i64().filter(|errno| *errno != 0)?;
            let message = answer.get(names::MESSAGE).and_then(Value::as_text).unwrap_or_default();
            return Some(Self::Errno { errno, message: message.to_owned() });
        }
        let mut fields = FieldErrors::new();
        for (name, value) in answer.members() {
            for text in value.as_list().unwrap_or_default().iter().filter_map(Value::as_text) {
                fields.push(name, text);
            }
        }
        if fields.is_empty() { None } else { Some(Self::Fields(fields)) }
    }
}

impl FieldErrors {
    /// Nothing wrong yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { fields: Vec::new() }
    }

    /// One thing wrong with one field.
    #[must_use]
    pub fn one(field: &str, text: impl Into<String>) -> Self {
        let mut errors = Self::new();
        errors.push(field, text);
        errors
    }

    /// The body is not a JSON object.
    #[must_use]
    pub fn unreadable(error: &ParseError) -> Self {
        let text = if let ParseError::NotAnObject(kind) = error {
            not_a_dictionary(kind)
        } else {
            json_parse_error(error)
        };
        Self::one(names::NON_FIELD_ERRORS, text)
    }

    /// The host of `callback_url` is, or resolves to, an address that is not public.
    #[must_use]
    pub fn callback_host_not_public() -> Self {
        Self::one(names::CALLBACK_URL, CALLBACK_NOT_PUBLIC)
    }

    /// `receive_address` is a contract, which cannot sign a transfer.
    #[must_use]
    pub fn receiver_is_contract() -> Self {
        Self::one(names::RECEIVE_ADDRESS, RECEIVER_IS_CONTRACT)
    }

    /// `receive_address` belongs to the server's own pool.
    #[must_use]
    pub fn receiver_is_pool() -> Self {
        Self::one(names::RECEIVE_ADDRESS, RECEIVER_IS_POOL)
    }

    /// The token contract refuses to move this address's tokens; energy would not help.
    #[must_use]
    pub fn transfer_reverts() -> Self {
        Self::one(names::RECEIVE_ADDRESS, TRANSFER_REVERTS)
    }

    /// The token contract refuses to move tokens to `to_address`, and would let them go elsewhere.
    #[must_use]
    pub fn transfer_to_reverts() -> Self {
        Self::one(names::TO_ADDRESS, TRANSFER_TO_REVERTS)
    }

    /// The idempotency key was used with another body or path.
    #[must_use]
    pub fn idempotency_key_reused() -> Self {
        Self::one(names::IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_REUSED)
    }

    /// `out_trade_no` was used before, and the key is set to strict.
    #[must_use]
    pub fn reference_reused() -> Self {
        Self::one(names::OUT_TRADE_NO, REFERENCE_REUSED)
    }

    /// Adds a sentence about a field.
    pub fn push(&mut self, field: &str, text: impl Into<String>) {
        match self.fields.iter_mut().find(|(name, _)| name == field) {
            Some((_, texts)) => texts.push(text.into()),
            None => self.fields.push((field.to_owned(), vec![text.into()])),
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The sentences about a field.
    #[must_use]
    pub fn about(&self, field: &str) -> &[String] {
        self.fields.iter().find(|(name, _)| name == field).map_or(&[], |(_, texts)| texts)
    }

    /// Every field with its sentences.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.fields.iter().map(|(name, texts)| (name.as_str(), texts.as_slice()))
    }

    fn to_object(&self) -> Object {
        self.iter().fold(Object::new(), |object, (name, texts)| {
            object
                .with(name, texts.iter().map(|text| Value::from(text.as_str())).collect::<Vec<_>>())
        })
    }
}

/// The only `errno` that we answer besides [`ERRNO_BAD_QUERY`].
pub const ERRNO_NOT_FOUND: i64 = 404;
/// A query names neither parameter. Not a 400: a known client reads the query's body only on 200.
pub const ERRNO_BAD_QUERY: i64 = 1;
/// `errno` body.
pub const ORDER_NOT_FOUND: &str = "Order not found";
/// `errno` body.
pub const QUERY_NAMES_NO_ORDER: &str = "serial or out_trade_no is required.";

/// Field text: the field is missing.
pub const REQUIRED: &str = "This field is required.";
/// Field text: the field is `null`.
pub const NULL: &str = "This field may not be null.";
/// Field text: the field is empty.
pub const BLANK: &str = "This field may not be blank.";
/// Field text: neither a string nor a number.
pub const NOT_A_STRING: &str = "Not a valid string.";
/// Field text: not an integer.
pub const NOT_AN_INTEGER: &str = "A valid integer is required.";
/// Field text: neither true nor false.
pub const NOT_A_BOOLEAN: &str = "Must be a valid boolean.";
/// Field text: not an http or https URL.
pub const NOT_A_URL: &str = "Enter a valid URL.";
/// Field text, ours: Base58Check does not hold.
pub const NOT_AN_ADDRESS: &str = "Enter a valid TRON address.";
/// Field text, ours: a transfer to oneself.
pub const SAME_ADDRESS: &str = "This address must differ from receive_address.";
/// Field text, ours: characters that no two languages serialise alike.
pub const NOT_PLAIN_ASCII: &str =
    "Only printable ASCII characters other than \"<\", \">\" and \"&\" are allowed.";
/// Field text, ours: not one of the visible ASCII characters.
pub const NOT_PRINTABLE_ASCII: &str = "Only printable ASCII characters are allowed.";
/// Field text, ours: see [`FieldErrors::callback_host_not_public`].
pub const CALLBACK_NOT_PUBLIC: &str = "This URL does not point to a public address.";
/// Field text, ours: see [`FieldErrors::receiver_is_contract`].
pub const RECEIVER_IS_CONTRACT: &str = "This address is a contract.";
/// Field text, ours: see [`FieldErrors::receiver_is_pool`].
pub const RECEIVER_IS_POOL: &str = "This address belongs to the pool.";
/// Field text, ours: see [`FieldErrors::transfer_reverts`].
pub const TRANSFER_REVERTS: &str = "The token contract refuses a transfer from this address.";
/// Field text, ours: see [`FieldErrors::transfer_to_reverts`].
pub const TRANSFER_TO_REVERTS: &str = "The token contract refuses a transfer to this address.";
/// Field text, ours: see [`FieldErrors::idempotency_key_reused`].
pub const IDEMPOTENCY_KEY_REUSED: &str = "This key was used for a different request.";
/// Field text, ours: see [`FieldErrors::reference_reused`].
pub const REFERENCE_REUSED: &str = "An order with this out_trade_no already exists.";

/// Detail text: no such `API-KEY`, or none sent.
pub const KEY_NOT_FOUND: &str = "API not found";
/// Detail text: the signature is missing, is not 64 hex digits, or does not match.
pub const INVALID_SIGNATURE: &str = "Invalid signature";
/// Detail text: the signed time is missing or is not ten digits.
pub const INVALID_TIMESTAMP: &str = "Invalid timestamp: 10 digits of Unix seconds are expected.";
/// Detail text, ours: a signed request was sent again to another path.
pub const REPLAYED_ELSEWHERE: &str = "This signed request was already used for another path.";
/// Detail text: clients look for the part `Insufficient funds`.
pub const INSUFFICIENT_FUNDS: &str = "Insufficient funds";
/// Detail text, ours: nothing was charged and trying again is safe.
pub const CHAIN_UNREADABLE: &str =
    "The TRON network cannot be read at the moment. Nothing was charged; please try again.";
/// Detail text, ours: the pool cannot serve the order now.
pub const NO_CAPACITY: &str =
    "Not enough energy is available at the moment. Nothing was charged; please try again.";
/// Detail text, ours: no wallet has the TRX that a transfer takes.
pub const NO_FLOAT: &str =
    "TRX cannot be sent at the moment. Nothing was charged; please try again later.";
/// Detail text, ours: every node refused a transfer; it is nowhere.
pub const TRANSFER_REFUSED: &str =
    "The TRON network refused the transfer. Nothing was charged; please try again.";
/// Detail text, ours: the operator has stopped the merchant.
pub const MERCHANT_PAUSED: &str = "Orders are paused for this account.";
/// Detail text, ours: the key's list of networks does not hold the address that the request came from.
pub const ADDRESS_NOT_ALLOWED: &str = "This API key may not be used from this address.";
/// Detail text, ours: the key's cap for the day would be exceeded; nothing was charged.
pub const CAP_EXCEEDED: &str = "The daily limit of this API key does not cover this order.";
/// Detail text: there is no such policy, or it is somebody else's; the framework's words for a 404.
pub const NOT_FOUND: &str = "Not found.";
/// Message text of a success: the page prints it.
pub const AUTO_POLICY_ADDED: &str = "1 smart delegate has been added";
/// Detail text: the framework's words for a page that a list does not have. HTTP 404.
pub const INVALID_PAGE: &str = "Invalid page.";
/// Detail text: our own fault.
pub const INTERNAL: &str = "A server error occurred.";

/// Field text: the value is not among those allowed; `value` as the client wrote it.
#[must_use]
pub fn not_a_choice(value: &str) -> String {
    format!("\"{value}\" is not a valid choice.")
}

/// Field text: below the least value.
#[must_use]
pub fn below_min(min: i64) -> String {
    format!("Ensure this value is greater than or equal to {min}.")
}

/// Field text: above the largest value.
#[must_use]
pub fn above_max(max: i64) -> String {
    format!("Ensure this value is less than or equal to {max}.")
}

/// Field text: too long.
#[must_use]
pub fn longer_than(max_chars: usize) -> String {
    format!("Ensure this field has no more than {max_chars} characters.")
}

/// Field text: the body is JSON but not an object; `kind` is the framework's word for what it is.
#[must_use]
pub fn not_a_dictionary(kind: &str) -> String {
    format!("Invalid data. Expected a dictionary, but got {kind}.")
}

/// Field text: the body is not JSON that we read.
#[must_use]
pub fn json_parse_error(error: &ParseError) -> String {
    format!("JSON parse error - {error}.")
}

/// Detail text: clients look for the part `is the inactive address.`
#[must_use]
pub fn inactive_address(address: tron::Address) -> String {
    format!("{address} is the inactive address.")
}

/// Detail text, ours: too many orders wait on one address.
#[must_use]
pub fn too_many_open(open: usize) -> String {
    format!("{open} orders are already open on this address.")
}

/// Detail text, ours: the key lacks the scope that the call needs.
#[must_use]
pub fn lacks_scope(scope: domain::key::Scope) -> String {
    format!("This API key may not do that: it lacks the scope \"{}\".", scope.name())
}

/// Detail text: the framework's words for a 429.
#[must_use]
pub fn throttled(available_in_secs: u64) -> String {
    format!("Request was throttled. Expected available in {available_in_secs} seconds.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_bodies_are_as_documented_and_read_back() {
        let mut fields = FieldErrors::one("energy_amount", below_min(10_000));
        fields.push("period", not_a_choice("1X"));
        for (body, json) in [
            (ErrorBody::order_not_found(), r#"{"errno":404,"message":"Order not found"}"#),
            (ErrorBody::detail(KEY_NOT_FOUND), r#"{"detail":"API not found"}"#),
            (
                ErrorBody::Fields(fields),
                r#"{"energy_amount":["Ensure this value is greater than or equal to 10000."],"period":["\"1X\" is not a valid choice."]}"#,
            ),
        ] {
            assert_eq!(body.to_json(), json);
            assert_eq!(ErrorBody::read(&Object::parse(json.as_bytes()).unwrap()), Some(body));
        }
    }

    #[test]
    fn an_answer_that_is_fine_is_not_read_as_an_error() {
        for fine in [r#"{"errno":0,"message":"request accept"}"#, r#"{"price":100}"#, "{}"] {
            assert_eq!(ErrorBody::read(&Object::parse(fine.as_bytes()).unwrap()), None, "{fine}");
        }
    }

    #[test]
    fn the_two_fragments_that_clients_match_are_there() {
        let address = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw".parse().unwrap();
        assert!(inactive_address(address).contains("is the inactive address."));
        assert!(INSUFFICIENT_FUNDS.contains("Insufficient funds"));
    }

    #[test]
    fn two_things_wrong_with_one_field_stay_in_one_list() {
        let mut errors = FieldErrors::one("scene", REQUIRED);
        errors.push("scene", NULL);
        assert_eq!(errors.about("scene"), [REQUIRED, NULL]);
        assert_eq!(errors.about("other"), [""; 0]);
        assert_eq!(errors.iter().count(), 1);
    }
}
