//! mbox in its dialects: one file a folder, messages behind `From ` lines.

mod arrival;
mod from_line;
mod header;
mod pieces;
mod source;
mod tree;

pub(super) use from_line::write as write_from_line;
pub(super) use header::own_marks;
pub use source::MboxSource;
