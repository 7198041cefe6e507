//! The report as a message: a text for people, the fates for programs (RFC 3464), the header of the
//! message it is about (RFC 6522).

use std::fmt::Write as _;

use hikyaku_directory::Language;
use hikyaku_message::{
    HeaderText, Mailbox,
    build::{self, BuildError, Entity, HeaderBlock},
    charset::Target,
};
use hikyaku_types::{EmailAddress, OffsetTimestamp, Timestamp, TraceId};

use super::{
    Entry,
    words::{Words, words},
};
use crate::{Reporting, accept::Prepared};

/// What the report is made of.
pub(super) struct Report<'a> {
    /// The sender of the message.
    pub(super) to: &'a EmailAddress,
    /// The message's name in the trace.
    pub(super) transaction: TraceId,
    /// When the message came, which is now.
    pub(super) at: Timestamp,
    pub(super) language: Language,
    pub(super) entries: &'a [Entry<'a>],
    pub(super) original: &'a Prepared,
    pub(super) reporting: &'a Reporting,
}

impl Report<'_> {
    /// The report's own id, without angle brackets.
    pub(super) fn message_id(&self) -> String {
        format!("{}.report@{}", self.transaction, self.reporting.host)
    }

    /// The whole message.
    pub(super) fn to_message(&self) -> Result<Vec<u8>, BuildError> {
        let words = words(self.language);
        let parts = [
            Entity::text("plain", &self.text(words), Target::Utf8)?,
            Entity::field_groups("message/delivery-status", &self.status()?)?,
            Entity::embedded_header(self.original.header())?,
        ];
        let kind = [("report-type", "delivery-status")];
        let body = Entity::multipart("report", &kind, &parts, &self.transaction.to_string())?;
        build::message(&self.header(words)?, &body)
    }

    fn header(&self, words: &Words) -> Result<HeaderBlock, BuildError> {
        let author = Mailbox {
            name: Some(HeaderText::from_parts(
                words.author.as_bytes(),
                words.author,
            )),
            local: "mailer-daemon".into(),
            host: self.reporting.host.as_str().into(),
            ..Mailbox::default()
        };
        let to = Mailbox {
            local: self.to.local().into(),
            host: self.to.domain().as_str().into(),
            ..Mailbox::default()
        };
        let header = HeaderBlock::new()
            .date("Date", OffsetTimestamp::utc(self.at))?
            .addresses("From", &[author], Target::Utf8)?
            .addresses("To", &[to], Target::Utf8)?
            .text("Subject", &self.subject(words), Target::Utf8)?
            .message_ids("Message-ID", &[&self.message_id()])?
            // RFC 3834 §5; nobody answers it, and vacation messages are not for it.
            .structured("Auto-Submitted", "auto-replied")?;
        let about = self.original.message_id();
        let thread = header.clone().message_ids("In-Reply-To", &[about]);
        let thread = thread.and_then(|header| header.message_ids("References", &[about]));
        // An id that cannot be written is left out.
        Ok(thread.unwrap_or(header))
    }

    fn subject(&self, words: &Words) -> String {
        let all_got_it = self.entries.iter().all(|entry| entry.result.is_ok());
        let fate = if all_got_it {
            words.delivered
        } else {
            words.failed
        };
        let subject = match self.original.subject() {
            "" => words.no_subject,
            subject => subject,
        };
        format!("{fate}{subject}")
    }

    fn text(&self, words: &Words) -> String {
        let (before, after) = words.greeting;
        let mut text = format!("{before}{}{after}\n", self.reporting.host);
        let mut failed = String::new();
        let mut delivered = String::new();
        for entry in self.entries {
            let address = &entry.recipient.address;
            // Writing to a String cannot fail.
            let _ = match entry.result {
                Ok(()) => writeln!(delivered, "    {address}"),
                Err(rejection) => writeln!(failed, "    {address}\n    {rejection}"),
            };
        }
        for (heading, list) in [
            (words.not_delivered_to, failed),
            (words.delivered_to, delivered),
        ] {
            if !list.is_empty() {
                let _ = write!(text, "\n{heading}\n\n{list}");
            }
        }
        text
    }

    /// `per-message-fields` and `per-recipient-fields` (RFC 3464 §2.2, §2.3).
    fn status(&self) -> Result<Vec<HeaderBlock>, BuildError> {
        let mut message = HeaderBlock::new()
            .structured("Reporting-MTA", &format!("dns; {}", self.reporting.host))?;
        if let Some(id) = &self.reporting.envelope_id {
            message = optional(message, "Original-Envelope-Id", id);
        }
        let message = message.date("Arrival-Date", OffsetTimestamp::utc(self.at))?;
        let mut groups = vec![message];
        for entry in self.entries {
            groups.push(recipient(entry)?);
        }
        Ok(groups)
    }
}

fn recipient(entry: &Entry<'_>) -> Result<HeaderBlock, BuildError> {
    let mut group = HeaderBlock::new();
    if let Some(original) = &entry.recipient.original {
        let address = typed(&original.address_type, &original.address);
        group = optional(group, "Original-Recipient", &address);
    }
    let address = typed("rfc822", &entry.recipient.address.to_string());
    let group = group.structured("Final-Recipient", &address)?;
    match entry.result {
        Ok(()) => group
            .structured("Action", "delivered")?
            .structured("Status", "2.1.5"),
        Err(rejection) => {
            let group = group
                .structured("Action", "failed")?
                .structured("Status", rejection.enhanced)?;
            let reply = format!("smtp; {rejection}");
            Ok(optional(group, "Diagnostic-Code", &reply))
        }
    }
}

/// Adds a field that the report can do without, unless it cannot be written.
fn optional(group: HeaderBlock, name: &str, value: &str) -> HeaderBlock {
    group.clone().structured(name, value).unwrap_or(group)
}

/// An address with its type: in ASCII as it is, else in RFC 6533's form for ASCII reports.
fn typed(address_type: &str, address: &str) -> String {
    if address.is_ascii() && address_type != "utf-8" {
        return format!("{address_type}; {address}");
    }
    let mut escaped = String::from("utf-8; ");
    for c in address.chars() {
        // QCHAR of RFC 6533 §3.
        if c.is_ascii_graphic() && !matches!(c, '+' | '=' | '\\') {
            escaped.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\x{{{:02X}}}", u32::from(c));
        }
    }
    escaped
}
