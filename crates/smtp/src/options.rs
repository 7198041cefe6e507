//! What the operator decides about a port, with the defaults of each kind of port.

use std::time::Duration;

use hikyaku_net::Zone;
use hikyaku_smtp_proto::{AuthRule, LineLimit, Protocol};
use hikyaku_transport::Via;
use hikyaku_types::{ByteSize, Domain, EmailAddress};

/// What a port is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 25: mail from other servers, and from devices of the closed zone.
    Mx,
    /// 587: mail from users, STARTTLS (RFC 6409).
    Submission,
    /// 465: mail from users, TLS from the start (RFC 8314 §3.3).
    Submissions,
    /// 24: mail from a server in front of us, one reply per recipient (RFC 2033).
    Lmtp,
}

impl Kind {
    /// The word in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mx => "smtp",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
            Self::Lmtp => "lmtp",
        }
    }

    /// The language spoken there.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Lmtp => Protocol::Lmtp,
            _ => Protocol::Smtp,
        }
    }

    /// The door that mail comes in by when nobody signed in.
    pub(crate) const fn via(self) -> Via {
        match self {
            Self::Mx => Via::Smtp,
            Self::Submission | Self::Submissions => Via::Submission,
            Self::Lmtp => Via::Lmtp,
        }
    }
}

/// What clients of one zone may do on a port (C-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZonePolicy {
    /// The port is closed to them: a 554 greeting.
    Refused,
    /// They may connect; this is the rule for AUTH.
    Open(AuthRule),
}

/// Whether the From field of a message that a user sends must be one of the account's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthorCheck {
    /// It must. The default.
    #[default]
    On,
    /// Only the envelope sender must.
    Off,
}

/// What happens to a client that speaks before it was greeted (RFC 5321 §4.3.1 forbids it; spam
/// programs do it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EarlyTalkers {
    /// Nothing. The default.
    #[default]
    Tolerated,
    /// On port 25 from the Internet the greeting waits so long; who speaks before is refused.
    Refused(Duration),
}

/// The limits of a session. Those of a message (size, recipients) are the transport's.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long a client may take for a command, and for a response of AUTH. Default 5 minutes
    /// (RFC 5321 §4.5.3.2.7).
    pub command_time: Duration,
    /// How long a client may send nothing within a message. Default 3 minutes
    /// (RFC 5321 §4.5.3.2.5).
    pub data_time: Duration,
    /// How long a whole message, or one chunk, may take. Default 1 hour: 25 MB at 64 kbit/s.
    pub message_time: Duration,
    /// How long a TLS handshake may take. Default 30 seconds.
    pub handshake_time: Duration,
    /// Lines that are no commands, or commands out of place, until the connection is closed.
    /// Default 20.
    pub max_bad_commands: u32,
    /// Commands that lead nowhere (NOOP, RSET, EHLO, VRFY …) since the last message until the
    /// connection is closed. Default 200.
    pub max_idle_commands: u32,
    /// Recipients refused for good until the connection is closed, for clients from the Internet
    /// that did not sign in: who tries out addresses is slowed down. Default 50.
    pub max_refused_recipients: u32,
    /// Failed sign-ins until the connection is closed. Default 3.
    pub max_failed_sign_ins: u32,
    /// Octets beyond the size limit of a message, or of a chunk that is out of place, that are read
    /// and dropped so that the client hears the refusal instead of a broken connection; who goes on
    /// is cut off. Default 100 MiB: the largest message that people try to send by accident.
    pub max_discarded: ByteSize,
    /// How long a line of a message may be. Default: as long as the message.
    pub line: LineLimit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_time: Duration::from_mins(5),
            data_time: Duration::from_mins(3),
            message_time: Duration::from_hours(1),
            handshake_time: Duration::from_secs(30),
            max_bad_commands: 20,
            max_idle_commands: 200,
            max_refused_recipients: 50,
            max_failed_sign_ins: 3,
            max_discarded: ByteSize::mib(100),
            line: LineLimit::default(),
        }
    }
}

/// How a port works.
#[derive(Debug, Clone)]
pub struct Options {
    /// What it is for.
    pub kind: Kind,
    /// The name in the greeting, in EHLO's answer and in Received.
    pub hostname: Domain,
    /// What clients of the closed zone may do. Default: 25 offers AUTH, 587 and 465 require it,
    /// LMTP has none.
    pub closed_zone: ZonePolicy,
    /// What all others may do. Default: 25 takes mail without AUTH and offers none, 587 and 465
    /// require it, LMTP is closed.
    pub internet: ZonePolicy,
    /// Who gets mail for `<Postmaster>` without a domain and for `postmaster` at a host name that
    /// is no domain of ours (RFC 5321 §4.5.1). Default: the postmaster of the closest domain above
    /// the host name that is hosted here.
    pub postmaster: Option<EmailAddress>,
    /// Whether users may write somebody else into From.
    pub author_check: AuthorCheck,
    /// What happens to clients that speak too early.
    pub early_talkers: EarlyTalkers,
    /// The limits of a session.
    pub limits: Limits,
}

impl Options {
    /// The defaults of this kind of port.
    pub fn new(kind: Kind, hostname: Domain) -> Self {
        let (closed_zone, internet) = match kind {
            Kind::Mx => (
                ZonePolicy::Open(AuthRule::Offered),
                ZonePolicy::Open(AuthRule::Off),
            ),
            Kind::Submission | Kind::Submissions => (
                ZonePolicy::Open(AuthRule::Required),
                ZonePolicy::Open(AuthRule::Required),
            ),
            Kind::Lmtp => (ZonePolicy::Open(AuthRule::Off), ZonePolicy::Refused),
        };
        Self {
            kind,
            hostname,
            closed_zone,
            internet,
            postmaster: None,
            author_check: AuthorCheck::default(),
            early_talkers: EarlyTalkers::default(),
            limits: Limits::default(),
        }
    }

    /// What a client of this zone may do.
    pub fn policy(&self, zone: Zone) -> ZonePolicy {
        match zone {
            Zone::Closed => self.closed_zone,
            Zone::Internet => self.internet,
        }
    }
}
