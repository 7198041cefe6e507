//! The announcement of a literal at the end of a line: `{310}` or `{310+}`.

/// Whether the client waits for a continuation request before it sends a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiteralSync {
    /// `{n}`: it waits (RFC 3501 §7.5).
    Waits,
    /// `{n+}`: it sends at once (RFC 7888 §3).
    SendsAtOnce,
}

/// An announced literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Literal {
    /// Its size in bytes. A number that does not fit is the largest one, and refused as such.
    pub size: u64,
    /// Whether the client waits.
    pub sync: LiteralSync,
}

impl Literal {
    /// The literal that a line (given with its line end) announces at its end.
    ///
    /// ```abnf
    /// literal = "{" number ["+"] "}" CRLF *CHAR8
    /// ```
    pub(crate) fn at_line_end(line: &[u8]) -> Option<Self> {
        let inner = without_line_end(line).strip_suffix(b"}")?;
        let (digits, sync) = match inner.strip_suffix(b"+") {
            Some(digits) => (digits, LiteralSync::SendsAtOnce),
            None => (inner, LiteralSync::Waits),
        };
        let start = digits.iter().rposition(|byte| !byte.is_ascii_digit())?;
        if digits.get(start) != Some(&b'{') {
            return None;
        }
        let digits = digits.get(start + 1..)?;
        if digits.is_empty() {
            return None;
        }
        let size = digits.iter().fold(0_u64, |size, digit| {
            size.saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        });
        Some(Self { size, sync })
    }
}

/// A line without CRLF. A bare LF ends a line too: people type commands by hand through tools
/// that send it, and nothing is smuggled past anybody by it here.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
