//! A header under construction.

use hikyaku_types::OffsetTimestamp;

use super::{BuildError, format_date, parameter};
use crate::{charset::Target, envelope::Mailbox, rfc2047};

/// Where lines are folded when they can be (RFC 5322 §2.1.1).
const FOLD_AT: usize = 78;

/// The longest line without its CRLF (RFC 5322 §2.1.1).
const MAX_LINE: usize = 998;

/// Complete header fields, each folded and with its line end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeaderBlock {
    bytes: Vec<u8>,
}

impl HeaderBlock {
    /// No fields yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields, without the empty line after them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The fields, without the empty line after them.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Adds an unstructured field, like Subject: what is not ASCII becomes encoded words in
    /// `target`, or UTF-8 where that cannot hold it.
    pub fn text(self, name: &str, text: &str, target: Target) -> Result<Self, BuildError> {
        check_controls(name, text)?;
        self.write(
            name,
            &rfc2047::encode_at(text.trim(), target, name.len() + 1),
        )
    }

    /// Adds a structured field whose value is written already: ASCII, tokens separated by single
    /// spaces, at which it may be folded.
    pub fn structured(self, name: &str, value: &str) -> Result<Self, BuildError> {
        check_controls(name, value)?;
        if !value.is_ascii() {
            return Err(BuildError::NotAscii(name.into()));
        }
        self.write(name, value.trim())
    }

    /// Adds a date field.
    pub fn date(self, name: &str, date: OffsetTimestamp) -> Result<Self, BuildError> {
        self.write(name, &format_date(date))
    }

    /// Adds a field of message ids, given without angle brackets.
    pub fn message_ids(self, name: &str, ids: &[&str]) -> Result<Self, BuildError> {
        let valid = |id: &&str| {
            !id.is_empty()
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte))
        };
        if !ids.iter().all(valid) {
            return Err(BuildError::Invalid(name.into()));
        }
        let value: Vec<String> = ids.iter().map(|id| format!("<{id}>")).collect();
        self.write(name, &value.join(" "))
    }

    /// Adds an address field. Display names become phrases or encoded words in `target`. Addresses
    /// outside ASCII are written as they are (RFC 6532): the caller knows whether SMTPUTF8 is on.
    pub fn addresses(
        self,
        name: &str,
        mailboxes: &[Mailbox],
        target: Target,
    ) -> Result<Self, BuildError> {
        let mut entries = Vec::with_capacity(mailboxes.len());
        for mailbox in mailboxes {
            let spec = mailbox.addr_spec();
            check_controls(name, &spec)?;
            let host_is_clean = !mailbox
                .host
                .bytes()
                .any(|byte| b" <>,;:@\"()\\".contains(&byte));
            if !host_is_clean && !mailbox.host.starts_with('[') {
                return Err(BuildError::Invalid(name.into()));
            }
            entries.push(match &mailbox.name {
                Some(display) if !display.is_empty() => {
                    let display = display.decoded();
                    check_controls(name, &display)?;
                    let column = if entries.is_empty() {
                        name.len() + 1
                    } else {
                        0
                    };
                    let phrase = rfc2047::encode_phrase_at(&display, target, column);
                    format!("{phrase} <{spec}>")
                }
                _ => spec,
            });
        }
        self.write(name, &entries.join(", "))
    }

    /// Adds a field like Content-Type: a value and parameters, each written plain, quoted or in
    /// RFC 2231's form, as it needs.
    pub fn with_parameters(
        self,
        name: &str,
        value: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Self, BuildError> {
        let is_token = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"[]?=".contains(&byte);
        if value.is_empty() || !value.bytes().all(is_token) {
            return Err(BuildError::Invalid(name.into()));
        }
        let mut written = value.to_owned();
        for (parameter, value) in parameters {
            check_controls(name, value)?;
            let valid_name = !parameter.is_empty()
                && parameter
                    .bytes()
                    .all(|byte| is_token(byte) && !b"*'%/".contains(&byte));
            if !valid_name {
                return Err(BuildError::Invalid(name.into()));
            }
            for piece in parameter::format(parameter, value) {
                written.push_str("; ");
                written.push_str(&piece);
            }
        }
        self.write(name, &written)
    }

    /// Adds all fields of another block.
    #[must_use]
    pub fn append(mut self, other: &Self) -> Self {
        self.bytes.extend_from_slice(&other.bytes);
        self
    }

    /// Writes a field, folded at spaces.
    fn write(mut self, name: &str, value: &str) -> Result<Self, BuildError> {
        let name_is_valid = !name.is_empty()
            && name.len() <= 64
            && name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b':');
        if !name_is_valid {
            return Err(BuildError::FieldName(name.into()));
        }
        check_controls(name, value)?;
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b':');
        let mut line = name.len() + 1;
        for word in value.split(' ') {
            if line + 1 + word.len() > FOLD_AT && line > 1 && !word.is_empty() {
                // A line of blanks only would end the header for some readers, so the name's line
                // is broken only where a word has been written or the word is too long for it.
                if line > name.len() + 1 || line + 1 + word.len() > MAX_LINE {
                    self.bytes.extend_from_slice(b"\r\n");
                    line = 0;
                }
            }
            if line + 1 + word.len() > MAX_LINE {
                return Err(BuildError::TooLong(name.into()));
            }
            self.bytes.push(b' ');
            self.bytes.extend_from_slice(word.as_bytes());
            line += 1 + word.len();
        }
        self.bytes.extend_from_slice(b"\r\n");
        Ok(self)
    }
}

/// Refuses line breaks and all other control characters.
fn check_controls(name: &str, value: &str) -> Result<(), BuildError> {
    if value.chars().any(char::is_control) {
        return Err(BuildError::ControlCharacter(name.into()));
    }
    Ok(())
}
