//! BDAT (RFC 3030 §2).

use crate::CommandError;

/// The announcement of a chunk: `size` octets follow the line at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bdat {
    /// Octets of the chunk.
    pub size: u64,
    /// Whether the message ends with it.
    pub last: Last,
}

/// Whether a chunk is the message's last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// The message ends here.
    Yes,
    /// More chunks follow.
    No,
}

/// `bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CRLF`, `chunk-size = 1*DIGIT`.
///
/// An error leaves both sides without a common idea of what follows, octets or a command
/// ([`CommandError::ends_session`]).
pub(super) fn parse(rest: &str) -> Result<Bdat, CommandError> {
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    let size = words.next().ok_or(CommandError::Chunk)?;
    let last = match words.next() {
        None => Last::No,
        Some(word) if word.eq_ignore_ascii_case("LAST") => Last::Yes,
        Some(_) => return Err(CommandError::Chunk),
    };
    let is_size = (1..=20).contains(&size.len()) && size.bytes().all(|byte| byte.is_ascii_digit());
    if !is_size || words.next().is_some() {
        return Err(CommandError::Chunk);
    }
    // Saturated: more than anybody can send, and refused as such.
    Ok(Bdat {
        size: size.parse().unwrap_or(u64::MAX),
        last,
    })
}
