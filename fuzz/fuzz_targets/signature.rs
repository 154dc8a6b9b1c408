//! Headers and a body: what was signed verifies, and nothing else does.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{CanonicalForm, Form, Object, Timestamp, sign, verify};

const SECRET: &[u8] = b"0285A2741D0E76E2E187260EB23E51851D48403A756333E7D0CF845406ABF3E8";

fuzz_target!(|input: (&str, &str, &[u8])| {
    let (timestamp, signature, body) = (input.0.trim(), input.1, input.2);
    // A signature out of nothing: one in 2^256.
    assert!(verify(SECRET, timestamp, body, signature).is_err());
    if let Ok(parsed) = Timestamp::parse(timestamp) {
        assert_eq!(format!("{:010}", parsed.secs()), timestamp.trim());
    }
    let raw = sign(SECRET, timestamp, body);
    assert_eq!(verify(SECRET, timestamp, body, &raw), Ok(Form::Raw));
    assert_eq!(verify(SECRET, timestamp, body, &raw.to_uppercase()), Ok(Form::Raw));
    let other = if raw.starts_with('0') { "1" } else { "0" };
    assert!(verify(SECRET, timestamp, body, &format!("{other}{}", &raw[1..])).is_err());
    if let Ok(object) = Object::parse(body) {
        for form in CanonicalForm::ALL {
            let signed = sign(SECRET, timestamp, object.render(form).as_bytes());
            assert!(verify(SECRET, timestamp, body, &signed).is_ok(), "{form:?}");
        }
    }
});
