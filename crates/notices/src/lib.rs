//! Every mail that the house itself writes (requirements 1.8): templates in Japanese and English,
//! an outbox written in the transaction of the event, and the sender that empties it.
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]
