//! Delivering a message into accounts, inside the transaction that accepts it.
//!
//! Invariants: delivery is idempotent through the (account, delivery id) that every message made by
//! delivery or import carries; the quota is decided under the account's lock; a message is in the
//! change log, the counters and the mailbox in one transaction or not at all.
//!
//! Cost of a message for one recipient: 7 statements, 8 when it answers another message.

mod deliver;
mod id;
mod room;
mod target;

pub use deliver::{Delivered, Delivery, Outcome, Recipient, deliver, deliver_all};
pub use id::DeliveryId;
pub use room::check_room;
pub use target::Target;
