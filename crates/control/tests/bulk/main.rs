//! Many accounts at once, on both engines.

mod change;
mod export;
mod import;
mod office;
