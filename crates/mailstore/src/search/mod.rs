//! Searching a mailbox by looking at every message of it, page by page.
//!
//! What a row can answer is answered by rows; a message's content is read only when the rest of the
//! query depends on it. Rows and contents are read in the database's reader threads, texts are
//! compared on threads that may block, so that a long search never holds a reader for longer than a
//! page. Memory is bounded by the page ([`Limits`](crate::Limits)).

mod candidate;
mod dates;
mod evaluate;
mod fold;
mod page;
mod plan;

pub use page::{Found, SearchPage};
pub use plan::QUERY_DEPTH_MAX;

use fold::{contains_folded, fold};
