//! What each command does, one file per command that does more than answer.

mod auth;
mod bdat;
mod data;
mod deliver;
mod hello;
mod mail;
mod rcpt;
mod starttls;

use hikyaku_smtp_proto::{Command, EnhancedCode, Misplaced, Reply, command::Bdat, reply::table};
use hikyaku_transport::Rejection;

use crate::session::{Ending, Session};

/// Does a command that is in its place.
pub(crate) async fn run(session: &mut Session, command: Command) -> Result<(), Ending> {
    match command {
        Command::Helo(client) => hello::helo(session, client).await,
        Command::Ehlo(client) | Command::Lhlo(client) => hello::extended(session, client).await,
        Command::Mail(mail) => mail::run(session, mail).await,
        Command::Rcpt(rcpt) => rcpt::run(session, rcpt).await,
        Command::Data => data::run(session).await,
        Command::Bdat(bdat) => bdat::run(session, bdat).await,
        Command::StartTls => starttls::run(session).await,
        Command::Auth(auth) => auth::run(session, auth).await,
        Command::Rset => {
            session.reset();
            session.idle_command(&table::ok()).await
        }
        Command::Noop => session.idle_command(&table::ok()).await,
        Command::Help => session.idle_command(&table::help()).await,
        Command::Vrfy => session.idle_command(&table::vrfy()).await,
        Command::Quit => {
            session.say(&table::bye()).await?;
            Err(Ending::Quit)
        }
        // EXPN, and what the grammar may learn before this room does.
        _ => session.idle_command(&table::expn()).await,
    }
}

/// Answers a command that is out of its place. What a client sends along with it is dealt with
/// first: nothing of a message may be taken for commands.
pub(crate) async fn refuse(
    session: &mut Session,
    command: &Command,
    reason: Misplaced,
) -> Result<(), Ending> {
    let reply = table::misplaced(reason);
    match command {
        Command::Bdat(Bdat { size, .. }) => {
            session.discard_chunk(*size).await?;
            // A whole pipeline of chunks can follow one refused MAIL or RCPT: one fault, not many.
            session.idle_command(&reply).await
        }
        Command::Data if !session.connection.buffered().is_empty() => {
            session.say(&reply).await?;
            Err(Ending::Refused(table::out_of_sync()))
        }
        // No fault of the client: RFC 2920 §3.1 lets it send DATA behind its RCPTs.
        Command::Data if reason != Misplaced::NoRecipients => session.idle_command(&reply).await,
        Command::Rcpt(_) => {
            session.flow.recipient_refused();
            session.bad_command(&reply).await
        }
        _ => session.bad_command(&reply).await,
    }
}

/// A refusal of the transport in the words of the protocol.
pub(crate) fn reply_of(rejection: &Rejection) -> Reply {
    match rejection.enhanced.parse::<EnhancedCode>() {
        Ok(enhanced) if u16::from(enhanced.class) == rejection.code / 100 => {
            Reply::new(rejection.code, enhanced, rejection.text.clone())
        }
        _ => Reply::bare(rejection.code, rejection.text.clone()),
    }
}
