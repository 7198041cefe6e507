//! The header lines that are one recipient's own. They are stored beside the content, so that
//! the content stays one for all recipients (design §3 "A message as read is prefix + blob").

use hikyaku_types::EmailAddress;

/// What the content begins with: whether our lines join its header or need one of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begins {
    /// A header field, or the empty line that ends a header without fields.
    WithHeader,
    /// Text: an empty line must stand before it, or it would read as a header.
    WithText,
}

/// Return-Path (RFC 5321 §4.4), Delivered-To and this hop's Received line, in that order.
pub(crate) fn build(
    sender: Option<&EmailAddress>,
    delivered_to: &EmailAddress,
    trace_header: &[u8],
    content: Begins,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(trace_header.len() + 160);
    out.extend_from_slice(b"Return-Path: <");
    if let Some(sender) = sender {
        out.extend_from_slice(sender.to_string().as_bytes());
    }
    out.extend_from_slice(b">\r\nDelivered-To: ");
    out.extend_from_slice(delivered_to.to_string().as_bytes());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(trace_header);
    if content == Begins::WithText {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_null_sender_is_written_as_such() {
        let to = "taro@example.test".parse().unwrap();
        let prefix = build(None, &to, b"Received: x\r\n", Begins::WithHeader);
        let text = String::from_utf8(prefix).unwrap();
        assert_eq!(
            text,
            "Return-Path: <>\r\nDelivered-To: taro@example.test\r\nReceived: x\r\n"
        );
    }
}
