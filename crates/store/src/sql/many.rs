//! One statement about many rows, in PostgreSQL's words, made from the one about a single row.
//!
//! What the single one is given once, the many one is given as an array for each parameter; the arrays are
//! unfolded to rows that are called `given`, with columns `p1`, `p2` and so on.

use std::fmt::Write;

use tokio_postgres::types::Type;

/// The statement that does for many rows what this one does for one: `INSERT … VALUES`, or an `UPDATE` or
/// `DELETE` of one row. `None`: it is none of these.
pub(crate) fn many_rows(sql: &str, types: &[Type]) -> Option<String> {
    let (sql, given) = (sql.trim(), given(types, ""));
    if let Some((head, values)) = sql.split_once("VALUES (") {
        let (values, rest) = values.split_once(')')?;
        return Some(format!("{head}SELECT {} FROM {given}{rest}", of_given(values)));
    }
    let (change, which) = sql.split_once("WHERE")?;
    let (change, which) = (of_given(change), of_given(which));
    let word = match sql.split_whitespace().next()? {
        "UPDATE" => "FROM",
        "DELETE" => "USING",
        _ => return None,
    };
    Some(format!("{change} {word} {given} WHERE{which}"))
}

/// The question that asks for many what this one asks for one; the last column says for which of them,
/// counted from one.
///
/// The offset of nothing keeps it a question for each of them: pulled up to a join it could become a walk
/// over the whole table.
pub(crate) fn many_questions(sql: &str, types: &[Type]) -> String {
    let (given, found) = (given(types, " WITH ORDINALITY"), of_given(sql.trim()));
    format!("SELECT found.*, given.n FROM {given} CROSS JOIN LATERAL ({found} OFFSET 0) AS found")
}

/// The rows that are given.
fn given(types: &[Type], numbered: &str) -> String {
    let (mut arrays, mut names) = (Vec::new(), Vec::new());
    for (number, one) in (1..).zip(types) {
        arrays.push(format!("${number}::{one}[]"));
        names.push(format!("p{number}"));
    }
    if !numbered.is_empty() {
        names.push("n".to_owned());
    }
    format!("unnest({}){numbered} AS given ({})", arrays.join(", "), names.join(", "))
}

/// Parameters are columns of what is given.
fn of_given(sql: &str) -> String {
    let mut parts = sql.split('?');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // Writing to a string does not fail.
        let _written = write!(text, "given.p{part}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_about_one_row_become_statements_about_many() {
        let types = [Type::INT8, Type::BYTEA];
        let given = "unnest($1::int8[], $2::bytea[]) AS given (p1, p2)";
        let insert = many_rows("\nINSERT INTO one (a, b, c) VALUES (?1, ?2, NULL)", &types);
        let expected =
            format!("INSERT INTO one (a, b, c) SELECT given.p1, given.p2, NULL FROM {given}");
        assert_eq!(insert.as_deref(), Some(&*expected));
        let update = many_rows("UPDATE one SET b = ?2 WHERE a = ?1", &types);
        let expected = format!("UPDATE one SET b = given.p2  FROM {given} WHERE a = given.p1");
        assert_eq!(update.as_deref(), Some(&*expected));
        let delete = many_rows("DELETE FROM one WHERE a = ?1 AND b = ?2", &types);
        let expected =
            format!("DELETE FROM one  USING {given} WHERE a = given.p1 AND b = given.p2");
        assert_eq!(delete.as_deref(), Some(&*expected));
        assert_eq!(many_rows("SELECT 1", &[]), None);
    }

    #[test]
    fn questions_about_one_become_questions_about_many() {
        assert_eq!(
            many_questions("SELECT a FROM one WHERE b = ?1", &[Type::TEXT]),
            "SELECT found.*, given.n FROM unnest($1::text[]) WITH ORDINALITY AS given (p1, n) \
             CROSS JOIN LATERAL (SELECT a FROM one WHERE b = given.p1 OFFSET 0) AS found"
        );
    }
}
