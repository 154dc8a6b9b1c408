//! The files of the repository, without what `.gitignore` names.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file: its path from the top with `/` between the parts, and what it holds.
pub(crate) struct File {
    /// For example `crates/wire/src/names.rs`.
    pub(crate) path: String,
    /// Everything in it.
    pub(crate) text: String,
}

/// The top directory of the repository.
pub(crate) fn top() -> PathBuf {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    room.ancestors().nth(2).expect("a room lies two levels below the top").to_owned()
}

/// Every file whose name ends in one of these; every file if there are none. Pictures have no text.
pub(crate) fn files(endings: &[&str]) -> Vec<File> {
    let top = top();
    let ignored = fs::read_to_string(top.join(".gitignore")).expect("the top has a .gitignore");
    let mut files = Vec::new();
    collect(&top, "", &ignored, &mut |path: String| {
        if endings.is_empty() || endings.iter().any(|ending| path.ends_with(ending)) {
            // What is not UTF-8, such as a picture, is there and says nothing.
            let bytes = fs::read(top.join(&path)).expect("a file of ours can be read");
            files.push(File { path, text: String::from_utf8(bytes).unwrap_or_default() });
        }
    });
    assert!(!files.is_empty(), "no file ends in {endings:?}");
    files
}

fn collect(directory: &Path, prefix: &str, ignored: &str, found: &mut dyn FnMut(String)) {
    let entries = fs::read_dir(directory).and_then(Iterator::collect);
    let mut entries: Vec<fs::DirEntry> = entries.expect("a directory of ours can be read");
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{prefix}{}", entry.file_name().display());
        if is_ignored(&path, ignored) {
            continue;
        }
        match entry.path().is_dir() {
            true => collect(&entry.path(), &format!("{path}/"), ignored, found),
            false => found(path),
        }
    }
}

/// Whether a line of `.gitignore` names the path: `/from/the/top`, a name, or `*.ending`.
fn is_ignored(path: &str, ignored: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path == ".git"
        || ignored.lines().any(|line| match (line.strip_prefix('/'), line.strip_prefix('*')) {
            (Some(from_top), _) => path == from_top,
            (None, Some(ending)) => name.ends_with(ending),
            (None, None) => name == line,
        })
}

#[test]
fn only_what_git_ignores_is_left_out() {
    let ignored = "/target\nnode_modules\n*.class";
    for path in [".git", "target", "clients/node/node_modules", "clients/java/Main.class"] {
        assert!(is_ignored(path, ignored), "{path}");
    }
    for path in ["crates/target", "clients/node/package.json", "crates/app/src/lib.rs"] {
        assert!(!is_ignored(path, ignored), "{path}");
    }
}
