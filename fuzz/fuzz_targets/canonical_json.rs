//! A body: strict to read, the same in every form that is signed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{CanonicalForm, Object};

fuzz_target!(|bytes: &[u8]| {
    let Ok(object) = Object::parse(bytes) else { return };
    // Two readers must see the same: what we take, everybody takes.
    let theirs: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(theirs) => theirs,
        // Others read numbers as doubles and refuse what no double holds; we keep the digits.
        Err(error) if error.to_string().starts_with("number out of range") => return,
        Err(error) => panic!("is JSON for others too: {error}"),
    };
    let members = theirs.as_object().expect("is an object for others too");
    assert_eq!(object.members().count(), members.len());
    assert_eq!(Object::parse(object.to_json().as_bytes()).as_ref(), Ok(&object));
    let sorted = object.render(CanonicalForm::SortedUtf8);
    for form in CanonicalForm::ALL {
        let text = object.render(form);
        let again = Object::parse(text.as_bytes()).expect("a signed form is JSON");
        assert_eq!(again.render(form), text, "a signed form is its own");
        assert_eq!(again.render(CanonicalForm::SortedUtf8), sorted, "and says the same");
    }
    assert!(object.render(CanonicalForm::SortedAscii).is_ascii());
});
