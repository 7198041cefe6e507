//! The end of an account, and its return.

use axum::{Json, extract::State};
use hikyaku_control::ControlError;
use hikyaku_db::Lane;
use hikyaku_directory::{AccountScope, DirectoryError, accounts};
use hikyaku_types::{EmailAddress, Permission};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AccountView;
use crate::{
    caller::Caller,
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
    params(("account" = String, Path, description = "Its address"), How),
    responses(
        (status = 200, description = "It is gone", body = AccountDeleted),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(crate) async fn delete(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(address): PathOf<EmailAddress>,
    QueryOf(How { erase }): QueryOf<How>,
) -> Result<Json<AccountDeleted>, Problem> {
    let gone = address.clone();
    let scope = services
        .db
        .write(Lane::Background, move |tx| {
            let operator = actor.on_platform(Permission::AccountsWrite)?;
            let scope = match accounts::find_by_address(tx, operator, &gone) {
                Ok(account) => {
                    accounts::delete(tx, account.scope)?;
                    account.scope
                }
                Err(DirectoryError::NoSuchAccount(_)) if erase => {
                    accounts::find_deleted(tx, operator, &gone)?
                }
                Err(error) => return Err(error.into()),
            };
            if erase {
                accounts::begin_erasure(tx, scope)?;
            }
            Ok::<_, ControlError>(scope)
        })
        .await?;
    if erase {
        erase_now(&services, scope).await?;
    }
    Ok(Json(AccountDeleted {
        deleted: address,
        erased: erase,
    }))
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
#[utoipa::path(
    post, path = "/api/v1/accounts/{account}/restore", tag = "accounts",
    operation_id = "account_restore",
    params(("account" = String, Path, description = "Its address")),
    responses(
        (status = 200, description = "The account", body = AccountView),
        (status = 404, description = "`no_such_account`"),
        (status = 409, description = "`account_being_erased`"),
    ),
)]
pub(crate) async fn restore(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(address): PathOf<EmailAddress>,
) -> Result<Json<AccountView>, Problem> {
    let restored = services
        .db
        .write(Lane::Background, move |tx| {
            let operator = actor.on_platform(Permission::AccountsWrite)?;
            let scope = accounts::find_deleted(tx, operator, &address)?;
            accounts::restore(tx, scope)?;
            AccountView::load(tx, scope)
        })
        .await?;
    Ok(Json(restored))
}
