//! Names people give: of tenants and of accounts.

use unicode_normalization::UnicodeNormalization;

use crate::error::{DirectoryError, NameProblem};

/// Characters of a tenant's or an account's name at most: room for any company or person with
/// title and department, and small enough for one header line.
pub const MAX_NAME_CHARS: usize = 128;

/// A tenant's name as stored: trimmed, not empty.
pub(crate) fn tenant_name(text: &str) -> Result<String, DirectoryError> {
    let name = display_name(text)?;
    if name.is_empty() {
        return Err(DirectoryError::NameInvalid {
            problem: NameProblem::Empty,
        });
    }
    Ok(name)
}

/// An account's display name as stored: trimmed, possibly empty. It ends up in header fields, so
/// that a line end in it would be a header injection.
pub(crate) fn display_name(text: &str) -> Result<String, DirectoryError> {
    let name: String = text.trim().nfc().collect();
    let problem = if name.chars().count() > MAX_NAME_CHARS {
        NameProblem::TooLong
    } else if name.chars().any(char::is_control) {
        NameProblem::ControlCharacter
    } else {
        return Ok(name);
    };
    Err(DirectoryError::NameInvalid { problem })
}

/// A line of at most so many characters as stored: trimmed, possibly empty.
pub(crate) fn line(text: &str, max_chars: usize) -> Result<String, DirectoryError> {
    let line: String = text.trim().nfc().collect();
    let problem = if line.chars().count() > max_chars {
        NameProblem::LongerThan(max_chars)
    } else if line.chars().any(char::is_control) {
        NameProblem::ControlCharacter
    } else {
        return Ok(line);
    };
    Err(DirectoryError::NameInvalid { problem })
}

/// Characters of a note at most: some pages of text.
pub const MAX_NOTE_CHARS: usize = 4_000;

/// A text of several lines as stored: trimmed, line ends as LF, no other control characters.
pub(crate) fn note(text: &str) -> Result<String, DirectoryError> {
    let note: String = text.trim().replace("\r\n", "\n").nfc().collect();
    let problem = if note.chars().count() > MAX_NOTE_CHARS {
        NameProblem::LongerThan(MAX_NOTE_CHARS)
    } else if note
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        NameProblem::ControlCharacter
    } else {
        return Ok(note);
    };
    Err(DirectoryError::NameInvalid { problem })
}

/// The form of a tenant's name that must be unique: case and width do not tell companies apart.
pub(crate) fn folded(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).collect()
}

/// The LIKE pattern (ESCAPE '!') of folded texts that contain a part; empty for all. NUL can be
/// in no parameter and is in no text.
pub(crate) fn pattern(part: &str) -> String {
    let folded = folded(part.trim()).replace('\0', "\u{FFFD}");
    if folded.is_empty() {
        return folded;
    }
    let mut pattern = String::from("%");
    for c in folded.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_checked() {
        assert_eq!(tenant_name("  株式会社 例 ").unwrap(), "株式会社 例");
        assert_eq!(display_name("").unwrap(), "");
        let longest = "あ".repeat(MAX_NAME_CHARS);
        assert_eq!(display_name(&longest).unwrap(), longest);
        for (text, problem) in [
            (" ", NameProblem::Empty),
            ("a\r\nBcc: x", NameProblem::ControlCharacter),
            ("a\0", NameProblem::ControlCharacter),
        ] {
            match tenant_name(text) {
                Err(DirectoryError::NameInvalid { problem: found }) => {
                    assert_eq!(found, problem, "{text:?}");
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        assert!(matches!(
            display_name(&(longest + "あ")),
            Err(DirectoryError::NameInvalid {
                problem: NameProblem::TooLong
            })
        ));
    }

    #[test]
    fn case_and_width_make_no_other_tenant() {
        assert_eq!(folded("Ｅｘａｍｐｌｅ"), folded("EXAMPLE"));
        assert_ne!(folded("例"), folded("例え"));
    }

    #[test]
    fn signs_of_patterns_are_plain_text_in_a_part() {
        assert_eq!(pattern(" 50%_! "), "%50!%!_!!%");
        assert_eq!(pattern("ＡＢ"), "%ab%");
        assert_eq!(pattern("  "), "");
    }
}
