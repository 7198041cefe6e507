//! Cells that a spreadsheet would take for a formula.
//!
//! A display name `=HYPERLINK(…)` must not run on the administrator's machine. Such a cell gets an
//! apostrophe before it, as OWASP advises ("CSV injection"); reading takes it away again. What
//! begins with an apostrophe itself gets one too, so that nothing is ambiguous.

use std::borrow::Cow;

/// What a spreadsheet may take for the beginning of a formula.
const TRIGGERS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that no spreadsheet runs.
pub fn defused(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(TRIGGERS) || cell.starts_with('\'') {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell that [`defused`] was given.
pub fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(TRIGGERS) || rest.starts_with('\'') => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_defused_comes_back() {
        for cell in [
            "", "a", "=1+1", "+81 3", "-", "@x", "\tx", "\rx", "'", "'=1", "''", "o'clock",
            "'quoted'",
        ] {
            let safe = defused(cell);
            assert!(!safe.starts_with(TRIGGERS), "{cell:?}");
            assert_eq!(restored(&safe), cell);
        }
        assert_eq!(restored("'plain"), "'plain");
    }
}
