//! MAIL.

use hikyaku_directory::accounts::{self, SendAs, Sending};
use hikyaku_smtp_proto::{Reply, command::Mail, reply::table};
use hikyaku_types::EmailAddress;
use tracing::{info, warn};

use super::reply_of;
use crate::{
    session::{Ending, Session},
    transaction::Transaction,
};

/// Begins a transaction, unless the message is too big, no mail can be stored, or a signed-in
/// client sends as somebody else.
pub(super) async fn run(session: &mut Session, mail: Mail) -> Result<(), Ending> {
    if let Err(reply) = look_up_contract(session).await {
        return session.idle_command(&reply).await;
    }
    if let Err(reply) = check(session, &mail).await {
        return session.idle_command(&reply).await;
    }
    session.flow.sender_accepted(mail.smtputf8);
    session.transaction = Some(Transaction::new(mail));
    session.say(&table::sender_ok()).await
}

/// Learns what is in force for whoever signed in, and whether they may send at present (C-01).
pub(super) async fn look_up_contract(session: &mut Session) -> Result<(), Reply> {
    let Some(scope) = session.account.as_ref().map(|account| account.scope) else {
        return Ok(());
    };
    let found = session.shared.rooms.transport.check_sender(scope).await;
    session.in_force = Some(found.map_err(|rejection| reply_of(&rejection))?);
    Ok(())
}

async fn check(session: &Session, mail: &Mail) -> Result<(), Reply> {
    let limit = session.content_limits().size;
    if mail.size.is_some_and(|size| size > limit) {
        return Err(table::too_big(limit));
    }
    let transport = &session.shared.rooms.transport;
    transport
        .check_storage()
        .map_err(|rejection| reply_of(&rejection))?;
    // The null sender is nobody's: reading confirmations have it (RFC 8098 §2.1).
    let Some(sender) = &mail.sender else {
        return may_send(session).await;
    };
    match owns(session, sender).await? {
        SendAs::Allowed => Ok(()),
        SendAs::Suspended => Err(suspended(session)),
        SendAs::NotOwned => {
            info!(%sender, "sender refused: not an address of the account");
            Err(table::sender_not_owned())
        }
    }
}

/// Whether a signed-in client may send at all, where no address says it.
async fn may_send(session: &Session) -> Result<(), Reply> {
    let Some(account) = &session.account else {
        return Ok(());
    };
    let scope = account.scope;
    let db = &session.shared.rooms.db;
    let sending = db.read(move |tx| accounts::sending(tx, scope)).await;
    match sending {
        Ok(Sending::Open) => Ok(()),
        Ok(Sending::Suspended) => Err(suspended(session)),
        Err(error) => {
            warn!(
                error = &error as &dyn std::error::Error,
                "a sender was not checked"
            );
            Err(table::internal_error())
        }
    }
}

fn suspended(session: &Session) -> Reply {
    let account = session
        .account
        .as_ref()
        .map(|account| account.scope.account);
    info!(account.id = ?account, "sender refused: sending is suspended");
    table::sending_suspended()
}

/// Whether the client may send as this address: a signed-in one only as its account's, another one
/// as anybody, as far as this room is concerned.
pub(super) async fn owns(session: &Session, address: &EmailAddress) -> Result<SendAs, Reply> {
    let Some(account) = &session.account else {
        return Ok(SendAs::Allowed);
    };
    let scope = account.scope;
    let address = address.clone();
    let checked = session
        .shared
        .rooms
        .db
        .read(move |tx| accounts::may_send_as(tx, scope, &address))
        .await;
    checked.map_err(|error| {
        warn!(
            error = &error as &dyn std::error::Error,
            "a sender was not checked"
        );
        table::internal_error()
    })
}
