//! Reads the golden files; the format is described in `golden/README.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A message as its file shows it.
pub(crate) struct Message {
    pub(crate) first_line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// One folder.
pub(crate) struct Case {
    pub(crate) endpoint: String,
    pub(crate) name: String,
    fields: BTreeMap<String, String>,
    pub(crate) exchanges: Vec<(Message, Option<Message>)>,
}

impl Message {
    fn read(path: &Path) -> Self {
        let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let blank = text.windows(2).position(|pair| pair == b"\n\n").expect("a blank line");
        let head = std::str::from_utf8(&text[..blank]).unwrap();
        let body = text[blank + 2..].strip_suffix(b"\n").expect("a line feed at the end");
        let mut lines = head.split('\n');
        Self {
            first_line: lines.next().unwrap().to_owned(),
            headers: lines
                .map(|line| line.split_once(": ").expect("a header"))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: body.to_vec(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    pub(crate) fn body_text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Case {
    fn read(folder: &Path) -> Self {
        let note = fs::read_to_string(folder.join("note.md")).unwrap();
        let (head, prose) = note.split_once("\n\n").expect("fields, a blank line, prose");
        assert!(!prose.trim().is_empty(), "{}: no prose", folder.display());
        let fields: BTreeMap<String, String> = head
            .lines()
            .map(|line| line.split_once(": ").expect("name: value"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let count = fields["signature"].split(' ').count();
        let exchanges = (1..=count).map(|number| {
            let suffix = if number == 1 { String::new() } else { format!("-{number}") };
            let response = folder.join(format!("response{suffix}.http"));
            let response = response.exists().then(|| Message::read(&response));
            (Message::read(&folder.join(format!("request{suffix}.http"))), response)
        });
        Self {
            endpoint: file_name(folder.parent().unwrap()),
            name: file_name(folder),
            exchanges: exchanges.collect(),
            fields,
        }
    }

    pub(crate) fn evidence(&self) -> &str {
        &self.fields["evidence"]
    }

    pub(crate) fn judged(&self) -> &str {
        &self.fields["judged"]
    }

    pub(crate) fn signatures(&self) -> impl Iterator<Item = &str> {
        self.fields["signature"].split(' ')
    }

    /// The server's clock.
    pub(crate) fn now_ms(&self) -> i64 {
        let replaced =
            self.fields["world"].split(' ').find_map(|word| word.strip_prefix("now_ms="));
        replaced.map_or(1_686_796_826_000, |now| now.parse().unwrap())
    }
}

/// Every case of every endpoint, in the order of the alphabet.
pub(crate) fn all() -> Vec<Case> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let folders = subfolders(&golden).into_iter().flat_map(|endpoint| subfolders(&endpoint));
    folders.map(|folder| Case::read(&folder)).collect()
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
