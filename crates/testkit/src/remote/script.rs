//! What a remote does when.

/// A point of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// After the connection.
    Greeting,
    /// EHLO.
    Ehlo,
    /// HELO.
    Helo,
    /// STARTTLS.
    StartTls,
    /// AUTH, and each line of its exchange.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The first octets of a message.
    Content,
    /// The final dot.
    Dot,
    /// RSET.
    Rset,
    /// QUIT.
    Quit,
}

impl Stage {
    /// All of them, in the order of a session.
    pub const ALL: [Self; 12] = [
        Self::Greeting,
        Self::Ehlo,
        Self::Helo,
        Self::StartTls,
        Self::Auth,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Content,
        Self::Dot,
        Self::Rset,
        Self::Quit,
    ];
}

/// What it does there instead of the usual.
#[derive(Debug, Clone)]
pub enum Action {
    /// Says this (CRLF is added), and goes on as if the command had that result.
    Reply(String),
    /// Says this and closes.
    ReplyAndCut(String),
    /// Says these octets as they are, and goes on.
    Octets(Vec<u8>),
    /// Says nothing until the client goes away.
    Stall,
    /// Closes. At [`Stage::Dot`] it has the message, and the client does not know.
    Cut,
    /// Says lines that never end.
    Endless,
    /// Says a reply, octet by octet, as slowly as it takes the client to lose patience: after each
    /// octet it waits for so many milliseconds, or for the end of the test.
    Drip(String, u64),
}

impl Action {
    /// A reply.
    pub fn reply(text: &str) -> Self {
        Self::Reply(text.to_owned())
    }
}

/// An action, and when it is due.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(super) stage: Stage,
    pub(super) containing: String,
    pub(super) action: Action,
    /// How often yet; without a number for ever.
    pub(super) left: Option<u32>,
}

impl Rule {
    /// Always at a stage.
    pub fn new(stage: Stage, action: Action) -> Self {
        Self {
            stage,
            containing: String::new(),
            action,
            left: None,
        }
    }

    /// Only for lines with this text in them.
    #[must_use]
    pub fn containing(mut self, text: &str) -> Self {
        text.clone_into(&mut self.containing);
        self
    }

    /// Only so often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.left = Some(times);
        self
    }
}
