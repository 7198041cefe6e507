//! Commands as they are written to a server.

use zeroize::Zeroizing;

use crate::sequence::write_compact;

/// Bytes that a command with a password has room for from the start: growing would leave copies of
/// it behind.
const CAPACITY: usize = 4_096;

/// A command in pieces: after each but the last one the server has to ask for the next. What it
/// holds is wiped when it is dropped.
#[derive(Clone)]
pub struct CommandText {
    pieces: Vec<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for CommandText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // There may be a password in it.
        f.debug_struct("CommandText").finish_non_exhaustive()
    }
}

impl CommandText {
    /// A command that begins with this tag and these words, which are written as they are.
    pub fn new(tag: &str, words: &str) -> Self {
        let mut first = Zeroizing::new(Vec::with_capacity(CAPACITY));
        first.extend_from_slice(tag.as_bytes());
        first.push(b' ');
        first.extend_from_slice(words.as_bytes());
        Self {
            pieces: vec![first],
        }
    }

    /// Adds a space and words as they are.
    #[must_use]
    pub fn words(mut self, words: &str) -> Self {
        let last = self.last();
        last.push(b' ');
        last.extend_from_slice(words.as_bytes());
        self
    }

    /// Adds a space and a string: quoted, or as a literal when it cannot be quoted.
    #[must_use]
    pub fn string(mut self, text: &[u8]) -> Self {
        let plain = |byte: &u8| matches!(byte, b' '..=b'~');
        let last = self.last();
        last.push(b' ');
        if text.iter().all(plain) {
            last.push(b'"');
            for byte in text {
                if matches!(byte, b'"' | b'\\') {
                    last.push(b'\\');
                }
                last.push(*byte);
            }
            last.push(b'"');
        } else {
            last.extend_from_slice(format!("{{{}}}\r\n", text.len()).as_bytes());
            let mut literal = Zeroizing::new(Vec::with_capacity(CAPACITY.max(text.len() + 2)));
            literal.extend_from_slice(text);
            self.pieces.push(literal);
        }
        self
    }

    /// The pieces to send, the last with its line end.
    pub fn finish(mut self) -> Vec<Zeroizing<Vec<u8>>> {
        self.last().extend_from_slice(b"\r\n");
        self.pieces
    }

    fn last(&mut self) -> &mut Zeroizing<Vec<u8>> {
        if self.pieces.is_empty() {
            self.pieces.push(Zeroizing::default());
        }
        let last = self.pieces.len() - 1;
        self.pieces
            .get_mut(last)
            .expect("invariant: there is a piece, made above if need be")
    }
}

/// Ascending UIDs as a set: `1:3,7`.
pub fn uid_set(uids: impl IntoIterator<Item = u32>) -> String {
    let mut out = Vec::new();
    write_compact(uids, &mut out);
    String::from_utf8(out).unwrap_or_default()
}
