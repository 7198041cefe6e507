//! Mailboxes, messages, flags, threads, quota, change log, search.
