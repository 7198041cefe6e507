//! Choosing fields of a header by name, for IMAP's HEADER.FIELDS and for editing.

use super::Fields;
use crate::range::ByteRange;

/// Which fields to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The fields with one of the names.
    Only,
    /// The fields with none of the names.
    Except,
}

/// The chosen fields of `header`, whole and in order, and an empty line after them
/// (RFC 9051 §6.4.5.1). Names match without regard to case.
pub fn select(message: &[u8], header: ByteRange, choice: Choice, names: &[&str]) -> Vec<u8> {
    let mut chosen = Vec::new();
    for field in Fields::new(message, header) {
        let named = names.iter().any(|name| field.is(message, name));
        if named == (choice == Choice::Only) {
            let whole = field.whole.of(message);
            chosen.extend_from_slice(whole);
            if !whole.ends_with(b"\n") {
                chosen.extend_from_slice(b"\r\n");
            }
        }
    }
    chosen.extend_from_slice(b"\r\n");
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"To: a\r\nSubject: b\r\n c\r\nTO: d\r\n\r\nTo: body";

    fn select_str(choice: Choice, names: &[&str]) -> String {
        let header = ByteRange::new(0, 33);
        String::from_utf8(select(MESSAGE, header, choice, names)).unwrap()
    }

    #[test]
    fn fields_are_chosen_without_regard_to_case_and_in_order() {
        assert_eq!(select_str(Choice::Only, &["to"]), "To: a\r\nTO: d\r\n\r\n");
        assert_eq!(
            select_str(Choice::Except, &["tO", "X"]),
            "Subject: b\r\n c\r\n\r\n"
        );
        assert_eq!(select_str(Choice::Only, &[]), "\r\n");
    }

    #[test]
    fn a_header_that_ends_within_a_line_gets_a_line_end() {
        let chosen = select(b"To: a", ByteRange::new(0, 5), Choice::Only, &["To"]);
        assert_eq!(chosen, b"To: a\r\n\r\n");
    }
}
