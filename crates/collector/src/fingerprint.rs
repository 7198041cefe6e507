//! Knowing a message again after its folder was renumbered, without reading all of it.

use hikyaku_message::header::Fields;
use hikyaku_types::OffsetTimestamp;

/// Bytes of a fingerprint.
const BYTES: usize = 16;

/// The fingerprint of a message: its Message-ID, its size there and when it arrived. Empty without
/// a Message-ID or a date: then only the whole message tells.
pub(crate) fn of(header: &[u8], size: u64, arrived: Option<OffsetTimestamp>) -> Vec<u8> {
    let found = Fields::of_message(header).find(|field| field.is(header, "Message-ID"));
    let id = found.map(|field| field.value.of(header).trim_ascii());
    let (Some(id), Some(arrived)) = (id.filter(|id| !id.is_empty()), arrived) else {
        return Vec::new();
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(&size.to_le_bytes());
    hasher.update(&arrived.at.seconds().to_le_bytes());
    hasher.update(id);
    let mut bytes = [0; BYTES];
    hasher.finalize_xof().fill(&mut bytes);
    bytes.to_vec()
}

#[cfg(test)]
mod tests {
    use hikyaku_types::Timestamp;

    use super::*;

    #[test]
    fn the_header_alone_has_the_fingerprint_of_the_message() {
        let date = |seconds| Some(OffsetTimestamp::utc(Timestamp::from_seconds(seconds)));
        let message = b"Subject: x\r\nMessage-Id: <a@b>\r\n\r\nMessage-ID: <c@d>\r\n";
        let whole = of(message, 50, date(7));
        assert_eq!(whole.len(), BYTES);
        assert_eq!(of(b"message-id:  <a@b>\r\n\r\n", 50, date(7)), whole);
        for other in [
            of(b"Message-ID: <c@d>\r\n\r\n", 50, date(7)),
            of(b"Message-ID: <a@b>\r\n\r\n", 51, date(7)),
            of(b"Message-ID: <a@b>\r\n\r\n", 50, date(8)),
        ] {
            assert_ne!(other, whole);
        }
        assert!(of(b"Subject: x\r\n\r\n", 50, date(7)).is_empty());
        assert!(of(message, 50, None).is_empty());
    }
}
