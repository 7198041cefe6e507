//! The octets of all messages in progress, together.

use std::sync::Arc;

use hikyaku_types::ByteSize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Octets that are taken from the budget at once.
const STEP: usize = 64 << 10;

/// The memory that messages on their way in may hold, over all ports. Clones are the same budget.
///
/// A message holds its share from its first octets until its reply. When nothing is left, the
/// message that needs more is read to its end and refused with 452 4.3.1, so that its sender tries
/// again; the others go on.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    steps: Arc<Semaphore>,
}

impl MemoryBudget {
    /// 256 MiB: ten messages of the largest size, or thousands of ordinary ones, at one moment.
    pub const DEFAULT: ByteSize = ByteSize::mib(256);

    /// A budget of so many octets, rounded down to steps of 64 KiB, one at least.
    pub fn new(size: ByteSize) -> Self {
        let steps = usize::try_from(size.bytes()).unwrap_or(usize::MAX) / STEP;
        Self {
            steps: Arc::new(Semaphore::new(steps.clamp(1, Semaphore::MAX_PERMITS))),
        }
    }

    /// Octets that are left.
    pub fn available(&self) -> ByteSize {
        ByteSize((self.steps.available_permits() * STEP) as u64)
    }

    /// The share of a message that holds nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share {
            steps: Arc::clone(&self.steps),
            held: None,
        }
    }
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

/// What one message holds of the budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    steps: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

/// There is not enough left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Share {
    /// Sees to it that the share covers so many octets. It never shrinks before its end.
    pub(crate) fn cover(&mut self, octets: usize) -> Result<(), Exhausted> {
        let held = self
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = octets.div_ceil(STEP).saturating_sub(held);
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).map_err(|_| Exhausted)?;
        let more = Arc::clone(&self.steps)
            .try_acquire_many_owned(missing)
            .map_err(|_| Exhausted)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_taken_in_steps_and_given_back() {
        let budget = MemoryBudget::new(ByteSize::kib(256));
        let mut first = budget.share();
        assert_eq!(first.cover(0), Ok(()));
        assert_eq!(budget.available(), ByteSize::kib(256));
        assert_eq!(first.cover(1), Ok(()));
        assert_eq!(first.cover(64 << 10), Ok(()));
        assert_eq!(budget.available(), ByteSize::kib(192));
        assert_eq!(first.cover((64 << 10) + 1), Ok(()));
        let mut second = budget.share();
        assert_eq!(second.cover(128 << 10), Ok(()));
        assert_eq!(first.cover(200 << 10), Err(Exhausted));
        // What it has, it keeps.
        assert_eq!(first.cover(128 << 10), Ok(()));
        drop(second);
        assert_eq!(first.cover(256 << 10), Ok(()));
        drop(first);
        assert_eq!(budget.available(), ByteSize::kib(256));
    }

    #[test]
    fn a_tiny_budget_is_one_step() {
        let budget = MemoryBudget::new(ByteSize(1));
        assert_eq!(budget.share().cover(1), Ok(()));
        assert_eq!(budget.share().cover(usize::MAX), Err(Exhausted));
    }
}
