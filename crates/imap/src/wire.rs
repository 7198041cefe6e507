//! Both directions of a connection: events from the client, answers to it.

use std::{pin::pin, sync::Arc, time::Duration};

use hikyaku_imap_proto::{CommandReader, Event, Limits as Grammar, NameEncoding, ResponseBuf};
use hikyaku_net::{CompressError, Connection, StartTlsError};
use tokio::time::Instant;

use crate::{
    enabled::{Enabled, Extension},
    incoming::{Budget, Incoming},
    limits::{READ_AHEAD, SEND_FROM},
    reply::End,
};

/// How long to wait for the client.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// Until then, whatever happens: before sign-in.
    Until(Instant),
    /// That long for a command to begin, then [`crate::Limits::command`] for each piece of it.
    Idle(Duration),
}

/// The connection with the grammar on both sides.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) connection: Connection,
    reader: CommandReader,
    /// Answers not sent yet.
    pub(crate) out: ResponseBuf,
    /// What the client has switched on.
    pub(crate) enabled: Enabled,
    /// What has arrived of an APPEND's messages.
    messages: Vec<Incoming>,
    /// Silence allowed within a command.
    within_command: Duration,
}

impl Wire {
    pub(crate) fn new(connection: Connection, within_command: Duration) -> Self {
        Self {
            connection,
            reader: CommandReader::new(Grammar::before_sign_in()),
            out: ResponseBuf::new(),
            enabled: Enabled::default(),
            messages: Vec::new(),
            within_command,
        }
    }

    /// The limits of the grammar in force.
    pub(crate) fn grammar(&self) -> &Grammar {
        self.reader.limits()
    }

    /// The client has signed in: larger commands are read.
    pub(crate) fn set_grammar(&mut self, limits: Grammar) {
        self.reader.set_limits(limits);
    }

    /// Switches an extension on.
    pub(crate) fn enable(&mut self, extension: Extension) {
        self.enabled.enable(extension);
        if extension == Extension::Utf8Accept {
            let names = NameEncoding::Utf8;
            self.out.set_names(names);
            let grammar = *self.reader.limits();
            self.reader.set_limits(Grammar { names, ..grammar });
        }
    }

    /// The next event is a bare line.
    pub(crate) fn expect_line(&mut self) {
        self.reader.expect_line();
    }

    /// The next event but [`Event::NeedMore`] and [`Event::MessageData`]. What is to be sent is
    /// sent before it waits. May be cancelled and called again: nothing read is lost.
    pub(crate) async fn event(&mut self, patience: Patience) -> Result<Event, End> {
        // Answers that are left would be lost if this were cancelled while sending them.
        debug_assert!(self.out.is_empty(), "sent before waiting");
        let begun = Instant::now();
        if self.reader.is_between_commands() {
            // Whoever wanted the messages has taken them.
            self.messages = Vec::new();
        }
        loop {
            if let Some(event) = self.buffered_event() {
                return Ok(event);
            }
            let between = self.reader.is_between_commands();
            let timeout = match patience {
                Patience::Until(deadline) => deadline.saturating_duration_since(Instant::now()),
                Patience::Idle(idle) if between => idle.saturating_sub(begun.elapsed()),
                Patience::Idle(_) => self.within_command,
            };
            self.fill(timeout, between).await?;
        }
    }

    fn buffered_event(&mut self) -> Option<Event> {
        loop {
            let buffered = self.connection.buffered();
            if buffered.is_empty() {
                return None;
            }
            let (consumed, event) = self.reader.feed(buffered);
            if let (Event::MessageData, Some(message)) = (&event, self.messages.last_mut()) {
                message.extend(buffered.get(..consumed).unwrap_or_default());
            }
            self.connection.consume(consumed);
            if !matches!(event, Event::NeedMore | Event::MessageData) {
                return Some(event);
            }
        }
    }

    /// Waits for input; a stopping server interrupts it between commands.
    async fn fill(&mut self, timeout: Duration, between: bool) -> Result<(), End> {
        let drain = self.connection.drain_token().clone();
        let filling = pin!(self.connection.fill(timeout));
        if !between {
            filling.await?;
            return Ok(());
        }
        // Cancellation: `fill` loses nothing, and the token stays cancelled.
        tokio::select! {
            biased;
            filled = filling => { filled?; }
            () = drain.cancelled() => return Err(End::Draining),
        }
        Ok(())
    }

    /// Sends everything written so far.
    pub(crate) async fn send(&mut self) -> Result<(), End> {
        for chunk in self.out.chunks() {
            self.connection.write(chunk).await?;
        }
        self.out.clear(0);
        Ok(())
    }

    /// Sends if enough has been collected.
    pub(crate) async fn send_if_full(&mut self) -> Result<(), End> {
        if self.out.len() >= SEND_FROM {
            self.send().await?;
        }
        Ok(())
    }

    /// Sends, and sees to it that it leaves now.
    pub(crate) async fn send_now(&mut self) -> Result<(), End> {
        self.send().await?;
        self.connection.flush().await?;
        Ok(())
    }

    /// Does work that takes long, and gives it up when the client goes away meanwhile. What the
    /// client sends ahead is kept. Cancellation of `work` must be safe.
    pub(crate) async fn while_connected<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, End> {
        let mut work = pin!(work);
        while self.connection.buffered().len() < READ_AHEAD {
            // Cancellation: `fill_more` loses nothing; `work` is not dropped by a pass.
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                more = self.connection.fill_more(Duration::MAX) => { more?; }
            }
        }
        Ok(work.await)
    }

    /// Takes the message that an APPEND announced, beside those it brought before.
    pub(crate) fn accept_message(&mut self, budget: &Arc<Budget>) {
        self.messages.push(Incoming::new(budget));
        self.reader.accept_message();
    }

    /// Refuses it; see [`CommandReader::refuse_message`].
    pub(crate) fn refuse_message(&mut self) -> Event {
        self.reader.refuse_message()
    }

    /// The messages that arrived with the command just read.
    pub(crate) fn take_messages(&mut self) -> Vec<Incoming> {
        std::mem::take(&mut self.messages)
    }

    /// The number of the messages that the current APPEND brought so far, and their bytes.
    pub(crate) fn brought(&self) -> (u64, u64) {
        let bytes = self.messages.iter().map(Incoming::len).sum();
        (self.messages.len() as u64, bytes)
    }

    /// Whether the client sent something behind the command just read.
    pub(crate) fn has_read_ahead(&self) -> bool {
        !self.connection.buffered().is_empty()
    }

    /// Sends the answer that announces it, then compresses both directions.
    pub(crate) async fn compress(&mut self) -> Result<(), End> {
        self.send().await?;
        match self.connection.compress().await {
            Ok(()) => Ok(()),
            Err(CompressError::Output(error)) => Err(End::Unread(error)),
            // Looked for before the answer; nothing was read since.
            Err(_) => Err(End::Overflow),
        }
    }

    /// Goes on under TLS. Nothing read in plain text counts any more.
    pub(crate) async fn start_tls(&mut self, timeout: Duration) -> Result<(), End> {
        self.send().await?;
        self.reader.reset();
        match self.connection.start_tls(timeout).await {
            Ok(_) => Ok(()),
            Err(StartTlsError::Injected { .. }) => Err(End::Injected),
            Err(StartTlsError::Output(error)) => Err(End::Unread(error)),
            Err(error) => {
                tracing::debug!(error = crate::reply::chain(&error), "no TLS");
                Err(End::Handshake)
            }
        }
    }
}
