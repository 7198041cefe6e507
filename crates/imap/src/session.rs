//! One session: read a command, run it, answer.

mod append;
mod dispatch;

use hikyaku_imap_proto::{Condition, Event, RawCommand, Refusal, RefusalKind, Request, Tag};
use hikyaku_net::Connection;
use tokio::time::Instant;

use crate::{
    capability,
    command::Updates,
    condstore,
    reply::{End, Failure, Reply, Then, chain},
    service::Imap,
    sign_in,
    state::{State, Stranger},
    updates::{self, Expunges},
    wire::{Patience, Wire},
};

/// What the greeting tells beside its codes.
const GREETING: &str = "ready";

/// A client's session from the greeting to the end of its connection.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    imap: &'a Imap,
    wire: Wire,
    state: State,
    /// Commands in a row that made no sense.
    mistakes: u32,
    /// What is answered when the rest of a refused APPEND has been read away.
    refused: Option<Reply>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(imap: &'a Imap, connection: Connection) -> Self {
        let limits = imap.options.limits;
        Self {
            imap,
            wire: Wire::new(connection, limits.command),
            state: State::Stranger(Stranger {
                deadline: Instant::now() + limits.sign_in,
                failures: 0,
                client: String::new(),
            }),
            mistakes: 0,
            refused: None,
        }
    }

    /// Runs to the end of the connection.
    pub(crate) async fn run(mut self) {
        let end = match self.serve().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        tracing::debug!(reason = chain(&end), "session ends");
        if let Some((code, text)) = end.farewell() {
            self.wire.out.untagged(Condition::Bye, code, text);
        }
        if matches!(end, End::Gone(_) | End::Unread(_) | End::Handshake) {
            return;
        }
        // The client may have gone meanwhile, or not take the farewell: it ends either way.
        if self.wire.send().await.is_ok() {
            let _ = self.wire.connection.close_lingering().await;
        }
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, End> {
        self.greet().await?;
        loop {
            let event = self.wire.event(self.patience()).await?;
            self.handle(event).await?;
            self.wire.send().await?;
        }
    }

    async fn greet(&mut self) -> Result<(), End> {
        let capabilities = capability::before_sign_in(self.imap, &self.wire.connection);
        let code = hikyaku_imap_proto::Code::Capability(&capabilities);
        let host = &self.imap.options.host_name;
        let text = format!("{host} {GREETING}");
        self.wire
            .out
            .untagged(Condition::Ok, Some(code), text.trim_start());
        // At once: the client waits for it.
        self.wire.send_now().await
    }

    fn patience(&self) -> Patience {
        match &self.state {
            State::Stranger(stranger) => Patience::Until(stranger.deadline),
            _ => Patience::Idle(self.imap.options.limits.idle),
        }
    }

    async fn handle(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Command(raw) => self.command(&raw).await,
            Event::NeedContinuation { .. } => {
                self.wire.out.continuation("Go ahead");
                Ok(())
            }
            Event::Message { tag, head, literal } => self.decide_append(tag, &head, literal).await,
            Event::Refused(refusal) => self.refused(&refusal),
            Event::Fatal(refusal) => {
                self.refused(&refusal)?;
                Err(End::Overflow)
            }
            // Nobody asked for a bare line, and the wire keeps the others to itself.
            _ => Ok(()),
        }
    }

    /// Answers a command that was not even read.
    fn refused(&mut self, refusal: &Refusal) -> Result<(), End> {
        let decided = self
            .refused
            .take()
            .filter(|_| refusal.kind == RefusalKind::Message);
        let reply = decided.unwrap_or_else(|| match (&self.state, &refusal.kind) {
            // A stranger's limit for messages is none at all; that is not what is wrong.
            (State::Stranger(_), RefusalKind::MessageTooLarge(_)) => Reply::bad("Sign in first"),
            _ => Reply::from(refusal),
        });
        self.answer(refusal.tag.as_ref(), &reply)
    }

    async fn command(&mut self, raw: &RawCommand) -> Result<(), End> {
        let request = match Request::parse(raw, self.wire.grammar()) {
            Ok(request) => request,
            Err(error) => return self.answer(error.tag(), &Reply::from(&error)),
        };
        let Request { tag, command } = request;
        let (name, updates) = (command.name(), Updates::after(&command));
        let started = Instant::now();
        if let State::SignedIn(user) | State::Selected(user, _) = &mut self.state
            && let Err(failure) = sign_in::check_account(user).await
        {
            return self.answer_failure(&tag, failure);
        }
        if let State::Selected(_, selected) = &self.state {
            condstore::notice(&command, Some(selected), &mut self.wire);
        } else {
            condstore::notice(&command, None, &mut self.wire);
        }
        let reply = match self.execute(&tag, command).await {
            Ok(reply) | Err(Failure::Reply(reply)) => reply,
            Err(Failure::End(end)) => return Err(end),
        };
        if let Err(failure) = self.tell_updates(updates).await {
            return self.answer_failure(&tag, failure);
        }
        tracing::debug!(
            command = name,
            outcome = ?reply.condition(),
            duration_ms = started.elapsed().as_millis(),
            "command"
        );
        self.answer(Some(&tag), &reply)?;
        self.follow(reply.then).await
    }

    fn answer_failure(&mut self, tag: &Tag, failure: Failure) -> Result<(), End> {
        match failure {
            Failure::Reply(reply) => self.answer(Some(tag), &reply),
            Failure::End(end) => Err(end),
        }
    }

    /// Writes the answer and counts mistakes.
    fn answer(&mut self, tag: Option<&Tag>, reply: &Reply) -> Result<(), End> {
        reply.write(tag, &mut self.wire.out);
        self.imap.metrics.answered(reply.condition());
        if reply.condition() != Condition::Bad {
            self.mistakes = 0;
            return Ok(());
        }
        self.mistakes += 1;
        let limits = &self.imap.options.limits;
        let allowed = match self.state {
            State::Stranger(_) => limits.bad_commands_before_sign_in,
            _ => limits.bad_commands,
        };
        if self.mistakes >= allowed {
            Err(End::Mistakes)
        } else {
            Ok(())
        }
    }

    /// Tells the client what happened in its mailbox, as far as it may be told now.
    async fn tell_updates(&mut self, after: Updates) -> Result<(), Failure> {
        let State::Selected(user, selected) = &mut self.state else {
            return Ok(());
        };
        let expunges = match after {
            Updates::None => return Ok(()),
            Updates::WithoutExpunges => Expunges::Keep,
            Updates::All | Updates::Own => Expunges::Tell,
        };
        if after == Updates::Own || updates::are_due(selected) {
            updates::follow_hint(selected).await;
            updates::tell(self.imap, &mut self.wire, user, selected, expunges).await?;
        }
        Ok(())
    }

    async fn follow(&mut self, then: Then) -> Result<(), End> {
        match then {
            Then::Continue => Ok(()),
            Then::Close(reason) => {
                if let Some(reason) = reason {
                    self.wire.out.untagged(Condition::Bye, None, reason);
                }
                Err(End::Finished)
            }
            Then::Compress => self.wire.compress().await,
            Then::StartTls => {
                self.wire
                    .start_tls(self.imap.options.limits.handshake)
                    .await
            }
        }
    }
}
