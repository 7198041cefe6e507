//! The address of a content.

use std::fmt;

use hikyaku_db::{FromValue, Value, ValueRef};

/// The BLAKE3 hash of a content's bytes: its address within a tenant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'a> From<&'a ContentHash> for Value<'a> {
    fn from(hash: &'a ContentHash) -> Self {
        Self::from(&hash.0)
    }
}

impl FromValue for ContentHash {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        <[u8; 32]>::from_value(value).map(Self)
    }
}
