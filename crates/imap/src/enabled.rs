//! What a client has switched on for the rest of its connection (RFC 5161).
//!
//! It is part of the wire, because it changes how both sides write: every place that sends
//! something asks [`Enabled::contains`] whether the client understands it.

/// An extension that changes what the server sends unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extension {
    /// CONDSTORE (RFC 7162): MODSEQ with every FETCH of flags. Also on after the first command
    /// that speaks of modseqs (RFC 7162 §3.1).
    Condstore,
    /// UTF8=ACCEPT (RFC 9755): mailbox names and strings in UTF-8.
    Utf8Accept,
}

impl Extension {
    /// All of them with their names, as ENABLE and ENABLED write them.
    const NAMES: [(&'static str, Self); 2] = [
        ("CONDSTORE", Self::Condstore),
        ("UTF8=ACCEPT", Self::Utf8Accept),
    ];

    /// The extension of a name in capitals, if it is known.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, extension)| *extension)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Condstore => 1,
            Self::Utf8Accept => 2,
        }
    }
}

/// The extensions that are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Enabled(u8);

impl Enabled {
    /// Whether the client has switched it on.
    pub(crate) const fn contains(self, extension: Extension) -> bool {
        self.0 & extension.bit() != 0
    }

    /// Switches it on. There is no way back (RFC 5161 §3.1).
    pub(crate) fn enable(&mut self, extension: Extension) {
        self.0 |= extension.bit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_switched_on_one_by_one() {
        let mut enabled = Enabled::default();
        enabled.enable(Extension::Utf8Accept);
        assert!(enabled.contains(Extension::Utf8Accept));
        assert!(!enabled.contains(Extension::Condstore));
        for (name, extension) in Extension::NAMES {
            assert_eq!(Extension::named(name), Some(extension));
        }
        assert_eq!(Extension::named("IDLE"), None);
    }
}
