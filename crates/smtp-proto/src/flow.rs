//! Which command is allowed when (RFC 5321 §4.1.4), without a connection.
//!
//! The session asks [`Flow::check`] before it does a command and reports what came of it. Nothing
//! changes by asking. What is kept: the greeting, TLS, sign-in and how far the transaction is.

use crate::{
    Command,
    command::{Rcpt, Smtputf8},
};

/// The language of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// EHLO or HELO; one reply for a message.
    Smtp,
    /// LHLO; one reply for each recipient (RFC 2033).
    Lmtp,
}

/// How the client said hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeting {
    /// HELO: no extensions.
    Helo,
    /// EHLO or LHLO.
    Extended,
}

/// TLS on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// The connection is encrypted.
    Active,
    /// STARTTLS is offered.
    Offered,
    /// There is none.
    Unavailable,
}

/// Authentication on this port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthRule {
    /// Not offered.
    Off,
    /// Offered; mail is taken without it too.
    Offered,
    /// No mail without it.
    Required,
}

/// Whether passwords may cross a connection without TLS (C-05, issue point 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainPasswords {
    /// Under TLS only.
    OnlyUnderTls,
    /// Also without: the client is in the closed zone.
    Allowed,
}

/// Why a command is not allowed now. [`crate::reply::table::misplaced`] has the replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misplaced {
    /// EHLO on an LMTP port or LHLO on an SMTP port.
    #[error("LMTP begins with LHLO, SMTP with EHLO")]
    WrongProtocol,
    /// STARTTLS or AUTH where it was not announced.
    #[error("the command is not offered here")]
    NotOffered,
    /// Mail or AUTH before the greeting.
    #[error("say EHLO first")]
    NotGreeted,
    /// STARTTLS under TLS.
    #[error("TLS is active already")]
    TlsActive,
    /// AUTH after AUTH (RFC 4954 §4).
    #[error("you are signed in already")]
    SignedIn,
    /// Mail without TLS where AUTH is required and needs TLS.
    #[error("issue STARTTLS first")]
    NeedsTls,
    /// Mail without AUTH where it is required.
    #[error("authentication required")]
    NeedsAuth,
    /// AUTH without TLS.
    #[error("encryption required for authentication")]
    PasswordNeedsTls,
    /// AUTH or STARTTLS in a transaction, or MAIL in another one's.
    #[error("a message is in progress: finish it or send RSET")]
    InTransaction,
    /// RCPT, DATA or BDAT without MAIL.
    #[error("say MAIL first")]
    NoSender,
    /// DATA or BDAT without RCPT.
    #[error("say RCPT first")]
    NoRecipients,
    /// DATA or BDAT when all RCPTs were refused.
    #[error("no valid recipients")]
    NoValidRecipients,
    /// RCPT or DATA after BDAT (RFC 3030 §2).
    #[error("chunks of this message have been sent: only BDAT can follow")]
    InChunks,
    /// A recipient that is not ASCII in a transaction without SMTPUTF8 (RFC 6531 §3.5).
    #[error("a recipient address that is not ASCII needs SMTPUTF8")]
    Utf8Recipient,
}

/// How far the transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No transaction.
    Idle,
    /// MAIL was accepted.
    Sender { accepted: u32, refused: u32 },
    /// A chunk that was not the last was accepted.
    Chunks,
}

/// The state of one connection.
#[derive(Debug, Clone)]
pub struct Flow {
    protocol: Protocol,
    tls: Tls,
    auth: AuthRule,
    passwords: PlainPasswords,
    greeting: Option<Greeting>,
    signed_in: bool,
    phase: Phase,
    smtputf8: Smtputf8,
}

impl Flow {
    /// A connection that was just opened.
    pub fn new(protocol: Protocol, tls: Tls, auth: AuthRule, passwords: PlainPasswords) -> Self {
        Self {
            protocol,
            tls,
            auth,
            passwords,
            greeting: None,
            signed_in: false,
            phase: Phase::Idle,
            smtputf8: Smtputf8::No,
        }
    }

    /// Whether the command is allowed now.
    pub fn check(&self, command: &Command) -> Result<(), Misplaced> {
        match command {
            Command::Helo(_) | Command::Ehlo(_) => self.check_hello(Protocol::Smtp),
            Command::Lhlo(_) => self.check_hello(Protocol::Lmtp),
            Command::StartTls => self.check_start_tls(),
            Command::Auth(_) => self.check_auth(),
            Command::Mail(_) => self.check_mail(),
            Command::Rcpt(rcpt) => self.check_rcpt(rcpt),
            Command::Data => match self.phase {
                Phase::Chunks => Err(Misplaced::InChunks),
                _ => self.check_recipients(),
            },
            Command::Bdat(_) => match self.phase {
                Phase::Chunks => Ok(()),
                _ => self.check_recipients(),
            },
            Command::Rset
            | Command::Noop
            | Command::Quit
            | Command::Help
            | Command::Vrfy
            | Command::Expn => Ok(()),
        }
    }

    /// EHLO, HELO or LHLO was answered: a transaction ends with it (RFC 5321 §4.1.4).
    pub fn greeted(&mut self, greeting: Greeting) {
        self.greeting = Some(greeting);
        self.reset();
    }

    /// The TLS handshake is done. Nothing that the client said before counts (RFC 3207 §4.2).
    pub fn tls_started(&mut self) {
        self.tls = Tls::Active;
        self.greeting = None;
        self.signed_in = false;
        self.reset();
    }

    /// The client signed in.
    pub fn signed_in(&mut self) {
        self.signed_in = true;
    }

    /// MAIL was accepted.
    pub fn sender_accepted(&mut self, smtputf8: Smtputf8) {
        self.phase = Phase::Sender {
            accepted: 0,
            refused: 0,
        };
        self.smtputf8 = smtputf8;
    }

    /// RCPT was accepted.
    pub fn recipient_accepted(&mut self) {
        if let Phase::Sender { accepted, .. } = &mut self.phase {
            *accepted = accepted.saturating_add(1);
        }
    }

    /// RCPT was refused, for whatever reason.
    pub fn recipient_refused(&mut self) {
        if let Phase::Sender { refused, .. } = &mut self.phase {
            *refused = refused.saturating_add(1);
        }
    }

    /// A chunk was accepted and was not the last.
    pub fn chunk_accepted(&mut self) {
        self.phase = Phase::Chunks;
    }

    /// The transaction is over: RSET, or the reply to the message, good or bad. After a refused
    /// chunk too: those that follow in the pipeline are out of place then (RFC 3030 §2).
    pub fn reset(&mut self) {
        self.phase = Phase::Idle;
        self.smtputf8 = Smtputf8::No;
    }

    /// How the client said hello since the connection, or TLS on it, began.
    pub fn greeting(&self) -> Option<Greeting> {
        self.greeting
    }

    /// The language spoken.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// TLS on the connection.
    pub fn tls(&self) -> Tls {
        self.tls
    }

    /// Whether the client has signed in.
    pub fn is_signed_in(&self) -> bool {
        self.signed_in
    }

    /// Whether AUTH would be taken now, and is therefore announced (RFC 4954 §3).
    pub fn announces_auth(&self) -> bool {
        self.auth != AuthRule::Off && !self.signed_in && self.may_send_password()
    }

    /// Whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.phase != Phase::Idle
    }

    /// Whether the open transaction has SMTPUTF8.
    pub fn smtputf8(&self) -> Smtputf8 {
        self.smtputf8
    }

    fn may_send_password(&self) -> bool {
        self.tls == Tls::Active || self.passwords == PlainPasswords::Allowed
    }

    fn check_hello(&self, spoken: Protocol) -> Result<(), Misplaced> {
        ensure(spoken == self.protocol, Misplaced::WrongProtocol)
    }

    fn check_start_tls(&self) -> Result<(), Misplaced> {
        match self.tls {
            Tls::Active => Err(Misplaced::TlsActive),
            Tls::Unavailable => Err(Misplaced::NotOffered),
            Tls::Offered => ensure(!self.in_transaction(), Misplaced::InTransaction),
        }
    }

    fn check_auth(&self) -> Result<(), Misplaced> {
        ensure(self.auth != AuthRule::Off, Misplaced::NotOffered)?;
        ensure(
            self.greeting == Some(Greeting::Extended),
            Misplaced::NotGreeted,
        )?;
        ensure(!self.signed_in, Misplaced::SignedIn)?;
        ensure(!self.in_transaction(), Misplaced::InTransaction)?;
        ensure(self.may_send_password(), Misplaced::PasswordNeedsTls)
    }

    fn check_mail(&self) -> Result<(), Misplaced> {
        ensure(self.greeting.is_some(), Misplaced::NotGreeted)?;
        ensure(!self.in_transaction(), Misplaced::InTransaction)?;
        if self.auth == AuthRule::Required && !self.signed_in {
            ensure(self.may_send_password(), Misplaced::NeedsTls)?;
            return Err(Misplaced::NeedsAuth);
        }
        Ok(())
    }

    fn check_rcpt(&self, rcpt: &Rcpt) -> Result<(), Misplaced> {
        match self.phase {
            Phase::Idle => Err(Misplaced::NoSender),
            Phase::Chunks => Err(Misplaced::InChunks),
            Phase::Sender { .. } => {
                let fits = rcpt.smtputf8 == Smtputf8::No || self.smtputf8 == Smtputf8::Yes;
                ensure(fits, Misplaced::Utf8Recipient)
            }
        }
    }

    fn check_recipients(&self) -> Result<(), Misplaced> {
        match self.phase {
            Phase::Idle => Err(Misplaced::NoSender),
            Phase::Sender {
                accepted: 0,
                refused: 0,
            } => Err(Misplaced::NoRecipients),
            // RFC 2033 §4.2 wants 503 here for LMTP.
            Phase::Sender { accepted: 0, .. } if self.protocol == Protocol::Lmtp => {
                Err(Misplaced::NoRecipients)
            }
            Phase::Sender { accepted: 0, .. } => Err(Misplaced::NoValidRecipients),
            Phase::Sender { .. } | Phase::Chunks => Ok(()),
        }
    }
}

fn ensure(holds: bool, otherwise: Misplaced) -> Result<(), Misplaced> {
    if holds { Ok(()) } else { Err(otherwise) }
}
