//! Requests as endpoints read them: what is understood is written and understood again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{CollectRequest, IdempotencyKey, ListPlace, Object, OrderQuery, PageRequest};

fuzz_target!(|input: (&[u8], Vec<(&str, &str)>, &[u8], i64)| {
    let (body, parameters, header, count) = input;
    if let Ok(object) = Object::parse_body(body) {
        match CollectRequest::parse(&object) {
            Ok(wanted) => {
                let written = Object::parse(wanted.to_body().as_bytes()).expect("ours is JSON");
                assert_eq!(CollectRequest::parse(&written), Ok(wanted));
            }
            Err(errors) => assert!(!errors.is_empty(), "a refusal names something"),
        }
    }
    let pairs = || parameters.iter().copied();
    let _ = OrderQuery::parse(pairs());
    if let Ok(key) = IdempotencyKey::parse(header) {
        assert_eq!(key.as_str().as_bytes(), header.trim_ascii());
    }
    let count = count.saturating_abs();
    if let Ok(page) = PageRequest::parse(pairs()).and_then(|request| request.of(count)) {
        assert!(page.offset() <= count, "a page begins inside the list");
        let json = page.to_json(&ListPlace::new(None, "/list", pairs()), Vec::new());
        assert!(Object::parse(json.as_bytes()).is_ok() || json.len() > wire::canon::MAX_BODY_BYTES);
    }
});
