//! `PATCH /api/v1/accounts/{account}`

use axum::extract::State;
use hikyaku_control::{
    AccountRef, Actor, ControlError,
    accounts::{self, WholeAccount},
    authenticate,
};
use hikyaku_db::{Lane, WriteTx};
use hikyaku_directory::{
    credentials,
    password::{PasswordHash, weaknesses},
};
use hikyaku_types::{Permission, Secret};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AccountView, Warning, fields::with_form};
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    problem::Problem,
    route::{Body, PathOf},
    services::Services,
};

with_form! {
    /// What to change; what is absent stays.
    #[schema(as = AccountChange)]
    Change {
        /// Sets the password; needs `credentials.reset` too.
        password: Option<String>,
        /// A legacy login id to register.
        add_login: Option<String>,
        /// A legacy login id to take away.
        remove_login: Option<String>,
    }
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
        (status = 412, description = ""),
    ),
)]
pub(crate) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    if_match: IfMatch,
    Body(mut change): Body<Change>,
) -> Result<Tagged<AccountView>, Problem> {
    let mut warnings = Vec::new();
    let mut hash = None;
    if let Some(password) = change.password.take() {
        let password = Secret::from(password);
        let (of, asking) = (account.clone(), std::sync::Arc::clone(&actor));
        let found = services
            .db
            .read(move |tx| of.find(tx, &asking, Permission::CredentialsReset));
        let address = found.await?.address;
        warnings = Warning::all(&weaknesses(&password, &address));
        let hashed = services.hashing.hash(password).await;
        hash = Some(hashed.map_err(|error| Problem::bad_field("password", error))?);
    }
    let wanted = accounts::Change {
        form: change.form(),
        add_login: change.add_login,
        remove_login: change.remove_login,
    };
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            let stale = |seen: &WholeAccount| {
                if_match.check(&AccountView::from(seen.clone()).representation())
            };
            let changed = accounts::change(tx, &actor, &account, &wanted, stale)?;
            if let Some(hash) = &hash {
                set_password(tx, &actor, &account, hash)?;
            }
            Ok::<_, ControlError>(changed)
        })
        .await?;
    let mut view = AccountView::from(changed);
    view.warnings = warnings;
    let representation = view.representation();
    Ok(Tagged::new(view, &representation))
}

/// Whoever can set the password of somebody has that person's rights.
fn set_password(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &AccountRef,
    hash: &PasswordHash,
) -> Result<(), ControlError> {
    let account = account.find(tx, actor, Permission::CredentialsReset)?;
    authenticate::must_cover(tx, actor, account.scope)?;
    credentials::set_password(tx, account.scope, hash)?;
    accounts::log_password(tx, actor, &account)
}
