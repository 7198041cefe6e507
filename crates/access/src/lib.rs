//! Credentials and sign-in (requirements T-023 to T-028, U-001 to U-031; C-14 to C-16): one
//! service for all protocols and the web.
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]
