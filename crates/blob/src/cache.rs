//! Contents of objects that were read a short time ago: clients read large messages in pieces, and
//! each piece would fetch the whole object.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hikyaku_types::Timestamp;

use crate::name::ObjectName;

/// Bytes of decoded contents that are kept (32 MiB): a message of the largest usual size, or a
/// few hundred of those that just became objects.
pub const CACHE_BYTES: usize = 32 << 20;

/// How long a content that nobody reads is kept (60 s): a client that reads in pieces comes back
/// at once, and a server at rest should be small.
pub const CACHE_SECONDS: u64 = 60;

/// The contents, the one that was used last at the end.
#[derive(Default)]
pub(crate) struct Cache {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: VecDeque<Entry>,
    bytes: usize,
}

struct Entry {
    name: ObjectName,
    content: Bytes,
    used: Timestamp,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

impl Cache {
    /// The content of an object, if it is still there. Names are never used twice, so it is the
    /// right one.
    pub(crate) fn find(&self, name: &ObjectName, now: Timestamp) -> Option<Bytes> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.entries.iter().rposition(|entry| entry.name == *name)?;
        let mut entry = kept.entries.remove(at)?;
        entry.used = now;
        let content = entry.content.clone();
        kept.entries.push_back(entry);
        Some(content)
    }

    /// Keeps a content, for which others may have to go.
    pub(crate) fn keep(&self, name: &ObjectName, content: &Bytes, now: Timestamp) {
        if content.len() > CACHE_BYTES {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.entries.iter().any(|entry| entry.name == *name) {
            return;
        }
        kept.bytes += content.len();
        kept.entries.push_back(Entry {
            name: name.clone(),
            content: content.clone(),
            used: now,
        });
        while kept.bytes > CACHE_BYTES {
            kept.drop_oldest();
        }
    }

    /// Forgets what nobody has used for a while.
    pub(crate) fn forget_old(&self, now: Timestamp) {
        let oldest = now.minus(Duration::from_secs(CACHE_SECONDS));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while kept
            .entries
            .front()
            .is_some_and(|entry| entry.used < oldest)
        {
            kept.drop_oldest();
        }
        if kept.entries.is_empty() {
            kept.entries.shrink_to_fit();
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes
    }
}

impl Kept {
    fn drop_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= entry.content.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    fn quarter() -> Bytes {
        Bytes::from(vec![0; CACHE_BYTES / 4])
    }

    #[test]
    fn the_longest_unused_goes_first() {
        let cache = Cache::default();
        let names: Vec<ObjectName> = (0..5).map(|_| ObjectName::unique(NOW)).collect();
        for name in names.iter().take(4) {
            cache.keep(name, &quarter(), NOW);
        }
        assert!(cache.find(&names[0], NOW).is_some());
        cache.keep(&names[4], &quarter(), NOW);
        assert_eq!(cache.bytes(), CACHE_BYTES);
        let is_kept: Vec<bool> = names
            .iter()
            .map(|name| cache.find(name, NOW).is_some())
            .collect();
        assert_eq!(is_kept, [true, false, true, true, true]);
    }

    #[test]
    fn what_is_larger_than_all_is_not_kept() {
        let cache = Cache::default();
        let name = ObjectName::unique(NOW);
        cache.keep(&name, &Bytes::from(vec![0; CACHE_BYTES + 1]), NOW);
        assert_eq!((cache.find(&name, NOW), cache.bytes()), (None, 0));
    }

    #[test]
    fn what_nobody_reads_is_forgotten() {
        let cache = Cache::default();
        let (used, unused) = (ObjectName::unique(NOW), ObjectName::unique(NOW));
        cache.keep(&used, &quarter(), NOW);
        cache.keep(&unused, &quarter(), NOW);
        let later = NOW.plus(Duration::from_secs(CACHE_SECONDS + 1));
        assert!(cache.find(&used, later).is_some());
        cache.forget_old(later);
        assert!(cache.find(&used, later).is_some());
        assert_eq!(cache.find(&unused, later), None);
    }
}
