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

/// The form of a tenant's name that must be unique: case and width do not tell companies apart.
pub(crate) fn folded(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).collect()
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
}
