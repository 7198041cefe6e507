//! Why an attempt failed, and what follows from it.

use hikyaku_smtp_proto::client::ServerReply;
use hikyaku_transport::queue::{Trouble, TroubleKind, Verdict};

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lasting {
    /// Not for ever.
    Now,
    /// For good.
    Forever,
}

/// Whether another exchanger may do better, in this very attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// It may.
    Try,
    /// This was the answer, or nobody knows what became of the message.
    Stop,
}

/// What all recipients without a verdict get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    trouble: Trouble,
    lasting: Lasting,
    elsewhere: Elsewhere,
}

impl Failure {
    /// A failure that time may heal; another exchanger may do better.
    pub(super) fn now(kind: TroubleKind, status: &str) -> Self {
        Self::new(kind, status.to_owned(), Lasting::Now)
    }

    /// A failure for good; another exchanger may do better all the same.
    pub(super) fn forever(kind: TroubleKind, status: &str) -> Self {
        Self::new(kind, status.to_owned(), Lasting::Forever)
    }

    /// What a reply that is no success says: 5xx for good, all else for now.
    pub(super) fn refused(kind: TroubleKind, reply: &ServerReply) -> Self {
        let enhanced = reply.enhanced().map(|enhanced| enhanced.to_string());
        let (kind, lasting, usual) = match reply.code() {
            500..=599 => (precisely(kind, reply), Lasting::Forever, "5.0.0"),
            400..=499 => (kind, Lasting::Now, "4.0.0"),
            _ => (TroubleKind::Protocol, Lasting::Now, "4.5.0"),
        };
        let status = match reply.code() {
            400..=599 => enhanced.unwrap_or_else(|| usual.to_owned()),
            _ => usual.to_owned(),
        };
        Self::new(kind, status, lasting).saying(reply.summary())
    }

    fn new(kind: TroubleKind, status: String, lasting: Lasting) -> Self {
        Self {
            trouble: Trouble {
                kind,
                status,
                host: None,
                reply: None,
            },
            lasting,
            elsewhere: Elsewhere::Try,
        }
    }

    /// The same, by this host.
    pub(super) fn by(mut self, host: &str) -> Self {
        self.trouble.host = Some(host.to_owned());
        self
    }

    /// The same, in these words of the other side or about it.
    pub(super) fn saying(mut self, words: String) -> Self {
        self.trouble.reply = Some(words);
        self
    }

    /// The same, and no other exchanger is tried.
    pub(super) fn stop(mut self) -> Self {
        self.elsewhere = Elsewhere::Stop;
        self
    }

    /// The same, and it may pass, whatever the code said: what the operator has to put right must
    /// not send everybody's mail back.
    pub(super) fn passing(mut self) -> Self {
        self.lasting = Lasting::Now;
        if let Some(rest) = self.trouble.status.strip_prefix('5') {
            self.trouble.status = format!("4{rest}");
        }
        self
    }

    /// Whether another exchanger is tried.
    pub(super) fn elsewhere(&self) -> Elsewhere {
        self.elsewhere
    }

    /// What kind of failure it is.
    pub(super) fn kind(&self) -> TroubleKind {
        self.trouble.kind
    }

    /// What a recipient gets.
    pub(super) fn verdict(self) -> Verdict {
        match self.lasting {
            Lasting::Now => Verdict::Later(self.trouble),
            Lasting::Forever => Verdict::Never(self.trouble),
        }
    }

    /// The one of two that says more: hope before despair, words before silence, and else the
    /// later one.
    pub(super) fn or(self, other: Self) -> Self {
        let rank = |failure: &Self| (failure.lasting, failure.trouble.reply.is_none());
        if rank(&self) < rank(&other) {
            self
        } else {
            other
        }
    }
}

/// What a 5xx is about, where its codes say so.
fn precisely(kind: TroubleKind, reply: &ServerReply) -> TroubleKind {
    let about = reply.enhanced().map(|code| (code.subject, code.detail));
    match about {
        // RFC 3463 §3.4: message too big for system.
        Some((3, 4)) => TroubleKind::TooBig,
        // RFC 6531 §3.5: the non-ASCII address or header cannot be taken.
        Some((6, 7 | 9)) => TroubleKind::NoUtf8,
        None if reply.code() == 552 && kind == TroubleKind::Refused => TroubleKind::TooBig,
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use hikyaku_smtp_proto::client::ReplyReader;

    use super::*;

    fn failure(line: &str, kind: TroubleKind) -> Failure {
        let reply = ReplyReader::default().push(line.as_bytes());
        Failure::refused(kind, &reply.unwrap().unwrap())
    }

    #[test]
    fn codes_decide_what_follows() {
        use TroubleKind::{NoUtf8, Protocol, Recipient, Refused, TooBig};
        for (line, given, kind, lasting, status) in [
            (
                "450 4.2.1 wait",
                Recipient,
                Recipient,
                Lasting::Now,
                "4.2.1",
            ),
            ("450 wait", Recipient, Recipient, Lasting::Now, "4.0.0"),
            ("550 no", Recipient, Recipient, Lasting::Forever, "5.0.0"),
            (
                "550 4.1.1 odd",
                Recipient,
                Recipient,
                Lasting::Forever,
                "5.0.0",
            ),
            (
                "552 5.2.2 full",
                Recipient,
                Recipient,
                Lasting::Forever,
                "5.2.2",
            ),
            ("552 5.3.4 big", Refused, TooBig, Lasting::Forever, "5.3.4"),
            ("552 big", Refused, TooBig, Lasting::Forever, "5.0.0"),
            (
                "550 5.6.7 ascii",
                Refused,
                NoUtf8,
                Lasting::Forever,
                "5.6.7",
            ),
            ("354 go", Refused, Protocol, Lasting::Now, "4.5.0"),
            ("250 2.0.0 ok", Refused, Protocol, Lasting::Now, "4.5.0"),
        ] {
            let failure = failure(line, given);
            assert_eq!(failure.trouble.kind, kind, "{line}");
            assert_eq!(failure.lasting, lasting, "{line}");
            assert_eq!(failure.trouble.status, status, "{line}");
            assert_eq!(failure.trouble.reply.as_deref(), Some(line));
        }
    }

    #[test]
    fn hope_comes_before_despair() {
        let never = failure("550 no", TroubleKind::Refused);
        let later = failure("450 wait", TroubleKind::Refused);
        let silent = Failure::now(TroubleKind::Connect, "4.4.1");
        assert_eq!(never.clone().or(later.clone()), later);
        assert_eq!(later.clone().or(silent.clone()), later);
        assert_eq!(silent.clone().or(never), silent);
        let other = failure("451 wait", TroubleKind::Refused);
        assert_eq!(later.or(other.clone()), other);
    }

    #[test]
    fn what_may_pass_is_no_reason_to_give_up() {
        let refused = failure("535 5.7.8 wrong", TroubleKind::Auth).passing();
        let Verdict::Later(trouble) = refused.verdict() else {
            panic!("given up");
        };
        assert_eq!(trouble.status, "4.7.8");
    }
}
