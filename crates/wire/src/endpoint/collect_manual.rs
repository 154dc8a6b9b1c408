//! `POST order/collect-manual`: see to everything an address lacks for one USDT transfer.
//!
//! Source: `collection-api-seed`, api-contract 5.2. The platform defines only scene 0; what 1 and 2
//! mean, and the last four members of the answer, are ours.

use domain::collect::Scene;
use domain::{Collection, Order, OrderId};
use tron::{Address, Bandwidth, Energy, Sun};

use crate::canon::{CanonicalForm, Object, Value};
use crate::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};
use crate::endpoint::{BadAnswer, callback_url, field};
use crate::error::{self, FieldErrors};
use crate::names;

/// What is described in the interface's document.
pub const ENDPOINT: Endpoint = Endpoint {
    name: "collect_manual",
    method: Method::Post,
    path: names::PATH_COLLECT_MANUAL,
    title: "Order what one USDT transfer lacks",
    text: "Sees to the energy, the bandwidth and the activation that an address lacks for one \
           transfer, and charges for what it lacked. Energy stays an hour at most and is taken back \
           as soon as it is used. A callback comes when it is there, or when it could not be done.",
    caller: Caller::Signature,
    takes: TAKES,
    answers: Answer::Object(ANSWER),
    errno: Errno::Never,
    more_statuses: &[],
};

const TAKES: &[Field] = &[
    Field::new(
        names::SCENE,
        Kind::Choice(&[0, 1, 2]),
        "0",
        "0: decide by the recipient; 1: at least what a recipient that holds USDT takes; 2: at least \
         what one without USDT takes",
    ),
    Field::new(
        names::RECEIVE_ADDRESS,
        Kind::Address,
        r#""TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw""#,
        "sends the USDT, receives what it lacks",
    ),
    Field::new(
        names::TO_ADDRESS,
        Kind::Nullable(&Kind::Address),
        r#""TGCAjMXComunWZEXCT1LPBdcYbDVuyexBv""#,
        "receives the USDT; without it the cheaper transfer is assumed",
    )
    .optional(),
    callback_url::DESCRIBED,
    field::REFERENCE_DESCRIBED,
];

const ANSWER: &[Field] = &[
    Field::new(names::ERRNO, Kind::ZERO, "0", "0"),
    Field::new(names::SERIAL, Kind::Serial, r#""00000000000070008000000000000001""#, "the order"),
    Field::new(names::SCENE, Kind::Integer(1, 2), "1", "what is being done"),
    Field::new(
        names::AMOUNT,
        Kind::Sun,
        "3857100",
        "what it costs, activation and bandwidth included, in sun",
    ),
    Field::new(names::BALANCE, Kind::Sun, "96142900", "what you have left, in sun"),
    Field::new(names::ENERGY_AMOUNT, Kind::COUNT, "64285", "energy that it lacked"),
    Field::new(names::BANDWIDTH_NEEDED, Kind::COUNT, "0", "bandwidth that it lacked"),
    Field::new(names::ACTIVE_NEEDED, Kind::Flag, "false", "whether it is activated first"),
    Field::new(
        names::ORDER_NO,
        Kind::Serial,
        r#""00000000000070008000000000000001""#,
        "the order again, as queries call it",
    ),
];

/// The number of a scene on the wire.
#[must_use]
pub const fn scene_code(scene: Scene) -> i64 {
    match scene {
        Scene::Automatic => 0,
        Scene::RecipientHolds => 1,
        Scene::RecipientEmpty => 2,
    }
}

/// The scene of that number.
#[must_use]
pub const fn scene_from_code(code: i64) -> Option<Scene> {
    match code {
        0 => Some(Scene::Automatic),
        1 => Some(Scene::RecipientHolds),
        2 => Some(Scene::RecipientEmpty),
        _ => None,
    }
}

/// One digit and nothing else: neither `02` nor `2.0` is a choice.
fn scene_from_text(text: &str) -> Option<Scene> {
    match text {
        "0" => Some(Scene::Automatic),
        "1" => Some(Scene::RecipientHolds),
        "2" => Some(Scene::RecipientEmpty),
        _ => None,
    }
}

/// What a merchant asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectRequest {
    /// `scene`
    pub scene: Scene,
    /// `receive_address`: sends the USDT, receives the energy.
    pub receiver: Address,
    /// `to_address`: receives the USDT; never the receiver itself.
    pub recipient: Option<Address>,
    /// `callback_url`: http or https; whether it is public is not yet known.
    pub callback_url: Option<String>,
    /// `out_trade_no`: printable ASCII that every language serialises alike.
    pub reference: Option<String>,
}

impl CollectRequest {
    /// Reads the body of a request. Members that are not ours are ignored.
    ///
    /// Errors: everything that is wrong, in the order of the documents.
    pub fn parse(body: &Object) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let scene = field::required_choice(body, names::SCENE, scene_from_text, &mut errors);
        let receiver = field::required_address(body, names::RECEIVE_ADDRESS, &mut errors);
        let recipient = field::optional_address(body, names::TO_ADDRESS, &mut errors);
        if recipient.is_some() && recipient == receiver {
            errors.push(names::TO_ADDRESS, error::SAME_ADDRESS);
        }
        let callback_url = callback_url::callback_url(body, &mut errors);
        let reference = field::reference(body, &mut errors);
        match (scene, receiver) {
            (Some(scene), Some(receiver)) if errors.is_empty() => {
                Ok(Self { scene, receiver, recipient, callback_url, reference })
            }
            _ => Err(errors),
        }
    }

    /// The body to sign and send: sorted, compact, ASCII. For clients.
    #[must_use]
    pub fn to_body(&self) -> String {
        let mut body = Object::new()
            .with(names::SCENE, scene_code(self.scene))
            .with(names::RECEIVE_ADDRESS, self.receiver.to_string());
        if let Some(recipient) = self.recipient {
            body = body.with(names::TO_ADDRESS, recipient.to_string());
        }
        if let Some(url) = &self.callback_url {
            body = body.with(names::CALLBACK_URL, url.as_str());
        }
        if let Some(reference) = &self.reference {
            body = body.with(names::OUT_TRADE_NO, reference.as_str());
        }
        body.render(CanonicalForm::SortedAscii)
    }
}

/// What the merchant is told when the order is accepted. HTTP 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectResponse {
    /// `serial` and `order_no`.
    pub order_id: OrderId,
    /// `scene`: what will be done; never [`Scene::Automatic`] in our answers.
    pub scene: Scene,
    /// `amount`: price of everything the order sees to.
    pub amount: Sun,
    /// `balance`: what is left after the price.
    pub balance: Sun,
    /// `energy_amount`: energy bought; zero if the address had enough.
    pub energy: Energy,
    /// `bandwidth_needed`: bandwidth bought; zero if the address had enough.
    pub bandwidth: Bandwidth,
    /// `active_needed`: whether the address is activated first.
    pub is_activation_needed: bool,
}

impl CollectResponse {
    /// The answer to an order that was just accepted; a replay gives the same.
    #[must_use]
    pub const fn of(order: &Order, collection: &Collection) -> Self {
        Self {
            order_id: order.id,
            scene: collection.scene,
            amount: order.price,
            balance: order.balance_after,
            energy: order.energy,
            bandwidth: order.bandwidth,
            is_activation_needed: order.has_activation,
        }
    }

    /// The JSON of the answer: the documented members in their order, then ours.
    #[must_use]
    pub fn to_json(&self) -> String {
        Object::new()
            .with(names::ERRNO, 0)
            .with(names::SERIAL, self.order_id.to_string())
            .with(names::SCENE, scene_code(self.scene))
            .with(names::AMOUNT, self.amount.get())
            .with(names::BALANCE, self.balance.get())
            .with(names::ENERGY_AMOUNT, self.energy.get())
            .with(names::BANDWIDTH_NEEDED, self.bandwidth.get())
            .with(names::ACTIVE_NEEDED, self.is_activation_needed)
            .with(names::ORDER_NO, self.order_id.to_string())
            .to_json()
    }

    /// Reads the answer. For clients; what only we send counts as nothing bought when missing.
    ///
    /// Errors: a documented member is missing or of another type. Ask [`crate::ErrorBody::read`]
    /// first.
    pub fn read(answer: &Object) -> Result<Self, BadAnswer> {
        let integer = |name| answer.get(name).and_then(Value::as_i64);
        let order_id = answer.get(names::SERIAL).and_then(Value::as_text).and_then(OrderId::parse);
        Ok(Self {
            order_id: order_id.ok_or(BadAnswer(names::SERIAL))?,
            scene: integer(names::SCENE)
                .and_then(scene_from_code)
                .ok_or(BadAnswer(names::SCENE))?,
            amount: Sun::new(integer(names::AMOUNT).ok_or(BadAnswer(names::AMOUNT))?),
            balance: Sun::new(integer(names::BALANCE).ok_or(BadAnswer(names::BALANCE))?),
            energy: Energy::new(integer(names::ENERGY_AMOUNT).unwrap_or(0)),
            bandwidth: Bandwidth::new(integer(names::BANDWIDTH_NEEDED).unwrap_or(0)),
            is_activation_needed: answer
                .get(names::ACTIVE_NEEDED)
                .and_then(Value::as_bool)
                .unwrap_or(false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVER: &str = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw";
    const RECIPIENT: &str = "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC";

    fn parse(body: &str) -> Result<CollectRequest, FieldErrors> {
        CollectRequest::parse(&Object::parse_body(body.as_bytes()).unwrap())
    }

    fn with_receiver(rest: &str) -> Result<CollectRequest, FieldErrors> {
        parse(&format!(r#"{{"receive_address":"{RECEIVER}",{rest}}}"#))
    }

    fn refused(rest: &str) -> Vec<(String, Vec<String>)> {
        let errors = with_receiver(rest).unwrap_err();
        errors.iter().map(|(name, texts)| (name.to_owned(), texts.to_vec())).collect()
    }

    fn one(field: &str, text: &str) -> Vec<(String, Vec<String>)> {
        vec![(field.to_owned(), vec![text.to_owned()])]
    }

    #[test]
    fn a_full_request_is_read_and_written_back() {
        let body = format!(
            r#"{{"callback_url":"https://merchant.example/cb","out_trade_no":"123456","receive_address":"{RECEIVER}","scene":2,"to_address":"{RECIPIENT}"}}"#
        );
        let request = parse(&body).unwrap();
        assert_eq!(request.scene, Scene::RecipientEmpty);
        assert_eq!(request.receiver.to_string(), RECEIVER);
        assert_eq!(request.recipient.unwrap().to_string(), RECIPIENT);
        assert_eq!(request.callback_url.as_deref(), Some("https://merchant.example/cb"));
        assert_eq!(request.reference.as_deref(), Some("123456"));
        assert_eq!(request.to_body(), body);
    }

    #[test]
    fn a_scene_is_0_1_or_2_as_number_or_text() {
        for (sent, scene) in [
            ("0", Scene::Automatic),
            ("1", Scene::RecipientHolds),
            ("2", Scene::RecipientEmpty),
            ("\"0\"", Scene::Automatic),
            ("\"2\"", Scene::RecipientEmpty),
        ] {
            assert_eq!(with_receiver(&format!("\"scene\":{sent}")).unwrap().scene, scene);
        }
        for (sent, shown) in [
            ("9", "9"),
            ("-1", "-1"),
            ("1.0", "1.0"),
            ("18446744073709551616", "18446744073709551616"),
            ("\"\"", ""),
            ("\"02\"", "02"),
            ("true", "true"),
            ("[2]", "[2]"),
            ("{}", "{}"),
        ] {
            let text = format!("\"{shown}\" is not a valid choice.");
            assert_eq!(refused(&format!("\"scene\":{sent}")), one("scene", &text));
        }
        assert_eq!(refused("\"scene\":null"), one("scene", "This field may not be null."));
        assert_eq!(refused("\"x\":1"), one("scene", "This field is required."));
        let long = refused(&format!("\"scene\":\"{}\"", "9".repeat(1000)));
        assert_eq!(long[0].1[0].len(), 64 + "\"\" is not a valid choice.".len());
    }

    #[test]
    fn a_receiver_is_required_and_checked() {
        for (sent, text) in [
            ("null", "This field may not be null."),
            ("\"\"", "This field may not be blank."),
            ("\"  \"", "This field may not be blank."),
            ("true", "Not a valid string."),
            ("1.5", "Not a valid string."),
            ("[]", "Not a valid string."),
            ("17", "Enter a valid TRON address."),
            ("\"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kx\"", "Enter a valid TRON address."),
            ("\"417e5f4552091a69125d5dfcb7b8c2659029395bdf\"", "Enter a valid TRON address."),
        ] {
            let errors = parse(&format!(r#"{{"scene":0,"receive_address":{sent}}}"#)).unwrap_err();
            assert_eq!(errors.about("receive_address"), [text], "{sent}");
        }
        let padded = parse(&format!(r#"{{"scene":0,"receive_address":" {RECEIVER} "}}"#)).unwrap();
        assert_eq!(padded.receiver.to_string(), RECEIVER);
    }

    #[test]
    fn optional_fields_that_are_null_or_empty_are_absent() {
        for empty in ["null", "\"\"", "\" \""] {
            let request = with_receiver(&format!(
                r#""scene":0,"to_address":{empty},"callback_url":{empty},"out_trade_no":{empty}"#
            ))
            .unwrap();
            assert_eq!(
                (request.recipient, request.callback_url, request.reference),
                (None, None, None)
            );
        }
    }

    #[test]
    fn a_reference_is_64_plain_characters_or_an_integer() {
        let reference = |sent: &str| with_receiver(&format!("\"scene\":0,\"out_trade_no\":{sent}"));
        for (sent, kept) in [
            ("17", "17"),
            ("18446744073709551616", "18446744073709551616"),
            ("\"a b/c\\\\d\\\"e\"", "a b/c\\d\"e"),
        ] {
            assert_eq!(reference(sent).unwrap().reference.as_deref(), Some(kept));
        }
        assert!(reference(&format!("\"{}\"", "x".repeat(64))).is_ok());
        let long = "Ensure this field has no more than 64 characters.";
        for (sent, texts) in [
            (format!("\"{}\"", "x".repeat(65)), vec![long]),
            ("9".repeat(65), vec![long]),
            (format!("\"{}\"", "é".repeat(65)), vec![long, error::NOT_PLAIN_ASCII]),
            ("\"a<b\"".to_owned(), vec![error::NOT_PLAIN_ASCII]),
            ("\"a&b\"".to_owned(), vec![error::NOT_PLAIN_ASCII]),
            ("\"a\\u0007b\"".to_owned(), vec![error::NOT_PLAIN_ASCII]),
            ("\"\u{7f}\"".to_owned(), vec![error::NOT_PLAIN_ASCII]),
            ("1.5".to_owned(), vec![error::NOT_A_STRING]),
            ("false".to_owned(), vec![error::NOT_A_STRING]),
        ] {
            assert_eq!(reference(&sent).unwrap_err().about("out_trade_no"), texts, "{sent}");
        }
    }

    #[test]
    fn a_callback_url_has_at_most_255_characters() {
        let url = |length: usize| {
            let path = "x".repeat(length - "https://m.example/".len());
            with_receiver(&format!(r#""scene":0,"callback_url":"https://m.example/{path}""#))
        };
        assert_eq!(url(255).unwrap().callback_url.unwrap().len(), 255);
        assert_eq!(
            url(256).unwrap_err().about("callback_url"),
            ["Ensure this field has no more than 255 characters."]
        );
        assert_eq!(
            refused(r#""scene":0,"callback_url":"http://{mydomain}/callback""#),
            one("callback_url", "Enter a valid URL.")
        );
    }

    #[test]
    fn a_transfer_to_oneself_is_refused() {
        assert_eq!(
            refused(&format!(r#""scene":0,"to_address":"{RECEIVER}""#)),
            one("to_address", "This address must differ from receive_address.")
        );
    }

    #[test]
    fn everything_wrong_is_said_at_once_in_the_order_of_the_documents() {
        let errors = parse(
            r#"{"out_trade_no":[],"callback_url":"x","to_address":"T","receive_address":1,"scene":3}"#,
        )
        .unwrap_err();
        let fields: Vec<_> = errors.iter().map(|(name, _)| name).collect();
        assert_eq!(
            fields,
            ["scene", "receive_address", "to_address", "callback_url", "out_trade_no"]
        );
        let fields: Vec<_> =
            parse("").unwrap_err().iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(fields, ["scene", "receive_address"]);
    }

    #[test]
    fn the_answer_keeps_its_order_and_reads_back() {
        let response = CollectResponse {
            order_id: OrderId::parse("00000000000070008000000000000001").unwrap(),
            scene: Scene::RecipientHolds,
            amount: Sun::new(3_857_100),
            balance: Sun::new(96_142_900),
            energy: Energy::new(64_285),
            bandwidth: Bandwidth::ZERO,
            is_activation_needed: false,
        };
        let json = response.to_json();
        assert_eq!(
            json,
            r#"{"errno":0,"serial":"00000000000070008000000000000001","scene":1,"amount":3857100,"balance":96142900,"energy_amount":64285,"bandwidth_needed":0,"active_needed":false,"order_no":"00000000000070008000000000000001"}"#
        );
        assert_eq!(CollectResponse::read(&Object::parse(json.as_bytes()).unwrap()), Ok(response));
    }

    #[test]
    fn the_documented_answer_is_read_too() {
        let printed = br#"{"errno": 0, "serial": "7297a8a2a9e39b86fc5bad0d2e9edda2", "scene": 0, "amount": 4000000, "balance": 813900029257}"#;
        let response = CollectResponse::read(&Object::parse(printed).unwrap()).unwrap();
        assert_eq!(response.balance, Sun::new(813_900_029_257));
        assert_eq!(response.energy, Energy::ZERO);
        let bare = Object::new().with("errno", 0);
        assert_eq!(CollectResponse::read(&bare), Err(BadAnswer("serial")));
    }
}
