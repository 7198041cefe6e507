//! The messages themselves: immutable facts, one row each.

mod content;
mod facts;
mod insert;

pub(crate) use content::Raw;
pub(crate) use facts::{Facts, decode_envelope, decode_structure};
pub(crate) use insert::{NewMessage, insert};
