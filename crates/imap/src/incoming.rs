//! Messages that are being appended, and the memory they may hold together.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use bytes::Bytes;

/// Bytes taken from the budget, and reserved in memory, at a time: never what was announced.
const STEP: usize = 64 * 1024;

/// The memory that all messages of APPEND commands may hold at one moment.
#[derive(Debug)]
pub(crate) struct Budget {
    left: AtomicU64,
}

impl Budget {
    pub(crate) fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicU64::new(bytes),
        })
    }

    fn take(&self, bytes: u64) -> bool {
        let taken = self
            .left
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes));
        taken.is_ok()
    }
}

/// There is not enough memory left for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// A message on its way in. What it holds of the budget is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Incoming {
    budget: Arc<Budget>,
    held: u64,
    bytes: Vec<u8>,
    /// How many bytes have come, kept or not.
    length: u64,
    exhausted: bool,
}

impl Incoming {
    pub(crate) fn new(budget: &Arc<Budget>) -> Self {
        Self {
            budget: Arc::clone(budget),
            held: 0,
            bytes: Vec::new(),
            length: 0,
            exhausted: false,
        }
    }

    /// Adds what has arrived. When the budget is spent the message is forgotten, and what follows
    /// of it is let pass.
    pub(crate) fn extend(&mut self, piece: &[u8]) {
        self.length += piece.len() as u64;
        if self.exhausted {
            return;
        }
        let length = self.bytes.len() + piece.len();
        if length > self.bytes.capacity() {
            let wanted = length.div_ceil(STEP) * STEP;
            // Half as much again, so that a large message is not copied with every step.
            let capacity = wanted.max(self.bytes.capacity() / 2 * 3);
            let more = (capacity as u64).saturating_sub(self.held);
            if !self.budget.take(more) {
                self.exhausted = true;
                self.bytes = Vec::new();
                return;
            }
            self.held += more;
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
    }

    /// How many bytes of it have come.
    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    /// The whole message, which must stay together with this until it is stored.
    pub(crate) fn take(&mut self) -> Result<Bytes, Exhausted> {
        if self.exhausted {
            return Err(Exhausted);
        }
        Ok(Bytes::from(std::mem::take(&mut self.bytes)))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.held, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_as_it_comes() {
        let budget = Budget::new(1 << 20);
        let mut incoming = Incoming::new(&budget);
        for piece in [&b"abc"[..], b"", b"def"] {
            incoming.extend(piece);
        }
        assert!(budget.left.load(Relaxed) < 1 << 20);
        assert_eq!(incoming.take(), Ok(Bytes::from_static(b"abcdef")));
        drop(incoming);
        assert_eq!(budget.left.load(Relaxed), 1 << 20);
    }

    #[test]
    fn messages_share_one_budget() {
        let budget = Budget::new(3 * STEP as u64);
        let (mut one, mut other) = (Incoming::new(&budget), Incoming::new(&budget));
        one.extend(&vec![0; STEP]);
        other.extend(&vec![0; 2 * STEP]);
        one.extend(&[0]);
        assert_eq!(one.take(), Err(Exhausted));
        // The rest of it is let pass, also when there is room again.
        drop(other);
        one.extend(&[0]);
        assert_eq!(one.take(), Err(Exhausted));
        drop(one);
        assert_eq!(budget.left.load(Relaxed), 3 * STEP as u64);
    }
}
