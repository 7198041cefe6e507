//! What a server may send before the connection is given up.

/// The limits of one connection to another server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// Bytes of one response without its literals (1 MiB): far above what the answers that are
    /// asked for need, also with long lists of capabilities or flags.
    pub text: usize,
    /// Pieces (lines and literals) of one response (1,000): each costs a little memory of its own.
    pub pieces: usize,
    /// Bytes of all literals of one response that are kept; one beyond it is read and thrown away.
    pub literals: u64,
    /// Bytes of a literal that are thrown away at most (1 GiB); a longer one ends the connection.
    pub discard: u64,
}

impl ClientLimits {
    /// Limits for messages of at most `message` bytes.
    pub const fn new(message: u64) -> Self {
        Self {
            text: 1 << 20,
            pieces: 1_000,
            literals: message,
            discard: 1 << 30,
        }
    }
}
