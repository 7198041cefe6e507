//! The client's side: commands to write, replies and extensions to read, messages to frame.
//!
//! Invariants: what is written is one line each, whatever the values are; what is read is bounded
//! by [`MAX_SERVER_LINE`], [`MAX_SERVER_LINES`] and [`MAX_SERVER_REPLY`]; a framed message has line
//! ends of CRLF only, so that no server can see an end where there is none.

mod extensions;
mod reply;
mod stuffing;
mod write;

pub use extensions::Extensions;
pub use reply::{
    MAX_SERVER_LINE, MAX_SERVER_LINES, MAX_SERVER_REPLY, MAX_SUMMARY, ReplyError, ReplyReader,
    ServerReply,
};
pub use stuffing::DotStuffing;
pub use write::{MailParameters, RcptParameters, auth, hello, mail, rcpt};
