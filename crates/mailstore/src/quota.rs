//! How much mail an account may hold, and how much it does.

use hikyaku_types::ByteSize;

use crate::error::QuotaKind;

/// What an account may hold. 0 is unlimited (requirement T-021).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Quota {
    /// Most bytes, counting each message once at its RFC822.SIZE.
    pub bytes: ByteSize,
    /// Most messages.
    pub messages: u64,
}

impl Quota {
    /// No limit at all.
    pub const UNLIMITED: Self = Self {
        bytes: ByteSize(0),
        messages: 0,
    };
}

/// What an account holds now, and may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Usage {
    /// Bytes of all messages that are in a mailbox, each counted once.
    pub bytes: ByteSize,
    /// Number of those messages.
    pub messages: u64,
    /// The limits.
    pub quota: Quota,
}

/// What a delivery may do to a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overshoot {
    /// The message has to fit.
    Refuse,
    /// A message that crosses the limit still goes in, unless the limit was reached before it. For
    /// a recipient that was accepted when there was room (design §4).
    AllowOnce,
}

/// Whether a message finds room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Room {
    /// It does.
    Ok,
    /// This part of the quota is exhausted.
    Full(QuotaKind),
}

impl Usage {
    /// Whether `messages` more messages of `bytes` bytes together fit.
    pub fn room(&self, bytes: u64, messages: u64, overshoot: Overshoot) -> Room {
        let fits = |used: u64, more: u64, limit: u64| match overshoot {
            _ if limit == 0 => true,
            Overshoot::Refuse => used.saturating_add(more) <= limit,
            Overshoot::AllowOnce => used < limit,
        };
        if !fits(self.bytes.bytes(), bytes, self.quota.bytes.bytes()) {
            Room::Full(QuotaKind::Bytes)
        } else if !fits(self.messages, messages, self.quota.messages) {
            Room::Full(QuotaKind::Messages)
        } else {
            Room::Ok
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(bytes: u64, messages: u64, quota: (u64, u64)) -> Usage {
        Usage {
            bytes: ByteSize(bytes),
            messages,
            quota: Quota {
                bytes: ByteSize(quota.0),
                messages: quota.1,
            },
        }
    }

    #[test]
    fn zero_is_unlimited() {
        let room = usage(u64::MAX - 1, u64::MAX - 1, (0, 0)).room(10, 1, Overshoot::Refuse);
        assert_eq!(room, Room::Ok);
    }

    #[test]
    fn the_limit_itself_may_be_filled_and_not_more() {
        let full = |kind| Room::Full(kind);
        let almost = usage(90, 9, (100, 10));
        assert_eq!(almost.room(10, 1, Overshoot::Refuse), Room::Ok);
        assert_eq!(
            almost.room(11, 1, Overshoot::Refuse),
            full(QuotaKind::Bytes)
        );
        assert_eq!(
            almost.room(1, 2, Overshoot::Refuse),
            full(QuotaKind::Messages)
        );
        assert_eq!(almost.room(11, 1, Overshoot::AllowOnce), Room::Ok);
        let reached = usage(100, 9, (100, 10));
        assert_eq!(
            reached.room(1, 1, Overshoot::AllowOnce),
            full(QuotaKind::Bytes)
        );
    }
}
