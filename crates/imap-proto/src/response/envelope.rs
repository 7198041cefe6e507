//! ENVELOPE.

use hikyaku_message::{Address, Envelope, HeaderText};

use super::string::write_nstring;

/// Writes an envelope. Texts with encoded words go as they were written; raw 8-bit text goes as
/// encoded words, which is what clients of IMAP4rev1 can show.
///
/// ```abnf
/// envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP
///            env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
/// ```
pub(super) fn write_envelope(envelope: &Envelope, out: &mut Vec<u8>) {
    out.push(b'(');
    write_text(envelope.date.as_ref(), out);
    out.push(b' ');
    write_text(envelope.subject.as_ref(), out);
    for addresses in [
        &envelope.from,
        envelope.sender_or_from(),
        envelope.reply_to_or_from(),
        &envelope.to,
        &envelope.cc,
        &envelope.bcc,
    ] {
        out.push(b' ');
        write_addresses(addresses, out);
    }
    out.push(b' ');
    write_text(envelope.in_reply_to.as_ref(), out);
    out.push(b' ');
    write_text(envelope.message_id.as_ref(), out);
    out.push(b')');
}

/// Writes a header text, or NIL for none.
pub(super) fn write_text(text: Option<&HeaderText>, out: &mut Vec<u8>) {
    write_nstring(text.map(HeaderText::to_ascii).as_deref(), out);
}

/// ```abnf
/// env-from = "(" 1*address ")" / nil
/// address  = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
/// ```
fn write_addresses(addresses: &[Address], out: &mut Vec<u8>) {
    if addresses.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    out.push(b'(');
    for address in addresses {
        match address {
            Address::Mailbox(mailbox) => {
                out.push(b'(');
                write_text(mailbox.name.as_ref(), out);
                out.push(b' ');
                write_nstring(mailbox.route.as_deref().map(str::as_bytes), out);
                out.push(b' ');
                write_nstring(Some(mailbox.local.as_bytes()), out);
                out.push(b' ');
                write_nstring(Some(mailbox.host.as_bytes()), out);
                out.push(b')');
            }
            // A group: its name stands where the mailbox would, and the host is NIL.
            Address::GroupStart(name) => {
                out.extend_from_slice(b"(NIL NIL ");
                write_text(Some(name), out);
                out.extend_from_slice(b" NIL)");
            }
            Address::GroupEnd => out.extend_from_slice(b"(NIL NIL NIL NIL)"),
        }
    }
    out.push(b')');
}
