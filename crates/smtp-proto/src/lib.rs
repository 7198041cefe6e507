//! SMTP and LMTP grammar: commands, replies, data framing.
