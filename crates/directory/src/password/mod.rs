//! Passwords: preparing, hashing, judging.

mod hash;
mod pool;
mod weakness;

pub use hash::{HashParams, HashParamsError, PasswordError, PasswordHash, PasswordHashError};
pub use pool::{Busy, HashError, HashPool, HashPoolOptions};
pub use weakness::{SHORT_CHARS, Weakness, weaknesses};
