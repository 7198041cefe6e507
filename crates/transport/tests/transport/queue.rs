//! The queue: what goes in, what is tried when, and what the senders hear.

mod accepting;
mod administration;
mod attempts;
mod faults;
mod notices;
mod office;
