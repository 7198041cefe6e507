//! What a mailbox is for, beyond its name (RFC 6154, JMAP roles).

/// The special uses a mailbox can have. Each belongs to at most one mailbox of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpecialUse {
    /// Mail put aside.
    Archive,
    /// Messages being written.
    Drafts,
    /// What was taken for spam.
    Junk,
    /// Copies of what was sent.
    Sent,
    /// Messages thrown away, not yet gone.
    Trash,
}

impl SpecialUse {
    /// All of them, with the names the default mailboxes have on the wire.
    pub const DEFAULTS: [(Self, &'static str); 5] = [
        (Self::Drafts, "Drafts"),
        (Self::Sent, "Sent"),
        (Self::Junk, "Junk"),
        (Self::Trash, "Trash"),
        (Self::Archive, "Archive"),
    ];

    /// The number as stored.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Archive => 1,
            Self::Drafts => 2,
            Self::Junk => 3,
            Self::Sent => 4,
            Self::Trash => 5,
        }
    }

    /// The use for a stored number; unknown numbers are none, so that a newer row stays readable.
    pub(crate) const fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Self::Archive),
            2 => Some(Self::Drafts),
            3 => Some(Self::Junk),
            4 => Some(Self::Sent),
            5 => Some(Self::Trash),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_has_a_code_that_reads_back() {
        for (role, _) in SpecialUse::DEFAULTS {
            assert_eq!(SpecialUse::from_code(role.code()), Some(role));
        }
        assert_eq!(SpecialUse::from_code(99), None);
    }
}
