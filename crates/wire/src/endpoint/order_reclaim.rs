//! `POST order/reclaim`: end one order early.
//!
//! Source: api-contract 5.5. That it may be repeated, that nothing is refunded and that no further
//! callback follows is ours.

use domain::OrderId;

use crate::canon::Object;
use crate::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};
use crate::endpoint::field;
use crate::error::FieldErrors;
use crate::names;

/// What is described in the interface's document.
pub const ENDPOINT: Endpoint = Endpoint {
    name: "order_reclaim",
    method: Method::Post,
    path: names::PATH_ORDER_RECLAIM,
    title: "End one order early",
    text: "What it lent is taken back soon after; nothing is refunded. Asking again does no harm. An \
           order that does not exist, or is somebody else's, is answered with 200 and errno 404.",
    caller: Caller::Signature,
    takes: &[Field::new(
        names::SERIAL,
        Kind::Serial,
        r#""00000000000070008000000000000001""#,
        "the order",
    )],
    answers: Answer::Object(&[
        Field::new(names::ERRNO, Kind::ZERO, "0", "0"),
        Field::new(names::MESSAGE, Kind::Text(64), r#""request accept""#, "it was noted"),
    ]),
    errno: Errno::WithOk,
    more_statuses: &[],
};

/// What a merchant asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReclaimRequest {
    /// `serial`; `None` for a text that is no serial of ours, which names no order.
    pub order: Option<OrderId>,
}

impl ReclaimRequest {
    /// Reads the body of a request. Members that are not ours are ignored.
    ///
    /// Errors: there is no serial.
    pub fn parse(body: &Object) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let serial = field::required_text(body, names::SERIAL, &mut errors);
        serial.map(|serial| Self { order: OrderId::parse(&serial) }).ok_or(errors)
    }
}

/// The answer: it was noted, and happens by itself. HTTP 200.
#[must_use]
pub fn accepted() -> String {
    Object::new().with(names::ERRNO, 0).with(names::MESSAGE, names::REQUEST_ACCEPTED).to_json()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_needed_and_any_text_is_one() {
        let parse = |body: &str| ReclaimRequest::parse(&Object::parse(body.as_bytes()).unwrap());
        let serial = "00000000000070008000000000000001";
        let found = parse(&format!(r#"{{"serial":"{serial}"}}"#)).unwrap();
        assert_eq!(found.order, OrderId::parse(serial));
        for other in [r#"{"serial":"7297"}"#, r#"{"serial":123}"#] {
            assert_eq!(parse(other), Ok(ReclaimRequest { order: None }), "{other}");
        }
        for (body, text) in [
            ("{}", "This field is required."),
            (r#"{"serial":null}"#, "This field may not be null."),
            (r#"{"serial":" "}"#, "This field may not be blank."),
            (r#"{"serial":["a"]}"#, "Not a valid string."),
        ] {
            assert_eq!(parse(body).unwrap_err().about("serial"), [text], "{body}");
        }
    }

    #[test]
    fn the_answer_is_the_documented_one() {
        assert_eq!(accepted(), r#"{"errno":0,"message":"request accept"}"#);
    }
}
