//! What is put right in a message that a user sends (RFC 6409 §8), and who is its author.

use hikyaku_message::{
    Address, Mailbox,
    build::{
        self, BuildError, HeaderBlock,
        edit::{self, Expected},
    },
    charset::Target,
    header::{Fields, address},
};
use hikyaku_types::{Domain, EmailAddress, OffsetTimestamp, Timestamp};

/// Authors that are looked at. A message with more counts as malformed: each costs a question to
/// the directory, and no person writes in the name of so many.
const MAX_AUTHORS: usize = 20;

/// Who a message says that it is from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Authors {
    /// The addresses in all From and Sender fields.
    pub(crate) addresses: Vec<EmailAddress>,
    /// Whether one of these fields has something else, or no address at all.
    pub(crate) malformed: bool,
}

impl Authors {
    /// Reads the header of a message. One without From and Sender has no authors.
    pub(crate) fn of(message: &[u8]) -> Self {
        let mut found = Self::default();
        for field in Fields::of_message(message) {
            if field.is(message, "From") || field.is(message, "Sender") {
                found.add(field.value.of(message));
            }
        }
        found
    }

    fn add(&mut self, value: &[u8]) {
        let list = address::parse(value);
        let before = self.addresses.len();
        for mailbox in list.addresses.iter().filter_map(Address::mailbox) {
            match mailbox.addr_spec().parse::<EmailAddress>() {
                Ok(address) if self.addresses.len() < MAX_AUTHORS => self.addresses.push(address),
                _ => self.malformed = true,
            }
        }
        // A field without an address says nothing about the author, whatever it shows; and where
        // one program ends the text at a NUL, another reads on.
        self.malformed |=
            self.addresses.len() == before || list.cut == address::Cut::Yes || value.contains(&0);
    }
}

/// What new fields are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp<'a> {
    /// When the message came.
    pub(crate) at: Timestamp,
    /// A name that no other message of this host has.
    pub(crate) id: &'a str,
    /// The host.
    pub(crate) host: &'a Domain,
    /// The envelope sender.
    pub(crate) sender: Option<&'a EmailAddress>,
}

/// The message with the fields that it lacks: Date and Message-ID (RFC 6409 §8.2, §8.3), and From
/// when a script or a device wrote none.
pub(crate) fn completed(message: Vec<u8>, stamp: &Stamp<'_>) -> Result<Vec<u8>, BuildError> {
    let lacking = edit::lacking(&message);
    let lacks = |field| lacking.contains(&field);
    let mut block = HeaderBlock::new();
    if lacks(Expected::Date) {
        block = block.date("Date", OffsetTimestamp::utc(stamp.at))?;
    }
    if lacks(Expected::MessageId) {
        let id = build::message_id(stamp.id, stamp.host)?;
        block = block.message_ids("Message-ID", &[&id])?;
    }
    if let (true, Some(sender)) = (lacks(Expected::From), stamp.sender) {
        let mailbox = Mailbox {
            local: sender.local().into(),
            host: sender.domain().as_str().into(),
            ..Mailbox::default()
        };
        block = block.addresses("From", &[mailbox], Target::default())?;
    }
    if block.as_bytes().is_empty() {
        return Ok(message);
    }
    Ok(edit::prepend(&block, &message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(message: &str, sender: Option<&str>) -> String {
        let sender = sender.map(|text| text.parse().unwrap());
        let host = "mx.example.test".parse().unwrap();
        let stamp = Stamp {
            at: Timestamp(0),
            id: "42.1",
            host: &host,
            sender: sender.as_ref(),
        };
        let whole = super::completed(message.as_bytes().to_vec(), &stamp).unwrap();
        String::from_utf8(whole).unwrap()
    }

    #[test]
    fn what_is_missing_is_added() {
        assert_eq!(
            completed(
                "Subject: x\r\n\r\nDate: in the body\r\n",
                Some("taro@example.test")
            ),
            "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n\
             Message-ID: <42.1@mx.example.test>\r\n\
             From: taro@example.test\r\n\
             Subject: x\r\n\r\nDate: in the body\r\n"
        );
        assert!(!completed("Subject: x\r\n\r\n", None).contains("From"));
        let whole = "DATE: x\r\nmessage-id: <a@b>\r\nFrom: taro@example.test\r\n\r\n";
        assert_eq!(completed(whole, Some("taro@example.test")), whole);
        // Text without a header stays the body.
        assert!(completed("the disk is full\r\n", None).ends_with(">\r\n\r\nthe disk is full\r\n"));
    }

    #[test]
    fn authors_are_all_of_from_and_sender() {
        let found = Authors::of(
            "From: =?UTF-8?B?5aSq6YOO?= <taro@example.test>,\r\n hanako@example.test\r\n\
             Sender: \"office\" <Office@Example.test>\r\n\r\nFrom: nobody@example.test\r\n"
                .as_bytes(),
        );
        let addresses: Vec<_> = found.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(
            addresses,
            [
                "taro@example.test",
                "hanako@example.test",
                "Office@example.test"
            ]
        );
        assert!(!found.malformed);
        assert_eq!(Authors::of(b"Subject: x\r\n\r\n"), Authors::default());
    }

    #[test]
    fn authors_that_are_no_addresses_are_noted() {
        for header in [
            "From: \r\n",
            "From: Taro\r\n",
            "From: undisclosed:;\r\n",
            "From: taro@example.test\r\nFrom: ceo\r\n",
            "From: <taro@example.test>, <@>\r\n",
            "From: ceo@example.test\0<taro@example.test>\r\n",
        ] {
            assert!(
                Authors::of(format!("{header}\r\n").as_bytes()).malformed,
                "{header:?}"
            );
        }
        let many = "a@example.test, ".repeat(MAX_AUTHORS + 1);
        assert!(Authors::of(format!("From: {many}\r\n\r\n").as_bytes()).malformed);
    }
}
