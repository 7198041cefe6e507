//! The messages themselves: immutable facts, one row each.

mod batch;
mod content;
mod facts;
mod insert;

pub(crate) use batch::load_contents;
pub use batch::{CONTENTS_MAX, RawContent, RawContents};
pub(crate) use content::Raw;
pub(crate) use facts::{Facts, decode_envelope, decode_structure};
pub(crate) use insert::{NewMessage, insert};
