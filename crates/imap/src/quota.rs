//! Quotas in the words of the protocol (RFC 9208).
//!
//! An account has one quota root, for all its mailboxes. Its name is the empty string, which
//! clients show as the quota of the account. A resource without a limit is not listed, and an
//! account without any limit has no quota root at all: the grammar has no word for "unlimited".

use hikyaku_imap_proto::{QuotaLine, QuotaResource};
use hikyaku_mailstore::Usage;

/// The name of the quota root.
pub(crate) const ROOT: &str = "";

/// Bytes in a unit of STORAGE (RFC 9208 §5.1).
const STORAGE_UNIT: u64 = 1024;

/// What is limited. Both sides of STORAGE are rounded up: what fits is never shown as too much.
pub(crate) fn lines(usage: &Usage) -> Vec<QuotaLine> {
    let storage = QuotaLine {
        resource: QuotaResource::Storage,
        used: usage.bytes.bytes().div_ceil(STORAGE_UNIT),
        limit: usage.quota.bytes.bytes().div_ceil(STORAGE_UNIT),
    };
    let message = QuotaLine {
        resource: QuotaResource::Message,
        used: usage.messages,
        limit: usage.quota.messages,
    };
    let limited = [storage, message].into_iter().filter(|line| line.limit > 0);
    limited.collect()
}

#[cfg(test)]
mod tests {
    use hikyaku_mailstore::Quota;
    use hikyaku_types::ByteSize;

    use super::*;

    fn told(bytes: (u64, u64), messages: (u64, u64)) -> Vec<(u64, u64)> {
        let usage = Usage {
            bytes: ByteSize(bytes.0),
            messages: messages.0,
            quota: Quota {
                bytes: ByteSize(bytes.1),
                messages: messages.1,
            },
        };
        let lines = lines(&usage);
        lines.iter().map(|line| (line.used, line.limit)).collect()
    }

    #[test]
    fn only_what_is_limited_is_told() {
        assert_eq!(told((5000, 0), (3, 0)), []);
        assert_eq!(told((5000, 10_240), (3, 0)), [(5, 10)]);
        assert_eq!(told((5000, 0), (3, 7)), [(3, 7)]);
        assert_eq!(told((1, 1), (3, 7)), [(1, 1), (3, 7)]);
        assert_eq!(told((0, 1025), (0, 0)), [(0, 2)]);
    }
}
