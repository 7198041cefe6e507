//! The envelope of a message: the header fields that lists, threads and IMAP's ENVELOPE show.

use std::fmt::Write as _;

use hikyaku_types::OffsetTimestamp;

use crate::text::HeaderText;

/// The parsed main header fields of a message (RFC 5322 §3.6, RFC 9051 §7.5.2 ENVELOPE).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// The Date field as written, without folding.
    pub date: Option<HeaderText>,
    /// The Date field's meaning; absent when there is none or it cannot be read.
    pub sent_at: Option<OffsetTimestamp>,
    /// The Subject field; absent when there is no such field, empty when it is empty.
    pub subject: Option<HeaderText>,
    /// From.
    pub from: Vec<Address>,
    /// Sender, empty when absent: see [`Envelope::sender_or_from`].
    pub sender: Vec<Address>,
    /// Reply-To, empty when absent: see [`Envelope::reply_to_or_from`].
    pub reply_to: Vec<Address>,
    /// To, all fields of this name together.
    pub to: Vec<Address>,
    /// Cc, all fields of this name together.
    pub cc: Vec<Address>,
    /// Bcc, all fields of this name together.
    pub bcc: Vec<Address>,
    /// The In-Reply-To field as written, without folding.
    pub in_reply_to: Option<HeaderText>,
    /// The Message-ID field as written, without folding, angle brackets included.
    pub message_id: Option<HeaderText>,
}

impl Envelope {
    /// Sender, or From where there is no Sender, as ENVELOPE wants it (RFC 9051 §7.5.2).
    pub fn sender_or_from(&self) -> &[Address] {
        if self.sender.is_empty() {
            &self.from
        } else {
            &self.sender
        }
    }

    /// Reply-To, or From where there is no Reply-To, as ENVELOPE wants it (RFC 9051 §7.5.2).
    pub fn reply_to_or_from(&self) -> &[Address] {
        if self.reply_to.is_empty() {
            &self.from
        } else {
            &self.reply_to
        }
    }
}

/// One entry of an address list. Groups are flat, with markers, as in IMAP's ENVELOPE; each
/// [`Address::GroupStart`] is followed by its [`Address::GroupEnd`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A mailbox.
    Mailbox(Mailbox),
    /// The start of a group, with its display name.
    GroupStart(HeaderText),
    /// The end of a group.
    GroupEnd,
}

impl Address {
    /// The mailbox, when this is one.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Mailbox(mailbox) => Some(mailbox),
            Self::GroupStart(_) | Self::GroupEnd => None,
        }
    }
}

/// A mailbox of an address list (RFC 5322 §3.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Mailbox {
    /// The display name without quoting, encoded words as written; or, where there is none, the
    /// comment after the address (the old form `taro@example.jp (Taro)`).
    pub name: Option<HeaderText>,
    /// The obsolete source route, `@a,@b` (RFC 5322 §4.4).
    pub route: Option<Box<str>>,
    /// The local part without quoting; empty when missing. Raw 8-bit text is decoded to UTF-8.
    pub local: Box<str>,
    /// The domain; empty (never absent: IMAP's NIL host marks a group) when missing.
    pub host: Box<str>,
}

impl Mailbox {
    /// The address as `local@host`, with the local part quoted where it has to be.
    pub fn addr_spec(&self) -> String {
        let mut spec = String::with_capacity(self.local.len() + self.host.len() + 3);
        if is_dot_atom(&self.local) {
            spec.push_str(&self.local);
        } else {
            spec.push('"');
            for character in self.local.chars() {
                if matches!(character, '"' | '\\') {
                    spec.push('\\');
                }
                spec.push(character);
            }
            spec.push('"');
        }
        if !self.host.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(spec, "@{}", self.host);
        }
        spec
    }
}

/// Whether `local` can stand without quotes (RFC 5322 §3.2.3, with RFC 6532's UTF-8).
fn is_dot_atom(local: &str) -> bool {
    !local.is_empty()
        && local.split('.').all(|atom| {
            !atom.is_empty()
                && atom.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric()
                        || byte >= 0x80
                        || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
                })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(local: &str, host: &str) -> Mailbox {
        Mailbox {
            local: local.into(),
            host: host.into(),
            ..Mailbox::default()
        }
    }

    #[test]
    fn local_parts_are_quoted_only_where_they_must_be() {
        assert_eq!(
            mailbox("taro.yamada", "example.jp").addr_spec(),
            "taro.yamada@example.jp"
        );
        assert_eq!(mailbox("太郎", "example.jp").addr_spec(), "太郎@example.jp");
        assert_eq!(
            mailbox("taro.", "example.jp").addr_spec(),
            "\"taro.\"@example.jp"
        );
        assert_eq!(
            mailbox("a \"b\\", "example.jp").addr_spec(),
            "\"a \\\"b\\\\\"@example.jp"
        );
        assert_eq!(mailbox("root", "").addr_spec(), "root");
    }

    #[test]
    fn sender_and_reply_to_fall_back_to_from() {
        let from = vec![Address::Mailbox(mailbox("a", "b"))];
        let mut envelope = Envelope {
            from: from.clone(),
            ..Envelope::default()
        };
        assert_eq!(envelope.sender_or_from(), from);
        assert_eq!(envelope.reply_to_or_from(), from);
        envelope.reply_to = vec![Address::GroupEnd];
        assert_eq!(envelope.reply_to_or_from(), [Address::GroupEnd]);
    }
}
