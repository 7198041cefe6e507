//! mbox in its dialects: one file a folder, messages behind `From ` lines.

mod from_line;
mod header;
mod pieces;
mod source;

pub(super) use from_line::write as write_from_line;
pub use source::MboxSource;
