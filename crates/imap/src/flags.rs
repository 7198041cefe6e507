//! Flags of the store in the words of the protocol, and back.

use hikyaku_imap_proto::{Code, Flag};
use hikyaku_mailstore::{Flags, Keyword, SystemFlags};

use crate::reply::Reply;

/// The system flags and their names, as answers show them.
pub(crate) const SYSTEM: [(SystemFlags, &str); 5] = [
    (SystemFlags::ANSWERED, "\\Answered"),
    (SystemFlags::FLAGGED, "\\Flagged"),
    (SystemFlags::DELETED, "\\Deleted"),
    (SystemFlags::SEEN, "\\Seen"),
    (SystemFlags::DRAFT, "\\Draft"),
];

/// Whether a message is recent in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recent {
    Yes,
    No,
}

/// The names of a message's flags.
pub(crate) fn names(flags: &Flags, recent: Recent) -> impl Iterator<Item = &str> {
    let system = SYSTEM
        .iter()
        .filter(|(flag, _)| flags.system().contains(*flag));
    let recent = (recent == Recent::Yes).then_some("\\Recent");
    system
        .map(|(_, name)| *name)
        .chain(recent)
        .chain(flags.keywords().iter().map(Keyword::as_str))
}

/// The system flag of a word of the protocol; none for keywords, `\Recent` and unknown ones.
pub(crate) const fn system(flag: &Flag) -> Option<SystemFlags> {
    match flag {
        Flag::Answered => Some(SystemFlags::ANSWERED),
        Flag::Deleted => Some(SystemFlags::DELETED),
        Flag::Draft => Some(SystemFlags::DRAFT),
        Flag::Flagged => Some(SystemFlags::FLAGGED),
        Flag::Seen => Some(SystemFlags::SEEN),
        Flag::Recent | Flag::Keyword(_) | Flag::Extension(_) => None,
    }
}

/// The flags that a client names. `\Recent` is passed over: no client can set it, and some give
/// back what they were shown (RFC 3501 §2.3.2).
pub(crate) fn from_client(named: &[Flag]) -> Result<Flags, Reply> {
    let mut bits = SystemFlags::NONE;
    let mut keywords = Vec::new();
    for flag in named {
        match flag {
            Flag::Recent => {}
            Flag::Extension(_) => return Err(Reply::bad("There is no such system flag")),
            Flag::Keyword(keyword) => match Keyword::new(keyword) {
                Ok(keyword) => keywords.push(keyword),
                Err(error) => return Err(Reply::no_with(Code::Cannot, error.to_string())),
            },
            other => bits = bits.union(system(other).unwrap_or(SystemFlags::NONE)),
        }
    }
    Flags::new(bits, keywords).map_err(|error| Reply::no_with(Code::Limit, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_both_ways() {
        let named = [
            Flag::Seen,
            Flag::Recent,
            Flag::Keyword("$Forwarded".to_owned()),
            Flag::Deleted,
        ];
        let flags = from_client(&named).unwrap();
        let shown: Vec<&str> = names(&flags, Recent::Yes).collect();
        assert_eq!(shown, ["\\Deleted", "\\Seen", "\\Recent", "$Forwarded"]);
        assert_eq!(names(&flags, Recent::No).count(), 3);
    }

    #[test]
    fn words_that_are_no_flags_are_refused() {
        for flag in [
            Flag::Extension("Foo".to_owned()),
            Flag::Keyword("a]".to_owned()),
        ] {
            assert!(from_client(&[flag]).is_err());
        }
    }
}
