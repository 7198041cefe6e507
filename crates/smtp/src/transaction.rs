//! One message in the making: from MAIL to the reply, or to RSET.

use hikyaku_smtp_proto::{
    ChunkReader, Notify, OriginalRecipient,
    command::{Mail, Rcpt},
};
use hikyaku_types::EmailAddress;

use crate::memory::Share;

/// What the client said of the message so far.
#[derive(Debug)]
pub(crate) struct Transaction {
    /// MAIL, with all its parameters.
    pub(crate) mail: Mail,
    /// The RCPTs that were accepted, in order.
    pub(crate) recipients: Vec<Accepted>,
    /// What came by BDAT, when it did.
    pub(crate) chunks: Option<Chunks>,
}

/// A recipient that was accepted.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Where the message goes: `<Postmaster>` and our own address literals resolved.
    pub(crate) address: EmailAddress,
    /// What the sender wants to hear.
    pub(crate) notify: Option<Notify>,
    /// The address as the sender first wrote it.
    pub(crate) original: Option<OriginalRecipient>,
}

/// The chunks of a message and the memory they hold.
#[derive(Debug)]
pub(crate) struct Chunks {
    pub(crate) reader: ChunkReader,
    pub(crate) share: Share,
}

impl Transaction {
    pub(crate) fn new(mail: Mail) -> Self {
        Self {
            mail,
            recipients: Vec::new(),
            chunks: None,
        }
    }

    /// Adds a recipient under the address that it was resolved to.
    pub(crate) fn add(&mut self, address: EmailAddress, rcpt: Rcpt) {
        let Rcpt {
            notify, original, ..
        } = rcpt;
        self.recipients.push(Accepted {
            address,
            notify,
            original,
        });
    }
}
