//! MAIL.

use hikyaku_directory::accounts;
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
    if let Err(reply) = check(session, &mail).await {
        return session.idle_command(&reply).await;
    }
    session.flow.sender_accepted(mail.smtputf8);
    session.transaction = Some(Transaction::new(mail));
    session.say(&table::sender_ok()).await
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
        return Ok(());
    };
    if owns(session, sender).await? {
        return Ok(());
    }
    info!(%sender, "sender refused: not an address of the account");
    Err(table::sender_not_owned())
}

/// Whether the client may send as this address: a signed-in one only as its account's, another one
/// as anybody, as far as this room is concerned.
pub(super) async fn owns(session: &Session, address: &EmailAddress) -> Result<bool, Reply> {
    let Some(account) = &session.account else {
        return Ok(true);
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
