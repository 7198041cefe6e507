//! IDLE (RFC 2177): the client is told at once, until it says DONE.

use hikyaku_imap_proto::{Condition, Event, Tag, is_done};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Context;
use crate::{
    reply::{End, Failure, Reply},
    sign_in,
    state::State,
    updates::{self, Expunges},
    wire::Patience,
};

/// What ended a wait.
enum Woken {
    Client(Event),
    /// There may be something new in the mailbox.
    Mail,
    /// The account changed.
    Account,
    /// Nothing happened for a while.
    Tick,
}

pub(crate) async fn run(
    context: &mut Context<'_>,
    state: &mut State,
    tag: &Tag,
) -> Result<Reply, Failure> {
    state.user()?;
    let _idling = context.imap.metrics.idle();
    tracing::trace!(tag = tag.as_str(), "idle");
    context.wire.out.continuation("Idling");
    // What happened before this moment comes first.
    look(context, state).await?;
    context.wire.expect_line();
    let limits = context.imap.options.limits;
    let end = Instant::now() + limits.idle;
    let mut keep_alive = interval_at(Instant::now() + limits.keep_alive, limits.keep_alive);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        context.wire.send_now().await?;
        // Cancellation: waiting for an event, a hint and a tick may each be dropped.
        let woken = tokio::select! {
            biased;
            event = context.wire.event(Patience::Until(end)) => Woken::Client(event?),
            woken = changed(state) => woken,
            _ = keep_alive.tick() => Woken::Tick,
        };
        match woken {
            Woken::Client(event) => return done(event),
            Woken::Mail => look(context, state).await?,
            Woken::Account => {
                if let Some(user) = state.signed_in_mut() {
                    sign_in::check_account(user).await?;
                }
            }
            Woken::Tick => {
                look(context, state).await?;
                context.wire.out.untagged(Condition::Ok, None, "Still here");
            }
        }
    }
}

/// Returns when a hint has come.
async fn changed(state: &mut State) -> Woken {
    match state {
        // Nobody signs out in here.
        State::Stranger(_) => std::future::pending().await,
        State::SignedIn(user) => {
            user.watch.changed().await;
            Woken::Account
        }
        State::Selected(user, selected) => {
            // Cancellation: a subscription forgets a hint only when it returns it.
            tokio::select! {
                () = user.watch.changed() => Woken::Account,
                () = selected.changes.changed() => Woken::Mail,
            }
        }
    }
}

/// Tells what happened in the selected mailbox.
async fn look(context: &mut Context<'_>, state: &mut State) -> Result<(), Failure> {
    let State::Selected(user, selected) = state else {
        return Ok(());
    };
    updates::follow_hint(selected).await;
    updates::tell(context.imap, context.wire, user, selected, Expunges::Tell).await
}

fn done(event: Event) -> Result<Reply, Failure> {
    match event {
        Event::Line(line) if is_done(&line) => Ok(Reply::ok("Idled")),
        Event::Line(_) => Ok(Reply::bad("expected DONE")),
        Event::Refused(refusal) => Ok(Reply::from(&refusal)),
        _ => Err(End::Overflow.into()),
    }
}
