//! RFC 5322 and MIME reading and building, Japanese charsets.
//!
//! Invariants: nothing here does I/O, reads a clock or draws random numbers. Reading is total:
//! any bytes give a result within the named [`limits`], in linear time, and what was wrong is
//! reported, never raised. What [`build`] writes is always valid.
//!
//! [`ParsedMessage::parse`] gives the envelope and the structure of a message as byte ranges;
//! [`body`] decodes what a range holds; [`codec`] stores envelope and structure.
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

pub mod body;
pub mod build;
pub mod charset;
pub mod codec;
mod cursor;
mod envelope;
#[doc(hidden)]
pub mod fuzz;
pub mod header;
pub mod limits;
mod mime;
mod parsed;
mod problem;
mod range;
pub mod rfc2047;
mod structure;
mod text;

pub use envelope::{Address, Envelope, Mailbox};
pub use parsed::ParsedMessage;
pub use problem::{Located, Problem, Problems};
pub use range::ByteRange;
pub use structure::{
    Content, ContentType, Disposition, Embedded, Parameter, ParameterForm, Part, SectionPart,
    Structure, TransferEncoding,
};
pub use text::HeaderText;
