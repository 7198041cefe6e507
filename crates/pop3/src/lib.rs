//! POP3 sessions.
