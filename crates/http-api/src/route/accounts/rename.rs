//! `POST /api/v1/accounts/{account}/rename`

use axum::{Json, extract::State};
use hikyaku_control::{AccountRef, accounts};
use hikyaku_db::Lane;
use hikyaku_directory::accounts::OldAddress;
use hikyaku_types::EmailAddress;
use serde::Deserialize;
use utoipa::ToSchema;

use super::AccountView;
use crate::{
    caller::Caller,
    problem::Problem,
    route::{Body, PathOf},
    services::Services,
};

/// Another address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountRename)]
pub(crate) struct Rename {
    /// In any domain of the same tenant.
    #[schema(value_type = String)]
    address: EmailAddress,
    /// Whether the old address becomes an alias. True when nothing is said.
    #[serde(default = "yes")]
    keep_old_address: bool,
}

fn yes() -> bool {
    true
}

/// Gives an account another address.
///
/// The mail, the aliases, the login ids and the rights stay. The old address becomes an alias
/// unless it is to be free.
#[utoipa::path(
    post, path = "/api/v1/accounts/{account}/rename", tag = "accounts",
    operation_id = "account_rename",
    params(("account" = String, Path, description = "Its id or address")),
    request_body = Rename,
    responses(
        (status = 200, description = "The account", body = AccountView),
        (status = 404, description = "`no_such_account`, `no_such_domain`"),
        (status = 409, description = "`address_taken`"),
    ),
)]
pub(crate) async fn rename(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    Body(rename): Body<Rename>,
) -> Result<Json<AccountView>, Problem> {
    let old = if rename.keep_old_address {
        OldAddress::KeptAsAlias
    } else {
        OldAddress::Freed
    };
    let renamed = services
        .db
        .write(Lane::Background, move |tx| {
            accounts::rename(tx, &actor, &account, &rename.address, old)
        })
        .await?;
    Ok(Json(renamed.into()))
}
