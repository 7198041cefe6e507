//! The names of the mechanisms.

use std::fmt;

/// A mechanism that this server speaks. SCRAM is a platform switch that comes with its keys
/// (design §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// `LOGIN`, draft-murchison-sasl-login: never standardised, needed by Outlook and by devices.
    Login,
}

impl Mechanism {
    /// All of them, the preferred one first: the order in which they are announced.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Login];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    /// The mechanism of that name, in any case of letters as all our protocols write it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// Whether the client speaks first, so that an initial response saves a round trip.
    pub fn is_client_first(self) -> bool {
        match self {
            Self::Plain => true,
            Self::Login => false,
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
