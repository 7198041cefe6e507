//! How long the other side may take, step by step (RFC 5321 §4.5.3.2).

use std::time::Duration;

/// One limit per step. The defaults are those of RFC 5321 where it names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// To take the connection.
    pub connect: Duration,
    /// To greet us.
    pub greeting: Duration,
    /// To answer EHLO, HELO or RSET.
    pub hello: Duration,
    /// To complete a TLS handshake.
    pub tls: Duration,
    /// To answer each step of AUTH.
    pub auth: Duration,
    /// To answer MAIL.
    pub mail: Duration,
    /// To answer RCPT.
    pub recipient: Duration,
    /// To answer DATA.
    pub data: Duration,
    /// To take a piece of the message.
    pub block: Duration,
    /// To answer the final dot.
    pub dot: Duration,
    /// To answer QUIT; nobody waits for that answer but the socket.
    pub quit: Duration,
}

impl Timeouts {
    /// Connecting: 30 seconds, after which a host is as good as unreachable and the next is tried.
    pub const CONNECT: Duration = Duration::from_secs(30);
    /// RFC 5321 §4.5.3.2.1, "Initial 220 Message": 5 minutes.
    pub const GREETING: Duration = Duration::from_mins(5);
    /// EHLO, which RFC 5321 does not name: 5 minutes, as for MAIL.
    pub const HELLO: Duration = Duration::from_mins(5);
    /// A TLS handshake: 1 minute.
    pub const TLS: Duration = Duration::from_mins(1);
    /// A step of AUTH: 5 minutes, as for MAIL; servers slow down wrong passwords.
    pub const AUTH: Duration = Duration::from_mins(5);
    /// RFC 5321 §4.5.3.2.2: 5 minutes.
    pub const MAIL: Duration = Duration::from_mins(5);
    /// RFC 5321 §4.5.3.2.3: 5 minutes.
    pub const RECIPIENT: Duration = Duration::from_mins(5);
    /// RFC 5321 §4.5.3.2.4, "DATA Initiation": 2 minutes.
    pub const DATA: Duration = Duration::from_mins(2);
    /// RFC 5321 §4.5.3.2.5, "Data Block": 3 minutes.
    pub const BLOCK: Duration = Duration::from_mins(3);
    /// RFC 5321 §4.5.3.2.6, "DATA Termination": 10 minutes. A shorter wait makes duplicates.
    pub const DOT: Duration = Duration::from_mins(10);
    /// QUIT: 5 seconds.
    pub const QUIT: Duration = Duration::from_secs(5);

    /// None of the waits for a reply longer than `limit`, but for the one for the final dot.
    #[must_use]
    pub fn with_replies_within(mut self, limit: Duration) -> Self {
        for wait in [
            &mut self.greeting,
            &mut self.hello,
            &mut self.tls,
            &mut self.auth,
            &mut self.mail,
            &mut self.recipient,
            &mut self.data,
            &mut self.block,
            &mut self.quit,
        ] {
            *wait = limit.min(*wait);
        }
        self
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Self::CONNECT,
            greeting: Self::GREETING,
            hello: Self::HELLO,
            tls: Self::TLS,
            auth: Self::AUTH,
            mail: Self::MAIL,
            recipient: Self::RECIPIENT,
            data: Self::DATA,
            block: Self::BLOCK,
            dot: Self::DOT,
            quit: Self::QUIT,
        }
    }
}
