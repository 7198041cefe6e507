//! IMAP grammar: commands in, responses out.
