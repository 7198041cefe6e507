//! Background work (処理) with progress, cancellation and results, that survives a restart
//! (design §1.7).
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]
