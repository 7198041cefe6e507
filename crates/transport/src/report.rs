//! The report to a sender as a message: a text for people, the fates for programs (RFC 3464), the
//! message it is about, or its header (RFC 6522).
//!
//! Whoever decides a fate (the accepting transaction, the queue) writes the entries; where the
//! report goes is not decided here.

mod deliver;
mod explanation;
mod original;
mod text;
mod words;

use std::{borrow::Cow, fmt::Write as _};

use hikyaku_directory::Language;
use hikyaku_message::{
    HeaderText, Mailbox,
    build::{self, BuildError, Entity, HeaderBlock},
    charset::Target,
};
use hikyaku_types::{Domain, EmailAddress, OffsetTimestamp, Timestamp};

use crate::{OriginalRecipient, Rejection, queue::Trouble};
pub(crate) use deliver::{Reader, Sealed, deliver, reader};
pub(crate) use original::Original;

/// In which languages reports are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportLanguage {
    /// In the language of the reader, then in the other one; Japanese first for a reader who is
    /// not one of ours.
    #[default]
    Both,
    /// Always in this one.
    Only(Language),
}

impl ReportLanguage {
    /// The languages of a report, in their order.
    fn in_order(self, reader: Language) -> &'static [Language] {
        match (self, reader) {
            (Self::Only(Language::Ja), _) => &[Language::Ja],
            (Self::Only(Language::En), _) => &[Language::En],
            (Self::Both, Language::Ja) => &[Language::Ja, Language::En],
            (Self::Both, Language::En) => &[Language::En, Language::Ja],
        }
    }
}

/// One recipient that the report is about.
pub(crate) struct Entry<'a> {
    pub(crate) address: &'a EmailAddress,
    pub(crate) original: Option<&'a OriginalRecipient>,
    pub(crate) fate: Fate<'a>,
}

/// What became of it.
pub(crate) enum Fate<'a> {
    /// It is in the mailbox.
    Delivered,
    /// A host took it that will not report.
    Relayed { host: &'a str },
    /// A rule of ours refused it.
    Refused(&'a Rejection),
    /// It was given up.
    Failed { trouble: &'a Trouble, why: GivenUp },
    /// It is still tried.
    Delayed {
        trouble: Option<&'a Trouble>,
        until: Timestamp,
    },
    /// An administrator took it out of the queue.
    Canceled,
}

/// Why a message was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// The trouble is for good.
    ForGood,
    /// It was tried for long enough.
    Expired,
}

/// What the report is made of.
pub(crate) struct Report<'a> {
    /// The sender of the message.
    pub(crate) to: &'a EmailAddress,
    /// Who reports.
    pub(crate) host: &'a Domain,
    /// What nothing else is called at that host: letters, digits and full stops.
    pub(crate) name: &'a str,
    /// When the report is written.
    pub(crate) now: Timestamp,
    /// When the message came.
    pub(crate) arrival: Timestamp,
    /// The sender's own name for the message.
    pub(crate) envelope_id: Option<&'a str>,
    pub(crate) languages: ReportLanguage,
    /// Of the reader.
    pub(crate) language: Language,
    pub(crate) entries: &'a [Entry<'a>],
    pub(crate) original: &'a Original,
    /// The whole message, if it goes back; else its header does.
    pub(crate) whole: Option<&'a [u8]>,
}

impl Report<'_> {
    /// The report's own id, without angle brackets.
    pub(crate) fn message_id(&self) -> String {
        format!("{}.report@{}", self.name, self.host)
    }

    /// The whole message.
    pub(crate) fn to_message(&self) -> Result<Vec<u8>, BuildError> {
        let languages = self.languages.in_order(self.language);
        let returned = match self.whole {
            Some(whole) => Entity::embedded(whole)?,
            None => Entity::embedded_header(&self.original.header)?,
        };
        let parts = [
            Entity::text("plain", &self.text(languages), Target::Utf8)?,
            Entity::field_groups("message/delivery-status", &self.status()?)?,
            returned,
        ];
        let kind = [("report-type", "delivery-status")];
        let unique = self.name.replace('.', "x");
        let body = Entity::multipart("report", &kind, &parts, &unique)?;
        build::message(&self.header(languages)?, &body)
    }

    fn header(&self, languages: &[Language]) -> Result<HeaderBlock, BuildError> {
        let author = text::author(languages);
        let author = Mailbox {
            name: Some(HeaderText::from_parts(author.as_bytes(), author)),
            local: "mailer-daemon".into(),
            host: self.host.as_str().into(),
            ..Mailbox::default()
        };
        let to = Mailbox {
            local: self.to.local().into(),
            host: self.to.domain().as_str().into(),
            ..Mailbox::default()
        };
        let header = HeaderBlock::new()
            .date("Date", OffsetTimestamp::utc(self.now))?
            .addresses("From", &[author], Target::Utf8)?
            .addresses("To", &[to], Target::Utf8)?
            .text("Subject", &self.subject(languages), Target::Utf8)?
            .message_ids("Message-ID", &[&self.message_id()])?
            // RFC 3834 §5; nobody answers it, and vacation messages are not for it.
            .structured("Auto-Submitted", "auto-replied")?;
        let about = self.original.message_id.as_str();
        let thread = header.clone().message_ids("In-Reply-To", &[about]);
        let thread = thread.and_then(|header| header.message_ids("References", &[about]));
        // An id that cannot be written is left out.
        Ok(thread.unwrap_or(header))
    }

    /// `per-message-fields` and `per-recipient-fields` (RFC 3464 §2.2, §2.3).
    fn status(&self) -> Result<Vec<HeaderBlock>, BuildError> {
        let mut message =
            HeaderBlock::new().structured("Reporting-MTA", &format!("dns; {}", self.host))?;
        if let Some(id) = self.envelope_id {
            message = optional(message, "Original-Envelope-Id", id);
        }
        let message = message.date("Arrival-Date", OffsetTimestamp::utc(self.arrival))?;
        let mut groups = vec![message];
        for entry in self.entries {
            groups.push(recipient(entry)?);
        }
        Ok(groups)
    }
}

fn recipient(entry: &Entry<'_>) -> Result<HeaderBlock, BuildError> {
    let mut group = HeaderBlock::new();
    if let Some(original) = entry.original {
        let address = typed(&original.address_type, &original.address);
        group = optional(group, "Original-Recipient", &address);
    }
    let address = typed("rfc822", &entry.address.to_string());
    let group = group
        .structured("Final-Recipient", &address)?
        .structured("Action", entry.fate.action())?
        .structured("Status", &entry.fate.status())?;
    match &entry.fate {
        Fate::Delivered | Fate::Canceled => Ok(group),
        Fate::Relayed { host } => Ok(optional(group, "Remote-MTA", &format!("dns; {host}"))),
        Fate::Refused(rejection) => {
            let reply = format!("smtp; {rejection}");
            Ok(optional(group, "Diagnostic-Code", &reply))
        }
        Fate::Failed { trouble, .. } => Ok(diagnosed(group, trouble)),
        Fate::Delayed { trouble, until } => {
            let group = match trouble {
                Some(trouble) => diagnosed(group, trouble),
                None => group,
            };
            group.date("Will-Retry-Until", OffsetTimestamp::utc(*until))
        }
    }
}

impl Fate<'_> {
    /// RFC 3464 §2.3.3.
    const fn action(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Relayed { .. } => "relayed",
            Self::Refused(_) | Self::Failed { .. } | Self::Canceled => "failed",
            Self::Delayed { .. } => "delayed",
        }
    }

    /// RFC 3464 §2.3.4.
    fn status(&self) -> Cow<'_, str> {
        match self {
            Self::Delivered => "2.1.5".into(),
            // RFC 5248: relayed to a mailer that does not report.
            Self::Relayed { .. } => "2.1.9".into(),
            Self::Refused(rejection) => rejection.enhanced.into(),
            Self::Failed {
                why: GivenUp::Expired,
                ..
            } => "4.4.7".into(),
            Self::Failed { trouble, .. } => trouble.status_or("5.0.0"),
            Self::Delayed { trouble, .. } => match trouble {
                Some(trouble) => trouble.status_or("4.0.0"),
                None => "4.0.0".into(),
            },
            Self::Canceled => "5.7.0".into(),
        }
    }
}

/// The other side's name and words, where it has said any.
fn diagnosed(mut group: HeaderBlock, trouble: &Trouble) -> HeaderBlock {
    if let Some(host) = &trouble.host {
        group = optional(group, "Remote-MTA", &format!("dns; {host}"));
    }
    if let Some(reply) = &trouble.reply {
        group = optional(group, "Diagnostic-Code", &format!("smtp; {reply}"));
    }
    group
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
