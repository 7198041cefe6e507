//! Compression of contents.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

/// Zstandard level 1: half the work of level 3, its default, for about a tenth more on the disk.
/// Attachments are base64 of what is compressed already, and no level makes them smaller.
const LEVEL: i32 = 1;

/// Contents shorter than this (8 KiB) are stored as they are. They are most of all messages and
/// little of all bytes: compressed they save some disk pages each and cost more than all else that
/// is done with them when they are written and each time they are read.
const SHORTEST: usize = 8 * 1024;

/// Up to this size (256 KiB) a thread keeps its compressor for the next content; above, the
/// compressor's tables are megabytes and go back at once.
const KEEP_UP_TO: usize = 256 * 1024;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The compressed bytes, when they are fewer than the bytes themselves.
pub(crate) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() < SHORTEST {
        return None;
    }
    let compressed = if bytes.len() > KEEP_UP_TO {
        Compressor::new(LEVEL).ok()?.compress(bytes).ok()?
    } else {
        COMPRESSOR.with_borrow_mut(|kept| {
            let compressor = match kept {
                Some(compressor) => compressor,
                None => kept.insert(Compressor::new(LEVEL).ok()?),
            };
            compressor.compress(bytes).ok()
        })?
    };
    (compressed.len() < bytes.len()).then_some(compressed)
}

/// The bytes that were compressed; nothing when they are not exactly `size` bytes of a valid frame.
pub(crate) fn decompress(bytes: &[u8], size: usize) -> Option<Vec<u8>> {
    let decoded = DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new().ok()?),
        };
        decompressor.decompress(bytes, size).ok()
    })?;
    (decoded.len() == size).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_gets_smaller_and_comes_back() {
        for length in [SHORTEST, 2 * SHORTEST, KEEP_UP_TO, KEEP_UP_TO + 1] {
            let text = "お世話になっております。\r\n".repeat(length / 38 + 1);
            let compressed = compress(text.as_bytes()).unwrap();
            assert!(compressed.len() < text.len());
            assert_eq!(
                decompress(&compressed, text.len()).unwrap(),
                text.as_bytes()
            );
        }
    }

    #[test]
    fn what_does_not_get_smaller_stays_as_it_is() {
        let mut noise = vec![0; 2 * SHORTEST];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        assert_eq!(compress(&noise), None);
        assert_eq!(compress(&[b'a'; SHORTEST - 1]), None);
    }

    #[test]
    fn a_wrong_size_or_a_broken_frame_is_noticed() {
        let text = [b'a'; SHORTEST];
        let mut compressed = compress(&text).unwrap();
        assert_eq!(decompress(&compressed, SHORTEST - 1), None);
        assert_eq!(decompress(&compressed, SHORTEST + 1), None);
        compressed.truncate(compressed.len() - 1);
        assert_eq!(decompress(&compressed, SHORTEST), None);
        assert_eq!(decompress(&text, SHORTEST), None);
    }
}
