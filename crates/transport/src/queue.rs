//! The queue of messages for other hosts.

mod carrier;

pub use carrier::{Carrier, Parcel, ParcelRecipient, Receipt, Trouble, TroubleKind, Verdict};

/// Recipients of one attempt at most: what RFC 5321 §4.5.3.1.8 asks every host to take.
pub const RECIPIENTS_PER_PARCEL: usize = 100;
