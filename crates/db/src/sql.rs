//! The few differences between the engines' SQL, and texts for lists of parameters.
//!
//! Statements are written once, for SQLite with PostgreSQL's locking clauses: parameters are
//! `?1`, `?2` …, and `FOR UPDATE` stands where PostgreSQL needs the row lock. SQLite has one
//! writer, so it needs none and gets the text without the clause; PostgreSQL gets `$1`, `$2` ….
//! Nothing inside quotes or comments is touched. Key words of locking clauses are written in
//! capitals.
//!
//! What to mind, because only one of the engines minds it:
//! - PostgreSQL wants to know each parameter's type. Beside a column it does; where nothing else
//!   says it (`SELECT ?1`, `COALESCE(?1, 0)`), write `CAST(?1 AS BIGINT)`.
//! - Texts are ordered by the column's collation on PostgreSQL, by their bytes on SQLite: columns
//!   that are ordered or searched by range have `COLLATE "C"` in PostgreSQL's migration.
//! - A constraint is never DEFERRABLE: groups are committed together, so a check at COMMIT would
//!   fail all members for one.
//! - `INSERT … RETURNING` is a query; `execute` is for statements without rows.
//! - A text holds one statement, and at most 32,766 parameters.

use std::{borrow::Cow, fmt::Write as _};

/// The locking clauses that are taken out for SQLite, longest first.
const LOCKING: [&str; 4] = [
    "FOR NO KEY UPDATE",
    "FOR KEY SHARE",
    "FOR UPDATE",
    "FOR SHARE",
];

/// What may follow a locking clause and goes with it.
const LOCKING_TAILS: [&str; 2] = [" SKIP LOCKED", " NOWAIT"];

/// `count` parameters from `?first` on: `?3,?4,?5`.
///
/// Keep the number of different counts small (say 1, 8, 64, 256): each makes another text and
/// takes another place in the caches of prepared statements.
pub fn in_list(first: usize, count: usize) -> String {
    let mut list = String::with_capacity(count * 5);
    for number in first..first + count {
        if number > first {
            list.push(',');
        }
        let _ = write!(list, "?{number}");
    }
    list
}

/// `rows` rows of `columns` parameters from `?first` on: `(?1,?2),(?3,?4)`, for VALUES.
pub fn values_list(first: usize, rows: usize, columns: usize) -> String {
    let mut list = String::with_capacity(rows * columns * 5 + rows * 3);
    for row in 0..rows {
        if row > 0 {
            list.push(',');
        }
        list.push('(');
        list.push_str(&in_list(first + row * columns, columns));
        list.push(')');
    }
    list
}

/// Whether a text may hold a locking clause: a quick look before [`without_locks`].
pub(crate) fn may_lock(sql: &str) -> bool {
    sql.contains("FOR ")
}

/// The text for SQLite: without locking clauses.
pub(crate) fn without_locks(sql: &str) -> Cow<'_, str> {
    if !may_lock(sql) {
        return Cow::Borrowed(sql);
    }
    let mut out = String::with_capacity(sql.len());
    for piece in pieces(sql) {
        match piece {
            Piece::Verbatim(text) => out.push_str(text),
            Piece::Code(text) => push_without_locks(&mut out, text),
        }
    }
    Cow::Owned(out)
}

/// The text for PostgreSQL: `?n` becomes `$n`.
pub(crate) fn numbered_for_postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    for piece in pieces(sql) {
        match piece {
            Piece::Verbatim(text) => out.push_str(text),
            Piece::Code(text) => out.push_str(&text.replace('?', "$")),
        }
    }
    out
}

fn push_without_locks(out: &mut String, code: &str) {
    let mut rest = code;
    while let Some((at, clause)) = first_clause(rest) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        rest = after.get(clause.len()..).unwrap_or_default();
        if let Some(tables) = rest.strip_prefix(" OF ") {
            let end = tables.find(|c: char| !(c.is_alphanumeric() || "_., ".contains(c)));
            rest = match end {
                Some(end) => tables.get(end..).unwrap_or_default(),
                None => "",
            };
        }
        for tail in LOCKING_TAILS {
            rest = rest.strip_prefix(tail).unwrap_or(rest);
        }
    }
    out.push_str(rest);
}

fn first_clause(code: &str) -> Option<(usize, &'static str)> {
    LOCKING
        .iter()
        .filter_map(|clause| code.find(clause).map(|at| (at, *clause)))
        .min_by_key(|(at, _)| *at)
}

/// A stretch of a statement.
enum Piece<'a> {
    /// A quoted text, a quoted name or a comment: never touched.
    Verbatim(&'a str),
    /// Anything else.
    Code(&'a str),
}

fn pieces(sql: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = if let Some(length) = verbatim_length(rest) {
            let (quoted, after) = rest.split_at(length);
            (Piece::Verbatim(quoted), after)
        } else {
            let (code, after) = rest.split_at(code_length(rest));
            (Piece::Code(code), after)
        };
        rest = after;
        Some(piece)
    })
}

/// The length of the quoted stretch or comment that `sql` begins with. A doubled quote within
/// quotes ends one stretch and begins the next, which comes to the same.
fn verbatim_length(sql: &str) -> Option<usize> {
    let until = |start: usize, end: &str| {
        let body = sql.get(start..).unwrap_or_default();
        body.find(end)
            .map_or(sql.len(), |at| start + at + end.len())
    };
    match sql.as_bytes() {
        [b'\'', ..] => Some(until(1, "'")),
        [b'"', ..] => Some(until(1, "\"")),
        [b'-', b'-', ..] => Some(until(2, "\n")),
        [b'/', b'*', ..] => Some(until(2, "*/")),
        _ => None,
    }
}

/// The length of the code before the next quote or comment; at least one character.
fn code_length(sql: &str) -> usize {
    let bytes = sql.as_bytes();
    (1..bytes.len())
        .find(|&at| {
            matches!(
                bytes.get(at..),
                Some([b'\'' | b'"', ..] | [b'-', b'-', ..] | [b'/', b'*', ..])
            )
        })
        .unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_renumbered_outside_quotes_only() {
        for (from, to) in [
            ("SELECT ?1, ?12", "SELECT $1, $12"),
            ("SELECT '?1', \"a?2\", ?3", "SELECT '?1', \"a?2\", $3"),
            ("SELECT 'it''s ?1' || ?1", "SELECT 'it''s ?1' || $1"),
            ("SELECT 1 -- ?1\n, ?2", "SELECT 1 -- ?1\n, $2"),
            ("SELECT /* ?1 */ ?2 /", "SELECT /* ?1 */ $2 /"),
            ("SELECT 'é?' , ?1 'open ?2", "SELECT 'é?' , $1 'open ?2"),
        ] {
            assert_eq!(numbered_for_postgres(from), to);
        }
    }

    #[test]
    fn locking_clauses_are_taken_out_for_sqlite() {
        for (from, to) in [
            ("SELECT 1", "SELECT 1"),
            ("SELECT a FROM t FOR UPDATE", "SELECT a FROM t "),
            ("SELECT a FROM t FOR NO KEY UPDATE", "SELECT a FROM t "),
            ("SELECT a FROM t FOR UPDATE SKIP LOCKED", "SELECT a FROM t "),
            (
                "SELECT a FROM t FOR UPDATE OF t, u NOWAIT",
                "SELECT a FROM t ",
            ),
            (
                "WITH x AS (SELECT a FROM t FOR SHARE OF t) SELECT 'FOR UPDATE'",
                "WITH x AS (SELECT a FROM t ) SELECT 'FOR UPDATE'",
            ),
        ] {
            assert_eq!(without_locks(from), to);
        }
    }

    #[test]
    fn lists_count_from_the_given_number() {
        assert_eq!(in_list(3, 3), "?3,?4,?5");
        assert_eq!(in_list(1, 0), "");
        assert_eq!(values_list(2, 2, 2), "(?2,?3),(?4,?5)");
    }
}
