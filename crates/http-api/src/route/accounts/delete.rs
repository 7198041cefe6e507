//! The end of an account, and its return.

use axum::{Json, extract::State};
use hikyaku_db::Lane;
use hikyaku_directory::{AccountScope, DirectoryError, PlatformScope, accounts};
use hikyaku_types::EmailAddress;
use serde::Deserialize;

use super::AccountView;
use crate::{
    problem::Problem,
    route::{PathOf, QueryOf},
    services::Services,
};

/// How to delete.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct How {
    /// Also remove the mail and free the address, at once and for good.
    #[serde(default)]
    erase: bool,
}

/// Deletes an account: it is gone for every protocol at once. Its mail and its address are kept
/// until maintenance erases them, or are erased now. An account that is deleted already can still
/// be erased.
pub(crate) async fn delete(
    State(services): State<Services>,
    PathOf(address): PathOf<EmailAddress>,
    QueryOf(How { erase }): QueryOf<How>,
) -> Result<Json<serde_json::Value>, Problem> {
    let gone = address.clone();
    let scope = services
        .db
        .write(Lane::Background, move |tx| {
            let operator = PlatformScope::operator();
            let scope = match accounts::find_by_address(tx, operator, &gone) {
                Ok(account) => {
                    accounts::delete(tx, account.scope)?;
                    account.scope
                }
                Err(DirectoryError::NoSuchAccount(_)) if erase => {
                    accounts::find_deleted(tx, operator, &gone)?
                }
                Err(error) => return Err(error),
            };
            if erase {
                accounts::begin_erasure(tx, scope)?;
            }
            Ok(scope)
        })
        .await?;
    if erase {
        erase_now(&services, scope).await?;
    }
    Ok(Json(
        serde_json::json!({ "deleted": address, "erased": erase }),
    ))
}

async fn erase_now(services: &Services, scope: AccountScope) -> Result<(), Problem> {
    services.mailstore.erase(scope).await?;
    let erased: Result<(), DirectoryError> = services
        .db
        .write(Lane::Background, move |tx| accounts::erase(tx, scope))
        .await;
    Ok(erased?)
}

/// Brings a deleted account back as it was, mail included.
pub(crate) async fn restore(
    State(services): State<Services>,
    PathOf(address): PathOf<EmailAddress>,
) -> Result<Json<AccountView>, Problem> {
    let restored = services
        .db
        .write(Lane::Background, move |tx| {
            let scope = accounts::find_deleted(tx, PlatformScope::operator(), &address)?;
            accounts::restore(tx, scope)?;
            AccountView::load(tx, scope)
        })
        .await?;
    Ok(Json(restored))
}
