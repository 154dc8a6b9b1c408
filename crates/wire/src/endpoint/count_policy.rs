//! `count-delegate-policy`: a number of transfers bought for one address, and changes of that.
//!
//! Source: api-contract 5.9 to 5.11, Q22 to Q24. The list's rows are in
//! [`super::policy_item`].

use domain::policy::limits::{TIMES_MAX, TIMES_MIN, UNUSED_DAYS_MAX};
use tron::{Address, Sun};

use crate::canon::Object;
use crate::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};
use crate::endpoint::field;
use crate::endpoint::policy_item::{COUNT_MEMBERS, EXAMPLE_ADDRESS, LIST_PARAMETERS};
use crate::error::{self, FieldErrors};
use crate::names;

/// What is described in the interface's document.
pub const ENDPOINT: Endpoint = Endpoint {
    name: "count_policy",
    method: Method::Post,
    path: names::PATH_COUNT_POLICY,
    title: "Buy transfers for an address",
    text: "Keeps the energy of one transfer on the address and refills it as soon as it is used. Nothing \
           is charged now; each refill is an order of its own. Bought again, transfers are added.",
    caller: Caller::Signature,
    takes: &[
        Field::new(names::TIMES, Kind::Integer(0, TIMES_MAX), "5", "5 to 1000, or 0: perpetual"),
        Field::new(names::RECEIVE_ADDRESS, Kind::Address, EXAMPLE_ADDRESS, "the activated address"),
        Field::new(names::BANDWIDTH, Kind::Choice(&[0, 1]), "0", "as old samples ask").optional(),
        Field::new(names::COUNT_BANDWIDTH_LIMIT, Kind::Flag, "false", "see to bandwidth")
            .optional(),
        Field::new(
            names::UNUSED_TIMES_THRESHOLD,
            Kind::Integer(1, UNUSED_DAYS_MAX),
            "2",
            "idle days",
        )
        .optional(),
    ],
    answers: Answer::Object(&[
        Field::new(names::ERRNO, Kind::ZERO, "0", "0"),
        Field::new(names::BALANCE, Kind::Sun, "813900029257", "what is left, in sun"),
    ]),
    errno: Errno::Never,
    more_statuses: &[],
};

/// What is described in the interface's document.
pub const LIST_ENDPOINT: Endpoint = Endpoint {
    name: "count_policy_list",
    method: Method::Get,
    path: names::PATH_COUNT_POLICY,
    title: "Policies that count transfers",
    text: "Newest first.",
    caller: Caller::Key,
    takes: LIST_PARAMETERS,
    answers: Answer::List(COUNT_MEMBERS),
    errno: Errno::Never,
    more_statuses: &[404],
};

/// What is described in the interface's document.
pub const EDIT_ENDPOINT: Endpoint = Endpoint {
    name: "count_policy_edit",
    method: Method::Post,
    path: names::PATH_COUNT_POLICY_EDIT,
    title: "Change the policy of an address",
    text: "What is left out stays as it is. The answer is the policy.",
    caller: Caller::Signature,
    takes: &[
        Field::new(names::RECEIVE_ADDRESS, Kind::Address, EXAMPLE_ADDRESS, "whose policy"),
        Field::new(names::COUNT_BANDWIDTH_LIMIT, Kind::Flag, "false", "see to bandwidth")
            .optional(),
        Field::new(
            names::COUNT_LIMIT_DYNAMIC,
            Kind::Integer(-CHANGE_MAX, CHANGE_MAX),
            "0",
            "transfers to add to what is left, or to take away",
        )
        .optional(),
        Field::new(names::IS_ALWAYS, Kind::Flag, "false", "perpetual").optional(),
        Field::new(names::PAUSE, Kind::Flag, "true", "pause or resume").optional(),
    ],
    answers: Answer::Object(COUNT_MEMBERS),
    errno: Errno::Never,
    more_statuses: &[404],
};

/// Transfers bought, or perpetual.
const PERPETUAL: i64 = 0;
/// Most transfers that one edit adds or takes away.
const CHANGE_MAX: i64 = TIMES_MAX;

/// What a merchant asks for with `POST count-delegate-policy`. Absent options leave a known policy as
/// it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountPolicyRequest {
    /// `times`: 0 is perpetual.
    pub times: i64,
    /// `receive_address`
    pub receiver: Address,
    /// `count_bandwidth_limit`, or `bandwidth` of old samples.
    pub has_bandwidth: Option<bool>,
    /// `unused_times_threshold`: idle days.
    pub unused_days_max: Option<i64>,
}

impl CountPolicyRequest {
    /// Reads the body of a request. Members that are not ours are ignored.
    ///
    /// Errors: everything that is wrong, in the order of the documents.
    pub fn parse(body: &Object) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let times = times(body, &mut errors);
        let receiver = field::required_address(body, names::RECEIVE_ADDRESS, &mut errors);
        let old = field::optional_bool(body, names::BANDWIDTH, &mut errors);
        let has_bandwidth = field::optional_bool(body, names::COUNT_BANDWIDTH_LIMIT, &mut errors);
        let name = names::UNUSED_TIMES_THRESHOLD;
        let days = field::optional_integer(body, name, &mut errors);
        let unused_days_max = field::between(days, 1..=UNUSED_DAYS_MAX, name, &mut errors);
        match (times, receiver) {
            (Some(times), Some(receiver)) if errors.is_empty() => {
                Ok(Self { times, receiver, has_bandwidth: has_bandwidth.or(old), unused_days_max })
            }
            _ => Err(errors),
        }
    }

    /// The JSON of the answer. No id: the list finds the policy by its address.
    #[must_use]
    pub fn answer(balance: Sun) -> String {
        Object::new().with(names::ERRNO, 0).with(names::BALANCE, balance.get()).to_json()
    }
}

/// 0, or from the least to the most that is sold at once.
fn times(body: &Object, errors: &mut FieldErrors) -> Option<i64> {
    match field::required_integer(body, names::TIMES, i64::MIN..=i64::MAX, errors) {
        Some(PERPETUAL) => Some(PERPETUAL),
        times => field::between(times, TIMES_MIN..=TIMES_MAX, names::TIMES, errors),
    }
}

/// What a merchant asks for with `POST count-delegate-policy/edit-address`. All but the address may be
/// absent, and then stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountPolicyEdit {
    /// `receive_address`: whose policy.
    pub receiver: Address,
    /// `count_bandwidth_limit`
    pub has_bandwidth: Option<bool>,
    /// `count_limit_dynamic`: transfers to add to what is left, or to take away.
    pub change: i64,
    /// `is_always`
    pub is_perpetual: Option<bool>,
    /// `pause`
    pub is_paused: Option<bool>,
}

impl CountPolicyEdit {
    /// Reads the body of a request. Members that are not ours are ignored.
    ///
    /// Errors: everything that is wrong, in the order in which the known client sends it.
    pub fn parse(body: &Object) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let receiver = field::required_address(body, names::RECEIVE_ADDRESS, &mut errors);
        let has_bandwidth = field::optional_bool(body, names::COUNT_BANDWIDTH_LIMIT, &mut errors);
        let name = names::COUNT_LIMIT_DYNAMIC;
        let change = field::optional_integer(body, name, &mut errors);
        let change = field::between(change, -CHANGE_MAX..=CHANGE_MAX, name, &mut errors);
        let is_perpetual = field::optional_bool(body, names::IS_ALWAYS, &mut errors);
        let is_paused = field::optional_bool(body, names::PAUSE, &mut errors);
        match receiver {
            Some(receiver) if errors.is_empty() => Ok(Self {
                receiver,
                has_bandwidth,
                change: change.unwrap_or(0),
                is_perpetual,
                is_paused,
            }),
            _ => Err(errors),
        }
    }

    /// More is to be taken away than is left.
    #[must_use]
    pub fn too_few_left(left: i64) -> FieldErrors {
        FieldErrors::one(names::COUNT_LIMIT_DYNAMIC, error::below_min(-left))
    }

    /// More is to be added than a policy can hold; `room` is what fits.
    #[must_use]
    pub fn too_many_left(room: i64) -> FieldErrors {
        FieldErrors::one(names::COUNT_LIMIT_DYNAMIC, error::above_max(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVER: &str = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw";

    fn bought(rest: &str) -> Result<CountPolicyRequest, FieldErrors> {
        let body = format!(r#"{{"receive_address":"{RECEIVER}"{rest}}}"#);
        CountPolicyRequest::parse(&Object::parse(body.as_bytes()).unwrap())
    }

    fn edited(rest: &str) -> Result<CountPolicyEdit, FieldErrors> {
        let body = format!(r#"{{"receive_address":"{RECEIVER}"{rest}}}"#);
        CountPolicyEdit::parse(&Object::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn what_the_2025_client_sends_is_perpetual_with_defaults() {
        let sent = r#","times":0,"unused_times_threshold":"","count_bandwidth_limit":false"#;
        let request = bought(sent).unwrap();
        assert_eq!((request.times, request.has_bandwidth), (0, Some(false)));
        assert_eq!(request.unused_days_max, None);
    }

    #[test]
    fn old_samples_ask_for_bandwidth_with_a_number() {
        for (sent, has) in [
            ("", None),
            (r#","bandwidth":0"#, Some(false)),
            (r#","bandwidth":1"#, Some(true)),
            (r#","bandwidth":"1""#, Some(true)),
            (r#","bandwidth":1,"count_bandwidth_limit":false"#, Some(false)),
            (r#","bandwidth":null,"count_bandwidth_limit":"true""#, Some(true)),
        ] {
            assert_eq!(
                bought(&format!(r#","times":5{sent}"#)).unwrap().has_bandwidth,
                has,
                "{sent}"
            );
        }
        let errors = bought(r#","times":5,"bandwidth":2"#).unwrap_err();
        assert_eq!(errors.about("bandwidth"), ["Must be a valid boolean."]);
    }

    #[test]
    fn times_are_0_or_5_to_1000() {
        for (sent, times) in [("0", 0), ("5", 5), ("\"5\"", 5), ("1000", 1_000)] {
            assert_eq!(bought(&format!(r#","times":{sent}"#)).unwrap().times, times);
        }
        for (sent, text) in [
            ("4", "Ensure this value is greater than or equal to 5."),
            ("-1", "Ensure this value is greater than or equal to 5."),
            ("1001", "Ensure this value is less than or equal to 1000."),
            ("0.5", "A valid integer is required."),
            ("\"\"", "A valid integer is required."),
            ("true", "A valid integer is required."),
            ("99999999999999999999", "Ensure this value is less than or equal to 1000."),
            ("null", "This field may not be null."),
        ] {
            let errors = bought(&format!(r#","times":{sent}"#)).unwrap_err();
            assert_eq!(errors.about("times"), [text], "{sent}");
        }
        assert_eq!(bought("").unwrap_err().about("times"), ["This field is required."]);
    }

    #[test]
    fn idle_days_have_limits() {
        let days = |sent: &str| bought(&format!(r#","times":5,"unused_times_threshold":{sent}"#));
        assert_eq!(days("30").unwrap().unused_days_max, Some(30));
        assert_eq!(days("null").unwrap().unused_days_max, None);
        for (sent, text) in [
            ("0", "Ensure this value is greater than or equal to 1."),
            ("31", "Ensure this value is less than or equal to 30."),
            ("\"x\"", "A valid integer is required."),
        ] {
            assert_eq!(days(sent).unwrap_err().about("unused_times_threshold"), [text]);
        }
    }

    #[test]
    fn what_the_2025_client_edits() {
        let sent = r#","count_bandwidth_limit":false,"count_limit_dynamic":0,"is_always":false,"pause":true"#;
        let edit = edited(sent).unwrap();
        assert_eq!((edit.change, edit.is_paused, edit.is_perpetual), (0, Some(true), Some(false)));
        let edit = edited("").unwrap();
        assert_eq!((edit.change, edit.is_paused, edit.has_bandwidth), (0, None, None));
        assert_eq!(edited(r#","count_limit_dynamic":-3"#).unwrap().change, -3);
        let errors = edited(r#","count_limit_dynamic":1001,"pause":"maybe""#).unwrap_err();
        let about: Vec<_> = errors.iter().map(|(field, _)| field).collect();
        assert_eq!(about, ["count_limit_dynamic", "pause"]);
    }

    #[test]
    fn the_answer_is_the_documented_one() {
        let json = CountPolicyRequest::answer(Sun::new(813_900_029_257));
        assert_eq!(json, r#"{"errno":0,"balance":813900029257}"#);
    }
}
