//! The header lines that are one recipient's own. They are stored beside the content, so that
//! the content stays one for all recipients (design §3 "A message as read is prefix + blob").

use hikyaku_types::EmailAddress;

/// Return-Path (RFC 5321 §4.4), Delivered-To and this hop's Received line, in that order.
pub(crate) fn build(
    sender: Option<&EmailAddress>,
    delivered_to: &EmailAddress,
    trace_header: &[u8],
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
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_null_sender_is_written_as_such() {
        let to = "taro@example.test".parse().unwrap();
        let prefix = build(None, &to, b"Received: x\r\n");
        let text = String::from_utf8(prefix).unwrap();
        assert_eq!(
            text,
            "Return-Path: <>\r\nDelivered-To: taro@example.test\r\nReceived: x\r\n"
        );
    }
}
