//! The published check values of the signature: V1 to V12 of the contract, V8b included.

#![expect(clippy::unwrap_used, reason = "a helper of a test stops at the first surprise")]

use wire::{CanonicalForm, Form, Object, sign, verify};

const SECRET: &[u8] = b"0285A2741D0E76E2E187260EB23E51851D48403A756333E7D0CF845406ABF3E8";
const TIMESTAMP: &str = "1686796826";

/// Name, body, signature of `timestamp & body`.
#[rustfmt::skip]
const VECTORS: [(&str, &str, &str); 12] = [
    ("V1", r#"{"callback_url":"http://{mydomain}/callback","energy_amount":32000,"out_trade_no":"123456","period":"1D","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"}"#, "07c125cabfe006614a02131f927cca9e7a654f7644a817b155fad591e1c50f7b"),
    ("V2", r#"{"callback_url":"http://{mydomain}/callback","energy_amount":32000,"out_trade_no":"123456","period":"1H","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"}"#, "97befcf19587cf2fcb0091d69afcceca7e8d37b6f574fd280148ac901e913f33"),
    ("V3", r#"{"callback_url":"http://{mydomain}/callback","out_trade_no":"123456","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw","scene":2}"#, "25e9715f691b56a0b4e4c91f7b2e9ad03c601f33c3878daaeb4e5a590747091b"),
    ("V4", r#"{"scene":2,"receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw","callback_url":"http://{mydomain}/callback","out_trade_no":"123456"}"#, "024bf302f03bb3469b3f0335ceb494539836226d24402a21c8c90655421ffece"),
    ("V5", r#"{"serial":"1bcb40c612aababdcb166ac2cd7e3525"}"#, "e508a1950890e00e40930e1fc4ba48a2e6bb8f08040b65fe60d593ff41604e4f"),
    ("V6", r#"{"energy_amount":65000,"out_trade_no":"\u8ba2\u53551","period":"1H","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"}"#, "0b2e8c0704ee792af78b1c063c2421613ec6e5b2f3f650b48818d262f87a6f20"),
    ("V7", r#"{"energy_amount":65000,"out_trade_no":"订单1","period":"1H","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"}"#, "b3356469008929d22dc286463296340c80547e366677839c474ce32d62f56a30"),
    ("V8", r#"{"callback_url":"http://{mydomain}/callback","energy_amount":32000,"out_trade_no":17,"period":"1D","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"}"#, "e9bd728ebc1e7afde423e1e1792403fd2628538e899f3e8e354b7edf64563615"),
    ("V9", r#""#, "995069fa9b18484cd0c4a869e0cbf0dff5d05fc60ae02b8d72517c763404b0aa"),
    ("V10", r#"{}"#, "4713c1028cff7fa308f4f4b755c484cfe259af903ec7cb3797865766d8477e0a"),
    ("V11", r#"{"active_hash":"","amount":3120000,"bandwidth_hash":"","energy_amount":65000,"out_trade_no":"123456","pay_amount":65000,"period":"1H","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw","serial":"886294f5204ac2fc1430f5a7d9215a80","source":"api","status":40,"txid":"2610c200efc8a90601758715405fa6be4597469e854591975d113b720a762ec2","type":"energy"}"#, "bfea2771248b25fed082e6d567625bad6400772bb88181fd8bb4ae1d66e3bc98"),
    ("V12", r#"{"active_hash":"","bandwidth_hash":"","energy_amount":32000,"out_trade_no":"123456","pay_amount":32170.005048646104,"receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw","serial":"886294f5204ac2fc1430f5a7d9215a80","source":"api","status":40,"txid":"2610c200efc8a90601758715405fa6be4597469e854591975d113b720a762ec2","type":"energy"}"#, "eebf1646642c224a65f3cd8c34129deb7d07fe0a27554aea4c80ee8d6f186f58"),
];

fn vector(name: &str) -> (&'static str, &'static str) {
    let (_, body, signature) = VECTORS.into_iter().find(|(known, _, _)| *known == name).unwrap();
    (body, signature)
}

#[test]
fn every_vector_is_reproduced_and_accepted_as_sent() {
    for (name, body, signature) in VECTORS {
        assert_eq!(sign(SECRET, TIMESTAMP, body.as_bytes()), signature, "{name}");
        assert_eq!(verify(SECRET, TIMESTAMP, body.as_bytes(), signature), Ok(Form::Raw), "{name}");
    }
}

#[test]
fn v8b_sorted_when_signed_but_not_when_sent_is_accepted() {
    let sent = r#"{"energy_amount":32000,"period":"1D","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw","out_trade_no":17,"callback_url":"http:\/\/{mydomain}\/callback"}"#;
    let (_, signature) = vector("V8");
    assert_eq!(
        verify(SECRET, TIMESTAMP, sent.as_bytes(), signature),
        Ok(Form::Canonical(CanonicalForm::SortedAscii))
    );
}

#[test]
fn both_writings_of_non_ascii_text_stand_for_each_other() {
    let (escaped, of_escaped) = vector("V6");
    let (raw, of_raw) = vector("V7");
    assert_eq!(
        verify(SECRET, TIMESTAMP, raw.as_bytes(), of_escaped),
        Ok(Form::Canonical(CanonicalForm::SortedAscii))
    );
    assert_eq!(
        verify(SECRET, TIMESTAMP, escaped.as_bytes(), of_raw),
        Ok(Form::Canonical(CanonicalForm::SortedUtf8))
    );
}

#[test]
fn the_float_of_v12_survives_a_round_trip() {
    let (body, signature) = vector("V12");
    let object = Object::parse(body.as_bytes()).unwrap();
    for form in CanonicalForm::ALL {
        assert_eq!(sign(SECRET, TIMESTAMP, object.render(form).as_bytes()), signature);
    }
}
