//! The golden files, as far as they can be judged without a server.

#![expect(clippy::unwrap_used, reason = "a helper of a test stops at the first surprise")]

mod case;

use case::{Case, Message};
use domain::callback::{CallbackEvent, Format, Outcome};
use domain::limits::EnergyBounds;
use domain::{KeyId, OrderId, Origin, PolicyId, UnixMillis};
use tron::{Address, Energy, Sun, TxId};
use wire::endpoint::order_query::DelegationDetail;
use wire::sign::SignatureError;
use wire::{
    CanonicalForm, CollectRequest, CollectResponse, DetailStatus, EnergyRequest, EnergyResponse,
    ErrorBody, FieldErrors, Form, IdempotencyKey, Object, OrderResponse, OrderStatus, Period,
    ReclaimRequest, Timestamp, WireFormat, callback, error, names, sign, verify,
};

const KEY: &str = "B433BFF1CDE7450AA38A56BEAC690DD4";
const SECRET: &[u8] = b"0285A2741D0E76E2E187260EB23E51851D48403A756333E7D0CF845406ABF3E8";
const BOUNDS: EnergyBounds = EnergyBounds { min: 10_000, max: 100_000_000 };
const OK: &str = "HTTP/1.1 200 OK";
const BAD_REQUEST: &str = "HTTP/1.1 400 Bad Request";
/// What a body with one sentence may come with.
const DETAIL_STATUSES: [&str; 4] = [
    BAD_REQUEST,
    "HTTP/1.1 403 Forbidden",
    "HTTP/1.1 404 Not Found",
    "HTTP/1.1 429 Too Many Requests",
];

/// The note's word for how a request is signed.
fn signature_word(request: &Message) -> &'static str {
    let Some(signature) = request.header(names::SIGNATURE) else { return "none" };
    let timestamp = request.header(names::TIMESTAMP).unwrap_or_default();
    match verify(SECRET, timestamp, &request.body, signature) {
        Ok(Form::Raw) => "X0",
        Ok(Form::Canonical(CanonicalForm::SortedAscii)) => "X1",
        Ok(Form::Canonical(CanonicalForm::SortedUtf8)) => "X2",
        Ok(Form::Canonical(CanonicalForm::SortedAsciiSlashes)) => "X3",
        Ok(Form::Canonical(CanonicalForm::SortedUtf8Html)) => "X4",
        Err(SignatureError::Malformed) => "malformed",
        Err(SignatureError::Mismatch) => "mismatch",
    }
}

/// Parse, auth and shape of a signed request, as the server strings them together.
fn judge(endpoint: &str, request: &Message, now_ms: i64) -> Result<(), ErrorBody> {
    let body = Object::parse_body(&request.body)
        .map_err(|error| ErrorBody::Fields(FieldErrors::unreadable(&error)))?;
    if request.header(names::API_KEY) != Some(KEY) {
        return Err(ErrorBody::detail(error::KEY_NOT_FOUND));
    }
    let timestamp = Timestamp::parse(request.header(names::TIMESTAMP).unwrap_or_default())
        .map_err(|_| ErrorBody::detail(error::INVALID_TIMESTAMP))?;
    if !signature_word(request).starts_with('X') {
        return Err(ErrorBody::detail(error::INVALID_SIGNATURE));
    }
    timestamp.within_window(now_ms).map_err(|off| ErrorBody::detail(off.to_string()))?;
    let shaped = match endpoint {
        "collect_manual" => CollectRequest::parse(&body).map(drop),
        "order" => EnergyRequest::parse(&body, BOUNDS).map(drop),
        "order_reclaim" => ReclaimRequest::parse(&body).map(drop),
        other => panic!("{other} is not signed"),
    };
    shaped.map_err(ErrorBody::Fields)?;
    if let Some(key) = request.header(names::IDEMPOTENCY_KEY) {
        IdempotencyKey::parse(key.as_bytes())
            .map_err(|error| ErrorBody::Fields(error.field_errors()))?;
    }
    Ok(())
}

fn cases(endpoint: &str) -> Vec<Case> {
    let cases: Vec<_> = case::all().into_iter().filter(|case| case.endpoint == endpoint).collect();
    assert!(!cases.is_empty(), "{endpoint}");
    cases
}

fn named(endpoint: &str, name: &str) -> Case {
    cases(endpoint).into_iter().find(|case| case.name == name).unwrap()
}

#[test]
fn every_signature_is_what_the_note_says() {
    for case in case::all() {
        for ((request, _), claimed) in case.exchanges.iter().zip(case.signatures()) {
            assert_eq!(signature_word(request), claimed, "{}/{}", case.endpoint, case.name);
        }
        assert!(["documented", "observed", "ours"].contains(&case.evidence()), "{}", case.name);
        assert!(["shape", "auth", "render", "edge"].contains(&case.judged()), "{}", case.name);
    }
}

#[test]
fn every_answer_that_follows_from_the_bytes_is_the_one_shown() {
    let signed = ["collect_manual", "order", "order_reclaim"];
    for case in signed.into_iter().flat_map(cases) {
        // What comes before is the first exchange of another path.
        if case.exchanges.len() > 1 {
            continue;
        }
        let (request, response) = &case.exchanges[0];
        let response = response.as_ref().unwrap();
        match (case.judged(), judge(&case.endpoint, request, case.now_ms())) {
            ("shape" | "auth", Err(body)) => {
                assert_eq!(response.first_line, BAD_REQUEST, "{}", case.name);
                assert_eq!(body.to_json(), response.body_text(), "{}", case.name);
            }
            ("shape" | "auth", Ok(_)) => panic!("{}: nothing is wrong with it", case.name),
            (_, Err(body)) => assert_eq!(body.to_json(), response.body_text(), "{}", case.name),
            (_, Ok(_)) => {}
        }
    }
}

#[test]
fn every_answer_is_one_that_we_would_write() {
    for case in case::all() {
        for response in case.exchanges.iter().filter_map(|(_, response)| response.as_ref()) {
            let answer = Object::parse(&response.body).unwrap();
            assert_eq!(answer.to_json(), response.body_text(), "{}", case.name);
            assert_eq!(response.header("Content-Type"), Some("application/json"));
            let is_throttled = response.first_line.contains(" 429 ");
            assert_eq!(response.header("Retry-After").is_some(), is_throttled, "{}", case.name);
            match ErrorBody::read(&answer) {
                Some(body @ ErrorBody::Errno { .. }) => {
                    assert_eq!(response.first_line, OK, "{}", case.name);
                    assert_eq!(body.to_json(), response.body_text());
                }
                Some(body @ ErrorBody::Fields(_)) => {
                    assert_eq!(response.first_line, BAD_REQUEST, "{}", case.name);
                    assert_eq!(body.to_json(), response.body_text());
                }
                Some(body @ ErrorBody::Detail(_)) => {
                    let status = response.first_line.as_str();
                    assert!(DETAIL_STATUSES.contains(&status), "{}: {status}", case.name);
                    assert_eq!(body.to_json(), response.body_text());
                }
                None => assert_eq!(response.first_line, OK, "{}", case.name),
            }
        }
    }
}

#[test]
fn every_accepted_order_reads_back_and_adds_up() {
    let mut accepted = 0;
    for (request, response) in cases("collect_manual").iter().flat_map(|case| &case.exchanges) {
        let response = response.as_ref().unwrap();
        let is_other_path = !request.first_line.contains("/order/collect-manual ");
        if response.first_line != OK || is_other_path {
            continue;
        }
        let answer = CollectResponse::read(&Object::parse(&response.body).unwrap()).unwrap();
        assert_eq!(answer.to_json(), response.body_text());
        let activation = if answer.is_activation_needed { 1_500_000 } else { 0 };
        let price = answer.energy.get() * 60 + answer.bandwidth.get() * 1_000 + activation;
        assert_eq!(answer.amount, Sun::new(price));
        let wanted = CollectRequest::parse(&Object::parse(&request.body).unwrap()).unwrap();
        assert!(answer.scene >= wanted.scene, "never less than asked");
        accepted += 1;
    }
    assert!(accepted > 20);
}

#[test]
fn every_accepted_order_of_energy_reads_back_and_adds_up() {
    let mut accepted = 0;
    for (request, response) in cases("order").iter().flat_map(|case| &case.exchanges) {
        let response = response.as_ref().unwrap();
        let is_other_path = !request.first_line.contains(" /api/v1/frontend/order ");
        if response.first_line != OK || is_other_path {
            continue;
        }
        let answer = EnergyResponse::read(&Object::parse(&response.body).unwrap()).unwrap();
        assert_eq!(answer.to_json(), response.body_text());
        let body = Object::parse(&request.body).unwrap();
        let wanted = EnergyRequest::parse(&body, BOUNDS).unwrap();
        let (price, days) = match wanted.period.days() {
            None => (60, 1),
            Some(days @ 1..=2) => (90, i64::from(days)),
            Some(days @ 3..=29) => (80, i64::from(days)),
            Some(days) => (70, i64::from(days)),
        };
        let energy = wanted.energy.get();
        let surcharge = if energy < 50_000 { 600_000 } else { 0 };
        let never = wanted.receiver.to_string() == "TD5gsCwxykWsLN9aPrq2TAfNjByuZKYp4E";
        let activation = if wanted.activates && never { 1_500_000 } else { 0 };
        assert_eq!(answer.amount, Sun::new(energy * price * days + surcharge + activation));
        accepted += 1;
    }
    assert!(accepted > 10);
}

#[test]
fn first_lines_are_the_paths_of_the_platform() {
    for case in case::all() {
        let last = &case.exchanges.last().unwrap().0.first_line;
        // What a policy became is shown by a list.
        let method = last.split(' ').next().unwrap();
        let method_and_path = match (case.endpoint.as_str(), case.name.as_str()) {
            ("collect_manual", _) => format!("POST {} HTTP/1.1", names::PATH_COLLECT_MANUAL),
            ("order", _) => format!("POST {} HTTP/1.1", names::PATH_ORDER),
            ("order_reclaim", _) => format!("POST {} HTTP/1.1", names::PATH_ORDER_RECLAIM),
            ("order_price", "ok_alias") => format!("GET {}?", names::PATH_ORDER_PRICE_ALIAS),
            ("order_price", _) => format!("GET {}", names::PATH_ORDER_PRICE),
            ("order_transfer", _) => format!("POST {} HTTP/1.1", names::PATH_ORDER_TRANSFER),
            ("order_query", "ok_alias") => format!("GET {}?", names::PATH_ORDER_QUERY_ALIAS),
            ("order_query", _) => format!("GET {}", names::PATH_ORDER_QUERY),
            ("callback", _) => "POST /callback HTTP/1.1".to_owned(),
            ("index_data", _) => format!("GET {} HTTP/1.1", names::PATH_INDEX_DATA),
            ("summary", _) => format!("GET {} HTTP/1.1", names::PATH_SUMMARY),
            ("count_policy" | "count_policy_list", _) => {
                format!("{method} {}", names::PATH_COUNT_POLICY)
            }
            ("count_policy_edit", _) => format!("POST {} HTTP/1.1", names::PATH_COUNT_POLICY_EDIT),
            ("auto_policy" | "auto_policy_list" | "auto_policy_status", _) => {
                format!("{method} {}", names::PATH_AUTO_POLICY)
            }
            ("health", "alive") => "GET /healthz HTTP/1.1".to_owned(),
            ("health", "ready") => "GET /readyz HTTP/1.1".to_owned(),
            other => panic!("{other:?}"),
        };
        assert!(last.starts_with(&method_and_path), "{}: {last}", case.name);
    }
    assert!(names::PATH_COLLECT_MANUAL.starts_with(names::PREFIX));
    assert!(names::PATH_ORDER_QUERY_ALIAS.starts_with(names::PREFIX));
}

fn txid(byte: &str) -> TxId {
    byte.repeat(32).parse().unwrap()
}

fn first_order() -> OrderId {
    OrderId::parse("00000000000070008000000000000001").unwrap()
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn delivered() -> CallbackEvent {
    CallbackEvent {
        order: first_order(),
        key: KeyId(1),
        origin: Origin::Api,
        period: Period::HOUR,
        url: "https://merchant.example/callback".to_owned(),
        outcome: Outcome::Delivered,
        receiver: address("TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"),
        reference: Some("S202302320004".to_owned()),
        energy: 64_285,
        energy_delegated: 64_413,
        amount: Sun::new(3_857_100),
        activation: None,
        bandwidth: None,
        delegation: Some(txid("aa")),
    }
}

/// Energy for three days.
fn delivered_days() -> CallbackEvent {
    CallbackEvent {
        period: Period::from_days(3).unwrap(),
        energy: 32_000,
        energy_delegated: 32_064,
        amount: Sun::new(8_280_000),
        ..delivered()
    }
}

/// A refill that a policy ordered.
fn refill(origin: Origin) -> CallbackEvent {
    CallbackEvent {
        origin,
        reference: None,
        energy: 65_000,
        energy_delegated: 65_130,
        amount: Sun::new(3_900_000),
        ..delivered()
    }
}

#[test]
fn callbacks_are_rendered_and_signed_to_the_byte() {
    let shown = [
        ("delivered_days", delivered_days()),
        ("refill_count_policy", refill(Origin::CountPolicy(PolicyId(2)))),
        ("refill_auto_policy", refill(Origin::AutoPolicy(PolicyId(3)))),
        ("delivered", delivered()),
        (
            "delivered_with_help",
            CallbackEvent {
                receiver: address("TD5gsCwxykWsLN9aPrq2TAfNjByuZKYp4E"),
                amount: Sun::new(3_857_100 + 1_500_000 + 346_000),
                activation: Some(txid("dd")),
                bandwidth: Some(txid("ee")),
                ..delivered()
            },
        ),
        (
            "delivered_nothing_missing",
            CallbackEvent {
                receiver: address("TBXSw8fM4jpQkGc6zZjsVABFpVN7UvXPdV"),
                energy: 0,
                energy_delegated: 0,
                amount: Sun::ZERO,
                delegation: None,
                ..delivered()
            },
        ),
        (
            "refunded",
            CallbackEvent {
                outcome: Outcome::Refunded,
                energy_delegated: 0,
                amount: Sun::ZERO,
                delegation: None,
                ..delivered()
            },
        ),
        ("no_reference", CallbackEvent { reference: None, ..delivered() }),
        (
            "quoted_reference",
            CallbackEvent { reference: Some("a/b \"c\" \\d".to_owned()), ..delivered() },
        ),
    ];
    assert_eq!(shown.len(), cases("callback").len());
    for (name, event) in shown {
        let case = named("callback", name);
        let request = &case.exchanges[0].0;
        let body = WireFormat.callback_body(&event);
        assert_eq!(std::str::from_utf8(&body).unwrap(), request.body_text(), "{name}");
        let timestamp = Timestamp::from_secs(1_686_796_826).unwrap();
        for (header, value) in callback::headers(KEY, SECRET, timestamp, &body) {
            assert_eq!(request.header(header), Some(value.as_str()), "{name}");
        }
        assert_eq!(request.header(names::SIGNATURE), Some(&*sign(SECRET, "1686796826", &body)));
    }
}

/// Otherwise whoever sees a callback could send it back as a request: the same secret signs both.
#[test]
fn every_callback_is_known_as_one_and_no_request_is() {
    for case in case::all() {
        for (request, _) in &case.exchanges {
            let Ok(body) = Object::parse_body(&request.body) else { continue };
            let is_one = case.endpoint == "callback";
            assert_eq!(callback::is_callback(&body), is_one, "{} {}", case.endpoint, case.name);
        }
    }
    let origins = [
        Origin::Api,
        Origin::Manual,
        Origin::CountPolicy(PolicyId(2)),
        Origin::AutoPolicy(PolicyId(3)),
    ];
    for origin in origins {
        for outcome in [Outcome::Delivered, Outcome::Refunded] {
            for (reference, hash) in [(None, None), (Some("a".to_owned()), Some(txid("aa")))] {
                let event = CallbackEvent {
                    origin,
                    outcome,
                    reference,
                    activation: hash,
                    bandwidth: hash,
                    delegation: hash,
                    ..delivered()
                };
                let body = Object::parse(&WireFormat.callback_body(&event)).unwrap();
                assert!(callback::is_callback(&body), "{event:?}");
            }
        }
    }
}

#[test]
fn queries_are_rendered_to_the_byte() {
    let ready = UnixMillis(1_686_796_831_500);
    let back = DelegationDetail {
        delegation: txid("aa"),
        delegated: UnixMillis(1_686_796_830_000),
        reclaim_due: ready.after_secs(3600),
        reclaim: Some(txid("bb")),
        reclaimed: Some(UnixMillis(1_686_797_103_000)),
        status: DetailStatus::TakenBack,
    };
    let lent = DelegationDetail {
        delegation: txid("cc"),
        reclaim: None,
        reclaimed: None,
        status: DetailStatus::Delegated,
        ..back.clone()
    };
    let split = OrderResponse {
        order_id: first_order(),
        receiver: address("TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"),
        reference: None,
        energy: Energy::new(64_285),
        energy_delegated: Energy::new(64_413),
        amount: Sun::new(3_857_100),
        refunded: Sun::ZERO,
        delegations: vec![back, lent],
        accepted: UnixMillis(1_686_796_826_000),
        key_name: "MY API".to_owned(),
        period: Period::HOUR,
        status: OrderStatus::Completed,
        activation: None,
        bandwidth: None,
    };
    let refunded = OrderResponse {
        energy_delegated: Energy::ZERO,
        refunded: split.amount,
        delegations: Vec::new(),
        status: OrderStatus::Refunded,
        ..split.clone()
    };
    for (name, response) in [("ok_delivered_split", split), ("ok_refunded", refunded)] {
        let case = named("order_query", name);
        let shown = case.exchanges[0].1.as_ref().unwrap();
        assert_eq!(response.to_json(), shown.body_text(), "{name}");
    }
}
