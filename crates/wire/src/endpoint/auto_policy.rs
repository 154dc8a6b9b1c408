//! `auto-delegate-policy`: energy kept available on one address for some days.
//!
//! Source: api-contract 5.12 to 5.14, Q34. The list's rows are in [`super::policy_item`].

use domain::policy::limits::PERIOD_DAYS_MAX;
use tron::{Address, Energy, Sun};

use crate::canon::Object;
use crate::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};
use crate::endpoint::field;
use crate::endpoint::policy_item::{AUTO_MEMBERS, EXAMPLE_ADDRESS, LIST_PARAMETERS};
use crate::error::{self, FieldErrors};
use crate::names;

/// What is described in the interface's document.
pub const ENDPOINT: Endpoint = Endpoint {
    name: "auto_policy",
    method: Method::Post,
    path: names::PATH_AUTO_POLICY,
    title: "Keep energy available on an address",
    text: "What is missing is ordered for a day each time; each is an order of its own. Asked for again, \
           its days begin anew.",
    caller: Caller::Signature,
    takes: &[
        Field::new(names::PERIOD, Kind::Integer(1, PERIOD_DAYS_MAX), "7", "days"),
        Field::new(names::RECEIVE_ADDRESS, Kind::Address, EXAMPLE_ADDRESS, "the activated address"),
        Field::new(
            names::MAX_ENERGY,
            Kind::COUNT,
            "65000",
            "energy to keep available; 0: what its transfers take",
        )
        .optional(),
    ],
    answers: Answer::Object(&[
        Field::new(names::ERRNO, Kind::ZERO, "0", "0"),
        Field::new(
            names::MESSAGE,
            Kind::Text(64),
            "\"1 smart delegate has been added\"",
            "no error",
        ),
        Field::new(names::BALANCE, Kind::Sun, "813900029257", "what is left, in sun"),
    ]),
    errno: Errno::Never,
    more_statuses: &[],
};

/// What is described in the interface's document.
pub const LIST_ENDPOINT: Endpoint = Endpoint {
    name: "auto_policy_list",
    method: Method::Get,
    path: names::PATH_AUTO_POLICY,
    title: "Policies that keep energy available",
    text: "Newest first.",
    caller: Caller::Key,
    takes: LIST_PARAMETERS,
    answers: Answer::List(AUTO_MEMBERS),
    errno: Errno::Never,
    more_statuses: &[404],
};

/// What is described in the interface's document.
pub const STATUS_ENDPOINT: Endpoint = Endpoint {
    name: "auto_policy_status",
    method: Method::Post,
    path: names::PATH_AUTO_POLICY_STATUS,
    title: "Switch a policy that keeps energy available",
    text: "Somebody else's policy is not found.",
    caller: Caller::Signature,
    takes: &[Field::new(names::STATUS, Kind::Choice(&[0, 1]), "1", "1 on, 0 off")],
    answers: Answer::Object(&[Field::new(names::ERRNO, Kind::ZERO, "0", "0")]),
    errno: Errno::Never,
    more_statuses: &[404],
};

/// What a merchant asks for with `POST auto-delegate-policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoPolicyRequest {
    /// `period`: days, as a number here.
    pub period_days: i64,
    /// `receive_address`
    pub receiver: Address,
    /// `max_energy`; `None` follows what the address's transfers take.
    pub energy: Option<Energy>,
}

impl AutoPolicyRequest {
    /// Reads the body of a request; `energy_min` and `energy_max` bound what can be ordered. Members
    /// that are not ours are ignored.
    ///
    /// Errors: everything that is wrong, in the order of the documents.
    pub fn parse(body: &Object, energy_min: i64, energy_max: i64) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let days = 1..=PERIOD_DAYS_MAX;
        let period_days = field::required_integer(body, names::PERIOD, days, &mut errors);
        let receiver = field::required_address(body, names::RECEIVE_ADDRESS, &mut errors);
        let energy = match field::optional_integer(body, names::MAX_ENERGY, &mut errors) {
            Some(0) => None,
            energy => {
                field::between(energy, energy_min..=energy_max, names::MAX_ENERGY, &mut errors)
            }
        };
        match (period_days, receiver) {
            (Some(period_days), Some(receiver)) if errors.is_empty() => {
                Ok(Self { period_days, receiver, energy: energy.map(Energy::new) })
            }
            _ => Err(errors),
        }
    }

    /// The JSON of the answer. A `message` on success, as documented.
    #[must_use]
    pub fn answer(balance: Sun) -> String {
        Object::new()
            .with(names::ERRNO, 0)
            .with(names::MESSAGE, error::AUTO_POLICY_ADDED)
            .with(names::BALANCE, balance.get())
            .to_json()
    }
}

/// What a merchant asks for with `POST auto-delegate-policy/{id}/change-status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoPolicyStatus {
    /// `status`: 1 on, 0 off.
    pub is_on: bool,
}

impl AutoPolicyStatus {
    /// Reads the body of a request.
    ///
    /// Errors: what is wrong with it.
    pub fn parse(body: &Object) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let is_on = |text: &str| match text {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        };
        let is_on = field::required_choice(body, names::STATUS, is_on, &mut errors);
        is_on.map(|is_on| Self { is_on }).ok_or(errors)
    }

    /// The JSON of the answer.
    #[must_use]
    pub fn answer() -> String {
        Object::new().with(names::ERRNO, 0).to_json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVER: &str = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw";

    fn parse(rest: &str) -> Result<AutoPolicyRequest, FieldErrors> {
        let body = format!(r#"{{"receive_address":"{RECEIVER}"{rest}}}"#);
        AutoPolicyRequest::parse(&Object::parse(body.as_bytes()).unwrap(), 10_000, 100_000_000)
    }

    #[test]
    fn a_period_is_1_to_30_days_as_a_number() {
        assert_eq!(parse(r#","period":1"#).unwrap().period_days, 1);
        assert_eq!(parse(r#","period":"30""#).unwrap().period_days, 30);
        for (sent, text) in [
            ("0", "Ensure this value is greater than or equal to 1."),
            ("31", "Ensure this value is less than or equal to 30."),
            ("\"1D\"", "A valid integer is required."),
            ("null", "This field may not be null."),
        ] {
            assert_eq!(parse(&format!(r#","period":{sent}"#)).unwrap_err().about("period"), [text]);
        }
    }

    #[test]
    fn energy_is_left_to_the_address_or_within_the_bounds_of_an_order() {
        let energy = |sent: &str| parse(&format!(r#","period":1{sent}"#));
        assert_eq!(energy("").unwrap().energy, None);
        assert_eq!(energy(r#","max_energy":0"#).unwrap().energy, None);
        assert_eq!(energy(r#","max_energy":65000"#).unwrap().energy, Some(Energy::new(65_000)));
        let errors = energy(r#","max_energy":9999"#).unwrap_err();
        assert_eq!(
            errors.about("max_energy"),
            ["Ensure this value is greater than or equal to 10000."]
        );
    }

    #[test]
    fn a_status_is_1_or_0() {
        let status = |sent: &str| {
            AutoPolicyStatus::parse(&Object::parse(sent.as_bytes()).unwrap())
                .map(|status| status.is_on)
        };
        assert_eq!(status(r#"{"status":1}"#), Ok(true));
        assert_eq!(status(r#"{"status":"0"}"#), Ok(false));
        let errors = status(r#"{"status":2}"#).unwrap_err();
        assert_eq!(errors.about("status"), ["\"2\" is not a valid choice."]);
        assert_eq!(status("{}").unwrap_err().about("status"), ["This field is required."]);
    }

    #[test]
    fn the_answers_are_the_documented_ones() {
        assert_eq!(
            AutoPolicyRequest::answer(Sun::new(813_900_029_257)),
            r#"{"errno":0,"message":"1 smart delegate has been added","balance":813900029257}"#
        );
        assert_eq!(AutoPolicyStatus::answer(), r#"{"errno":0}"#);
    }
}
