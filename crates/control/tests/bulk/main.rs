//! Many accounts at once, on both engines.

mod import;
mod office;
