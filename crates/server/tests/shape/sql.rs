//! SQL is written in `crates/store`, and in the journal of `crates/sweep`, which is the merchant's own
//! database (docs/decisions/0030-the-sweepers-journal.md); nowhere else.

use crate::literals::literals;
use crate::tree::{File, files};

#[test]
fn sql_is_written_where_databases_are_kept() {
    assert_eq!(elsewhere(&files(&[".rs", ".sql"])), Vec::<String>::new());
}

/// `path:line: text` for each statement outside the room; for a file of SQL just its path.
fn elsewhere(sources: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in sources.iter().filter(|file| !is_free(&file.path)) {
        if file.path.ends_with(".sql") {
            found.push(file.path.clone());
            continue;
        }
        let statements = literals(&file.text).into_iter().filter(|literal| is_sql(&literal.text));
        found.extend(statements.map(|sql| format!("{}:{}: {}", file.path, sql.line, sql.text)));
    }
    found
}

/// The room itself, the sweeper's journal, and this check, which has to show a statement.
fn is_free(path: &str) -> bool {
    const FREE: [&str; 3] = ["crates/store/", "crates/sweep/src/journal/", "crates/sweep/schema/"];
    FREE.iter().any(|place| path.starts_with(place)) || path.ends_with("/tests/shape/sql.rs")
}

fn is_sql(text: &str) -> bool {
    let has = |word: &str| text.contains(word);
    has("SELECT ")
        || has("INSERT INTO ")
        || has("DELETE FROM ")
        || has("CREATE TABLE ")
        || text.split_once("UPDATE ").is_some_and(|(_, rest)| rest.contains(" SET "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_in_another_room_is_noticed() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let sources = [
            file("crates/store/src/a.rs", "\"SELECT 1\""),
            file("crates/sweep/src/journal/row.rs", "\"SELECT 1\""),
            file("crates/app/src/b.rs", "// SELECT 1\nlet a = \"UPDATE AVAILABLE\";"),
            file("crates/app/src/c.rs", "let a = \"UPDATE orders SET state = 1\";"),
            file("crates/server/src/d.rs", "r#\"DELETE FROM orders\"#"),
            file("crates/app/e.sql", ""),
        ];
        let expected = [
            "crates/app/src/c.rs:1: UPDATE orders SET state = 1",
            "crates/server/src/d.rs:1: DELETE FROM orders",
            "crates/app/e.sql",
        ];
        assert_eq!(elsewhere(&sources), expected);
    }
}
