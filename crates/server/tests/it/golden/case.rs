//! Reads the golden files; the format is described in their README.

use std::fs;
use std::path::{Path, PathBuf};

/// A request as its file shows it.
#[derive(PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) first_line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// One folder.
pub(crate) struct Case {
    pub(crate) endpoint: String,
    pub(crate) name: String,
    pub(crate) requests: Vec<Message>,
    folder: PathBuf,
    note: String,
}

impl Message {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let blank = bytes.windows(2).position(|pair| pair == b"\n\n").expect("a blank line");
        let head = std::str::from_utf8(&bytes[..blank]).unwrap();
        let mut lines = head.split('\n');
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.to_owned(), value.to_owned())
        };
        Self {
            first_line: lines.next().unwrap().to_owned(),
            headers: lines.map(header).collect(),
            body: bytes[blank + 2..].strip_suffix(b"\n").expect("a last line feed").to_vec(),
        }
    }
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let files = (1..).map(|number| folder.join(file("request", number)));
        Self {
            endpoint: name_of(folder.parent().unwrap()),
            name: name_of(&folder),
            requests: files
                .take_while(|file| file.exists())
                .map(|file| Message::read(&file))
                .collect(),
            note: fs::read_to_string(folder.join("note.md")).unwrap(),
            folder,
        }
    }

    fn field(&self, name: &str) -> &str {
        let line = self.note.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("{}: no {name}", self.name))
    }

    pub(crate) fn judged(&self) -> &str {
        self.field("judged")
    }

    /// How the world differs from the default one: names and values.
    pub(crate) fn world(&self) -> impl Iterator<Item = (&str, &str)> {
        self.field("world").split(' ').filter_map(|word| word.split_once('='))
    }

    /// Where the answer to a request is shown, counted from 0.
    pub(crate) fn response(&self, number: usize) -> PathBuf {
        self.folder.join(file("response", number + 1))
    }
}

fn file(kind: &str, number: usize) -> String {
    match number {
        1 => format!("{kind}.http"),
        _ => format!("{kind}-{number}.http"),
    }
}

pub(crate) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/golden")
}

/// Every case of every endpoint, in the order of the alphabet.
pub(crate) fn all() -> Vec<Case> {
    let folders = subfolders(&top()).into_iter().flat_map(|endpoint| subfolders(&endpoint));
    folders.map(Case::read).collect()
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
