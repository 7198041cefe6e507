//! `PATCH /api/v1/accounts/{address}`

use axum::{Json, extract::State};
use hikyaku_control::AccountRef;
use hikyaku_db::{Lane, WriteTx};
use hikyaku_directory::{
    AccountStatus,
    accounts::{self, Account, AccountChange},
    credentials, logins,
    password::{PasswordHash, weaknesses},
};
use hikyaku_mailstore::Quota;
use hikyaku_types::{ByteSize, Permission, Secret};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AccountView, Warning};
use crate::{
    caller::Caller,
    problem::Problem,
    provision::ProvisionError,
    route::{Body, PathOf},
    schema,
    services::Services,
};

/// What to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountChange)]
pub(crate) struct Change {
    name: Option<String>,
    #[schema(value_type = Option<schema::Size>)]
    quota_bytes: Option<ByteSize>,
    quota_messages: Option<u64>,
    pop: Option<bool>,
    imap: Option<bool>,
    smtp: Option<bool>,
    web: Option<bool>,
    status: Option<Status>,
    password: Option<String>,
    add_login: Option<String>,
    remove_login: Option<String>,
}

/// Whether the account works.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AccountStatus)]
enum Status {
    Active,
    Suspended,
}

/// Changes an account.
///
/// All changes of one request are made together or not at all.
#[utoipa::path(
    patch, path = "/api/v1/accounts/{account}", tag = "accounts", operation_id = "account_change",
    params(("account" = String, Path, description = "Its id or address")),
    request_body = Change,
    responses(
        (status = 200, description = "The account", body = AccountView),
        (status = 404, description = "`no_such_account`, `no_such_login`"),
        (status = 409, description = "`login_taken`"),
    ),
)]
pub(crate) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    Body(mut change): Body<Change>,
) -> Result<Json<AccountView>, Problem> {
    let mut warnings = Vec::new();
    let mut hash = None;
    if let Some(password) = change.password.take() {
        let password = Secret::from(password);
        let (of, asking) = (account.clone(), std::sync::Arc::clone(&actor));
        let found = services
            .db
            .read(move |tx| of.find(tx, &asking, Permission::AccountsWrite));
        let address = found.await?.address;
        warnings = Warning::all(&weaknesses(&password, &address));
        let hashed = services.hashing.hash(password).await;
        hash = Some(hashed.map_err(|error| Problem::bad_field("password", error))?);
    }
    let mut changed = services
        .db
        .write(Lane::Background, move |tx| {
            let write = Permission::AccountsWrite;
            let account = account.find(tx, &actor, write)?;
            apply(tx, &account, &change, hash.as_ref())
        })
        .await?;
    changed.warnings = warnings;
    Ok(Json(changed))
}

fn apply(
    tx: &WriteTx<'_>,
    account: &Account,
    change: &Change,
    hash: Option<&PasswordHash>,
) -> Result<AccountView, ProvisionError> {
    let scope = account.scope;
    accounts::update(tx, scope, &of_directory(account, change))?;
    if let Some(hash) = hash {
        credentials::set_password(tx, scope, hash)?;
    }
    if change.quota_bytes.is_some() || change.quota_messages.is_some() {
        let before = hikyaku_mailstore::accounts::usage(tx, scope)?.quota;
        let quota = Quota {
            bytes: change.quota_bytes.unwrap_or(before.bytes),
            messages: change.quota_messages.unwrap_or(before.messages),
        };
        hikyaku_mailstore::accounts::set_quota(tx, scope, quota)?;
    }
    if let Some(login) = &change.add_login {
        logins::register(tx, scope, login)?;
    }
    if let Some(login) = &change.remove_login {
        logins::remove(tx, scope, login)?;
    }
    AccountView::load(tx, scope)
}

fn of_directory(account: &Account, change: &Change) -> AccountChange {
    let mut access = account.access;
    access.pop = change.pop.unwrap_or(access.pop);
    access.imap = change.imap.unwrap_or(access.imap);
    access.smtp = change.smtp.unwrap_or(access.smtp);
    access.web = change.web.unwrap_or(access.web);
    AccountChange {
        name: change.name.clone(),
        status: change.status.map(|status| match status {
            Status::Active => AccountStatus::Active,
            Status::Suspended => AccountStatus::Suspended,
        }),
        access: Some(access),
        ..AccountChange::default()
    }
}
