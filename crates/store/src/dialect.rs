//! The statements are one text for both databases; here is what differs in it.

/// The mark at which PostgreSQL passes over rows that another transaction holds; a comment to SQLite,
/// which has one writer.
const SKIP_LOCKED_MARK: &str = "/* FOR UPDATE SKIP LOCKED */";

/// A statement as PostgreSQL reads it: parameters are `$1` instead of `?1`.
pub(crate) fn for_postgres(sql: &str) -> String {
    sql.replace('?', "$").replace(SKIP_LOCKED_MARK, "FOR UPDATE SKIP LOCKED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_marks_are_rewritten() {
        let sql =
            "SELECT id FROM one WHERE id = ?1 AND at <= ?12 LIMIT ?2 /* FOR UPDATE SKIP LOCKED */";
        let expected =
            "SELECT id FROM one WHERE id = $1 AND at <= $12 LIMIT $2 FOR UPDATE SKIP LOCKED";
        assert_eq!(for_postgres(sql), expected);
    }
}
