//! The end of an account, and its return.

use axum::{Json, extract::State};
use hikyaku_control::{
    AccountRef, ControlError,
    accounts::{self, WholeAccount},
};
use hikyaku_db::Lane;
use hikyaku_directory::Account;
use hikyaku_types::EmailAddress;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AccountView;
use crate::{
    caller::Caller,
    etag::IfMatch,
    problem::Problem,
    route::{PathOf, QueryOf},
    services::Services,
};

/// How to delete.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct How {
    /// Also remove the mail and free the address, at once and for good.
    #[serde(default)]
    erase: bool,
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountDeleted {
    #[schema(value_type = String)]
    deleted: EmailAddress,
    erased: bool,
}

/// Deletes an account.
///
/// It is gone for every protocol at once. Its mail and its address are kept until maintenance
/// erases them, or are erased now. An account that is deleted already can still be erased.
#[utoipa::path(
    delete, path = "/api/v1/accounts/{account}", tag = "accounts", operation_id = "account_delete",
    params(("account" = String, Path, description = "Its id or address"), How),
    responses(
        (status = 200, description = "It is gone", body = AccountDeleted),
        (status = 404, description = "`no_such_account`"),
        (status = 412, description = ""),
    ),
)]
pub(crate) async fn delete(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    QueryOf(How { erase }): QueryOf<How>,
    if_match: IfMatch,
) -> Result<Json<AccountDeleted>, Problem> {
    let gone = services
        .db
        .write(Lane::Background, move |tx| {
            if erase {
                return accounts::begin_erasure(tx, &actor, &account);
            }
            let stale = |seen: &WholeAccount| {
                if_match.check(&AccountView::from(seen.clone()).representation())
            };
            accounts::delete(tx, &actor, &account, stale)
        })
        .await?;
    let deleted = gone.address.clone();
    if erase {
        erase_now(&services, gone).await?;
    }
    Ok(Json(AccountDeleted {
        deleted,
        erased: erase,
    }))
}

/// Erases an account.
///
/// Its mail and its names are removed at once and for good, whether it was deleted before or not.
#[utoipa::path(
    post, path = "/api/v1/accounts/{account}/erase", tag = "accounts",
    operation_id = "account_erase",
    params(("account" = String, Path, description = "Its id or address")),
    responses(
        (status = 200, description = "It is gone", body = AccountDeleted),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(crate) async fn erase(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
) -> Result<Json<AccountDeleted>, Problem> {
    let gone = services
        .db
        .write(Lane::Background, move |tx| {
            accounts::begin_erasure(tx, &actor, &account)
        })
        .await?;
    let deleted = gone.address.clone();
    erase_now(&services, gone).await?;
    Ok(Json(AccountDeleted {
        deleted,
        erased: true,
    }))
}

async fn erase_now(services: &Services, gone: Account) -> Result<(), Problem> {
    services.mailstore.erase(gone.scope).await?;
    let erased: Result<(), ControlError> = services
        .db
        .write(Lane::Background, move |tx| {
            accounts::finish_erasure(tx, &gone)
        })
        .await;
    Ok(erased?)
}

/// Brings a deleted account back as it was, mail included.
#[utoipa::path(
    post, path = "/api/v1/accounts/{account}/restore", tag = "accounts",
    operation_id = "account_restore",
    params(("account" = String, Path, description = "Its id or address")),
    responses(
        (status = 200, description = "The account", body = AccountView),
        (status = 404, description = "`no_such_account`"),
        (status = 409, description = "`account_being_erased`, `seats_used_up`"),
    ),
)]
pub(crate) async fn restore(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
) -> Result<Json<AccountView>, Problem> {
    let restored = services
        .db
        .write(Lane::Background, move |tx| {
            accounts::restore(tx, &actor, &account)
        })
        .await?;
    Ok(Json(restored.into()))
}
