//! Message flags on the wire.

use crate::parse::{Cursor, Parsed};

/// One flag as a client names it, or as an answer shows it.
///
/// ```abnf
/// flag = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" /
///        flag-keyword / flag-extension
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flag {
    /// `\Answered`
    Answered,
    /// `\Deleted`
    Deleted,
    /// `\Draft`
    Draft,
    /// `\Flagged`
    Flagged,
    /// `\Recent`: shown, never set by a client.
    Recent,
    /// `\Seen`
    Seen,
    /// A keyword, such as `$Forwarded`.
    Keyword(String),
    /// Another word with a backslash, without it. No server flag has such a name.
    Extension(String),
}

impl Flag {
    /// The name of a system flag.
    const SYSTEM: [(&'static str, Self); 6] = [
        ("Answered", Self::Answered),
        ("Deleted", Self::Deleted),
        ("Draft", Self::Draft),
        ("Flagged", Self::Flagged),
        ("Recent", Self::Recent),
        ("Seen", Self::Seen),
    ];

    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        if cursor.take(b'\\') {
            let name = cursor.atom("a flag")?;
            let system = Self::SYSTEM
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            return Ok(system.map_or_else(
                || Self::Extension(name.to_owned()),
                |(_, flag)| flag.clone(),
            ));
        }
        // `]` is let pass in a keyword: `[Gmail]/…` labels travel as such.
        let keyword = cursor.take_some(
            |byte| crate::parse::is_atom_char(byte) || byte == b']',
            "a flag",
        )?;
        Ok(Self::Keyword(String::from_utf8_lossy(keyword).into_owned()))
    }

    /// ```abnf
    /// flag-list = "(" [flag *(SP flag)] ")"
    /// ```
    pub(crate) fn parse_list(cursor: &mut Cursor<'_>) -> Parsed<Vec<Self>> {
        let limit = cursor.limits().flags;
        cursor.list((limit, "flags"), Self::parse)
    }

    /// Writes it.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Keyword(keyword) => out.extend_from_slice(keyword.as_bytes()),
            Self::Extension(name) => {
                out.push(b'\\');
                out.extend_from_slice(name.as_bytes());
            }
            system => {
                let found = Self::SYSTEM.iter().find(|(_, flag)| flag == system);
                out.push(b'\\');
                out.extend_from_slice(found.map_or("", |(name, _)| name).as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn flags_are_written_as_they_are_read() {
        let limits = Limits::default();
        let text =
            b"(\\seen \\ANSWERED \\Flagged \\Deleted \\Draft \\Recent \\XFoo $Forwarded a]b)";
        let mut cursor = Cursor::over(text, &limits);
        let flags = Flag::parse_list(&mut cursor).unwrap();
        let mut out = Vec::new();
        for flag in &flags {
            flag.write(&mut out);
            out.push(b' ');
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\\Seen \\Answered \\Flagged \\Deleted \\Draft \\Recent \\XFoo $Forwarded a]b "
        );
    }

    #[test]
    fn what_is_no_flag_list_is_refused() {
        let limits = Limits::default();
        for text in [
            "",
            "(",
            "(\\)",
            "(\\Seen",
            "(a(b))",
            "(\\Seen\\Draft)",
            "(\"a\")",
        ] {
            let mut cursor = Cursor::over(text.as_bytes(), &limits);
            assert!(Flag::parse_list(&mut cursor).is_err(), "{text:?}");
        }
        let many = format!("({})", vec!["a"; limits.flags + 1].join(" "));
        let error = Flag::parse_list(&mut Cursor::over(many.as_bytes(), &limits)).unwrap_err();
        assert_eq!(error.to_string(), "too many or too long: flags");
    }
}
