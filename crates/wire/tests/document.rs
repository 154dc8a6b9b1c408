//! `docs/wire.md` names the hash of the sources that it describes, so that neither changes alone.
//!
//! `UPDATE_GOLDEN=1` sets the line, for who has read the document against the change.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

const DESCRIBED: [&str; 3] = ["names.rs", "status.rs", "error.rs"];

#[test]
fn the_document_was_looked_at_after_the_last_change_of_what_it_describes() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = room.join("../../docs/wire.md");
    let document = fs::read_to_string(&path).unwrap();
    let mut hash = Sha256::new();
    for file in DESCRIBED {
        hash.update(fs::read(room.join("src").join(file)).unwrap());
    }
    let line = format!(
        "<!-- sha256 of names.rs, status.rs, error.rs: {} -->",
        hex::encode(hash.finalize())
    );
    let (first, rest) = document.split_once('\n').unwrap_or_default();
    if std::env::var_os("UPDATE_GOLDEN").is_some() && first != line {
        fs::write(&path, format!("{line}\n{rest}")).unwrap();
        return;
    }
    assert_eq!(first, line, "read docs/wire.md against the change, then set its first line");
}

#[test]
fn every_word_and_sentence_of_ours_is_in_the_document() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(room.join("../../docs/wire.md")).unwrap();
    for file in ["names.rs", "error.rs"] {
        let source = fs::read_to_string(room.join("src").join(file)).unwrap();
        let constants = source.split("\npub const ").skip(1);
        for text in constants.filter_map(|rest| rest.split_once(": &str =")) {
            let literal = text.1.trim_start().split_once(";\n").unwrap().0;
            let literal = literal.trim_matches('"').replace("\\\"", "\"");
            assert!(document.contains(&literal), "docs/wire.md does not mention {literal:?}");
        }
    }
}
