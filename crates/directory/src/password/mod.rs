//! Passwords: preparing, hashing, judging.

mod foreign;
mod hash;
mod pool;
mod weakness;

pub use foreign::{MAX_BCRYPT_COST, MAX_SHA_CRYPT_ROUNDS};
pub use hash::{HashParams, HashParamsError, PasswordError, PasswordHash, PasswordHashError};
pub use pool::{Busy, HashError, HashPool, HashPoolOptions};
pub use weakness::{SHORT_CHARS, Weakness, weaknesses};
