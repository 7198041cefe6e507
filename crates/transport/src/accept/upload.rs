//! Uploading a large message for those who will have it, before the transaction that accepts it.

use std::collections::BTreeSet;

use hikyaku_blob::Contents;
use hikyaku_db::{Database, Tx};
use hikyaku_directory::addresses;
use hikyaku_types::{EmailAddress, TenantId};

use super::{deliver::Failure, prepared::Prepared};
use crate::{
    Envelope, Policy,
    recipient::{Locks, Route, ToOthers, route},
};

/// Uploads a message that is to be an object, once for each tenant that it will belong to: those of
/// the recipients, and the sender's for what is queued. Others cost nothing.
pub(crate) async fn upload(
    db: &Database,
    contents: &Contents,
    (envelope, policy): (&Envelope, &Policy),
    message: Prepared,
) -> Result<Prepared, Failure> {
    if !message.content().prepared().is_object() {
        return Ok(message);
    }
    let recipients = envelope.recipients.iter();
    let addresses: Vec<EmailAddress> = recipients
        .map(|recipient| recipient.address.clone())
        .collect();
    let source = &envelope.source;
    let sender = source.sender().map(|(tenant, _)| tenant);
    let doors = (ToOthers::from(source.via, policy), Locks::from(source.via));
    let tenants = db
        .read(move |tx| tenants(tx, &addresses, sender, doors))
        .await?;
    Ok(message.upload(contents, &tenants).await?)
}

fn tenants(
    tx: &Tx<'_>,
    addresses: &[EmailAddress],
    sender: Option<TenantId>,
    doors: (ToOthers, Locks),
) -> Result<Vec<TenantId>, Failure> {
    let resolutions = addresses::resolve_many(tx, addresses)?;
    let mut tenants = BTreeSet::new();
    for (address, resolution) in addresses.iter().zip(&resolutions) {
        match route(address, resolution, doors) {
            Route::Mailbox(scope) => tenants.insert(scope.tenant),
            // All of one tenant.
            Route::Mailboxes(scopes) => scopes
                .first()
                .is_some_and(|scope| tenants.insert(scope.tenant)),
            Route::Remote => sender.is_some_and(|sender| tenants.insert(sender)),
            Route::Discard(_) | Route::Refuse(_) => false,
        };
    }
    Ok(tenants.into_iter().collect())
}
