//! Replies as servers send them (RFC 5321 §4.2).

use crate::EnhancedCode;

/// Octets of a reply line at most, CRLF included. RFC 5321 §4.5.3.1.5 ends at 512; servers that
/// explain a refusal at length go beyond it.
pub const MAX_SERVER_LINE: usize = 2_048;
/// Lines of a reply at most. No server has nearly as many extensions.
pub const MAX_SERVER_LINES: usize = 100;
/// Octets of a reply at most, all lines together.
pub const MAX_SERVER_REPLY: usize = 16 * 1024;
/// Characters of [`ServerReply::summary`] at most: what is stored and shown of a reply.
pub const MAX_SUMMARY: usize = 500;

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerReply {
    code: u16,
    enhanced: Option<EnhancedCode>,
    lines: Vec<String>,
}

/// Why lines are no reply. The connection cannot be used any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// A line without three digits at its start, or with a code that SMTP does not have.
    #[error("what the server says is no reply of SMTP")]
    NoReply,
    /// A line of another code than those before it.
    #[error("the lines of the server's reply have different codes")]
    Mixed,
    /// More than [`MAX_SERVER_LINES`], or than [`MAX_SERVER_REPLY`] octets.
    #[error("the server's reply does not end")]
    TooLong,
}

/// Collects the lines of one reply.
#[derive(Debug, Default)]
pub struct ReplyReader {
    code: Option<u16>,
    lines: Vec<String>,
    octets: usize,
}

impl ReplyReader {
    /// Takes a line without its CRLF; returns the reply with its last one.
    ///
    /// `Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF`,
    /// `Reply-code = %x32-35 %x30-35 %x30-39`. Second digits up to 9 are taken too.
    pub fn push(&mut self, line: &[u8]) -> Result<Option<ServerReply>, ReplyError> {
        self.octets += line.len();
        if self.octets > MAX_SERVER_REPLY || self.lines.len() >= MAX_SERVER_LINES {
            return Err(ReplyError::TooLong);
        }
        let (code, rest) = line.split_at_checked(3).ok_or(ReplyError::NoReply)?;
        let code = read_code(code).ok_or(ReplyError::NoReply)?;
        let (is_last, text) = match rest.split_first() {
            None => (true, &b""[..]),
            Some((b' ', text)) => (true, text),
            Some((b'-', text)) => (false, text),
            Some(_) => return Err(ReplyError::NoReply),
        };
        if self.code.is_some_and(|before| before != code) {
            return Err(ReplyError::Mixed);
        }
        self.code = Some(code);
        self.lines.push(clean(text));
        if !is_last {
            return Ok(None);
        }
        let reader = std::mem::take(self);
        Ok(Some(ServerReply::new(code, reader.lines)))
    }
}

impl ServerReply {
    fn new(code: u16, lines: Vec<String>) -> Self {
        // RFC 2034 §4: every line begins with the enhanced code, whose class is the code's first
        // digit. Servers that have others are not believed.
        let enhanced = lines.first().and_then(|line| {
            let (word, _) = line.split_once(' ').unwrap_or((line, ""));
            let enhanced: EnhancedCode = word.parse().ok()?;
            (u16::from(enhanced.class) == code / 100).then_some(enhanced)
        });
        Self {
            code,
            enhanced,
            lines,
        }
    }

    /// The three-digit code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced code, if the reply has one that agrees with its code.
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        self.enhanced
    }

    /// The texts behind the codes.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// 2xx: done.
    pub fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// 3xx: go on.
    pub fn is_intermediate(&self) -> bool {
        self.code / 100 == 3
    }

    /// 4xx: not now.
    pub fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// 421: the server ends the connection (RFC 5321 §3.8).
    pub fn is_farewell(&self) -> bool {
        self.code == 421
    }

    /// The reply in one line of at most [`MAX_SUMMARY`] characters, without controls.
    pub fn summary(&self) -> String {
        let mut summary = self.code.to_string();
        let repeated = self.enhanced.map(|enhanced| format!("{enhanced} "));
        for (number, line) in self.lines.iter().enumerate() {
            let line = match &repeated {
                Some(code) if number > 0 => line.strip_prefix(code.as_str()).unwrap_or(line),
                _ => line,
            };
            summary.push(' ');
            summary.push_str(line.trim());
        }
        match summary.char_indices().nth(MAX_SUMMARY) {
            Some((end, _)) => summary.truncate(end),
            None => summary.truncate(summary.trim_end().len()),
        }
        summary
    }
}

fn read_code(digits: &[u8]) -> Option<u16> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (200..600).contains(&code).then_some(code)
}

/// Text that can be stored and shown: no controls, nothing that is not Unicode.
fn clean(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .chars()
        .map(|c| if is_visible(c) { c } else { ' ' })
        .collect()
}

/// Neither a control nor one of the characters that turn the direction of text around.
fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]]) -> Result<Option<ServerReply>, ReplyError> {
        let mut reader = ReplyReader::default();
        for (number, line) in lines.iter().enumerate() {
            match reader.push(line)? {
                Some(reply) => {
                    assert_eq!(number + 1, lines.len(), "ends early");
                    return Ok(Some(reply));
                }
                None => assert!(number < lines.len(), "does not end"),
            }
        }
        Ok(None)
    }

    #[test]
    fn replies_are_summed_up_in_one_line() {
        for (lines, summary, enhanced) in [
            (&[&b"250 ok"[..]][..], "250 ok", None),
            (&[b"250"], "250", None),
            (&[b"250 "], "250", None),
            (
                &[b"550-5.1.1 no such user", b"550 5.1.1 ask them"],
                "550 5.1.1 no such user ask them",
                Some(EnhancedCode::new(5, 1, 1)),
            ),
            (&[b"450 5.1.1 odd"], "450 5.1.1 odd", None),
            (&[b"550 a\x00b\x1b[31mc"], "550 a b [31mc", None),
            (&["554 \u{202E}abc".as_bytes()], "554 abc", None),
            (&[b"554 \xff\xfe"], "554 \u{fffd}\u{fffd}", None),
            (
                &[b"250-mx.example.test", b"250 SIZE"],
                "250 mx.example.test SIZE",
                None,
            ),
        ] {
            let reply = read(lines).unwrap().unwrap();
            assert_eq!(reply.summary(), summary);
            assert_eq!(reply.enhanced(), enhanced, "{summary}");
        }
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for line in [
            &b""[..],
            b"25",
            b"hello",
            b"250x",
            b"150 no",
            b"600 no",
            b"-25 x",
            b" 250 x",
            b"2\xb20",
        ] {
            assert_eq!(read(&[line]), Err(ReplyError::NoReply), "{line:?}");
        }
        assert_eq!(read(&[b"250-a", b"251 b"]), Err(ReplyError::Mixed));
    }

    #[test]
    fn replies_have_an_end() {
        let mut reader = ReplyReader::default();
        for _ in 0..MAX_SERVER_LINES {
            assert_eq!(reader.push(b"250-a"), Ok(None));
        }
        assert_eq!(reader.push(b"250 a"), Err(ReplyError::TooLong));
        let long = [b"250-", "x".repeat(2_000).as_bytes()].concat();
        let mut reader = ReplyReader::default();
        for _ in 0..MAX_SERVER_REPLY / long.len() {
            assert_eq!(reader.push(&long), Ok(None));
        }
        assert_eq!(reader.push(&long), Err(ReplyError::TooLong));
        let wordy = [b"550 ", "あ".repeat(MAX_SUMMARY).as_bytes()].concat();
        let reply = ReplyReader::default().push(&wordy).unwrap().unwrap();
        assert_eq!(reply.summary().chars().count(), MAX_SUMMARY);
    }
}
