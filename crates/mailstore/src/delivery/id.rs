//! What makes a delivery idempotent.

/// Names one delivery to an account: delivering again under the same id does nothing, as long as
/// the message is in a mailbox or restorable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId([u8; 16]);

impl DeliveryId {
    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// An id that follows from what identifies a delivery: equal parts make equal ids, and no two
    /// different lists of parts run together.
    pub fn derive(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        Self(id)
    }

    /// The bytes as stored.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_eq!(
            DeliveryId::derive(&[b"a", b"b"]),
            DeliveryId::derive(&[b"a", b"b"])
        );
        assert_ne!(
            DeliveryId::derive(&[b"ab", b""]),
            DeliveryId::derive(&[b"a", b"b"])
        );
    }
}
