//! Answers about quotas (RFC 9208 §4.2).

use super::{ResponseBuf, string};
use crate::sequence::write_number;

/// What a quota limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaResource {
    /// The number of messages.
    Message,
    /// The size of all messages, in units of 1,024 bytes.
    Storage,
}

/// One resource of a quota root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLine {
    /// What is limited.
    pub resource: QuotaResource,
    /// How much is in use, in the resource's unit.
    pub used: u64,
    /// How much may be.
    pub limit: u64,
}

impl ResponseBuf {
    /// `* QUOTAROOT name root…`: the quota roots that a mailbox counts for; possibly none.
    pub fn quota_roots<'a>(&mut self, mailbox: &str, roots: impl IntoIterator<Item = &'a str>) {
        self.push("* QUOTAROOT ");
        self.mailbox_name(mailbox);
        for root in roots {
            self.push(" ");
            string::write_string(root.as_bytes(), &mut self.text);
        }
        self.end_line();
    }

    /// `* QUOTA root (STORAGE 10 512)`: one resource at least.
    pub fn quota(&mut self, root: &str, lines: &[QuotaLine]) {
        debug_assert!(!lines.is_empty(), "the grammar wants one at least");
        self.push("* QUOTA ");
        string::write_string(root.as_bytes(), &mut self.text);
        for (index, line) in lines.iter().enumerate() {
            self.push(if index == 0 { " (" } else { " " });
            self.push(match line.resource {
                QuotaResource::Message => "MESSAGE ",
                QuotaResource::Storage => "STORAGE ",
            });
            write_number(line.used, &mut self.text);
            self.push(" ");
            write_number(line.limit, &mut self.text);
        }
        self.push(")\r\n");
    }
}
