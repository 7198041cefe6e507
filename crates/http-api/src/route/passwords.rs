//! `/api/v1/accounts/{account}/password`, `…/security`, `…/unlock`: how others sign in (T-028).

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_access::policy::{Judgement, MainPassword};
use hikyaku_control::{
    AccountRef,
    credentials::{self, Security},
};
use hikyaku_db::Lane;
use hikyaku_directory::{Language, credentials::MustChange};
use hikyaku_types::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf};
use crate::{caller::Caller, problem::Problem, services::Services, timestamps};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(set))
        .routes(routes!(security, change_security))
        .routes(routes!(unlock))
}

/// A password to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountPassword)]
pub(super) struct Set {
    password: String,
    /// Whether its owner has to choose another one at the next sign-in in a browser; until then it
    /// opens nothing else. Default yes.
    #[serde(default = "yes")]
    must_change: bool,
}

const fn yes() -> bool {
    true
}

/// What is to be said of the password that was set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasswordJudgement)]
pub(super) struct JudgementView {
    /// From 0 to 4.
    score: u8,
    /// `very_weak`, `weak`, `fair`, `strong`, `very_strong`.
    strength: &'static str,
    /// What the policy says against it, where it was taken all the same: at the console.
    warnings: Vec<FaultView>,
}

/// Why a password does not fit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasswordFault)]
pub(super) struct FaultView {
    /// `password_short`, `password_long`, `password_not_half_width`, `password_few_classes`,
    /// `password_like_login`, `password_guessable`.
    code: &'static str,
    ja: String,
    en: String,
}

impl From<Judgement> for JudgementView {
    fn from(judged: Judgement) -> Self {
        let faults = judged.faults.iter().map(|fault| FaultView {
            code: fault.code(),
            ja: fault.text(Language::Ja),
            en: fault.text(Language::En),
        });
        Self {
            score: judged.strength.score(),
            strength: judged.strength.code(),
            warnings: faults.collect(),
        }
    }
}

/// Sets the password of an account. All its sessions end, and its owner is told.
#[utoipa::path(
    put, path = "/api/v1/accounts/{account}/password", tag = "accounts",
    operation_id = "account_password_set", params(("account" = String, Path)),
    request_body = Set,
    responses(
        (status = 200, description = "How good it is", body = JudgementView),
        (status = 400, description = "`bad_field`: it does not fit the tenant's policy"),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn set(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    Body(set): Body<Set>,
) -> Result<Json<JudgementView>, Problem> {
    let password = Secret::from(set.password);
    let (who, whose) = (actor.clone(), account.clone());
    let rules = services
        .db
        .read(move |tx| credentials::rules(tx, &who, &whose))
        .await?;
    let judged = rules.check(&password)?;
    let hash = services.hashing.hash(password).await;
    let hash = hash.map_err(|error| Problem::bad_field("password", error))?;
    let must_change = if set.must_change {
        MustChange::AtNextSignIn
    } else {
        MustChange::No
    };
    services
        .db
        .write(Lane::Background, move |tx| {
            credentials::set_password(tx, &actor, &account, &hash, must_change)
        })
        .await?;
    Ok(Json(judged.into()))
}

/// How somebody may sign in, and what stands against it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountSecurity)]
pub(super) struct SecurityView {
    /// Since when a second factor is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    second_factor_at: Option<String>,
    /// The account's own rule for the main password at mail programs: `until_second_factor`,
    /// `always`, `never`; absent: the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    main_password: Option<&'static str>,
    /// Until when too many failures lock the main password; may be past.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_until_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_changed_at: Option<String>,
    /// Within ten minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    password_used_at: Option<String>,
    must_change: bool,
}

impl From<Security> for SecurityView {
    fn from(security: Security) -> Self {
        Self {
            second_factor_at: security.account.second_factor_at.map(timestamps::show),
            main_password: security.account.main_password.map(MainPassword::word),
            locked_until_at: security.account.locked_until.map(timestamps::show),
            password_changed_at: security.password_changed_at.map(timestamps::show),
            password_used_at: security.password_used_at.map(timestamps::show),
            must_change: security.must_change,
        }
    }
}

/// Shows how an account may sign in.
#[utoipa::path(
    get, path = "/api/v1/accounts/{account}/security", tag = "accounts",
    operation_id = "account_security_show", params(("account" = String, Path)),
    responses(
        (status = 200, description = "How it may sign in", body = SecurityView),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn security(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
) -> Result<Json<SecurityView>, Problem> {
    let found = services
        .db
        .read(move |tx| credentials::security_of(tx, &actor, &account))
        .await?;
    Ok(Json(found.into()))
}

/// The rule for an account's main password at mail programs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountSecurityChange)]
pub(super) struct ChangeSecurity {
    /// `until_second_factor`, `always`, `never`; null: the tenant's rule.
    #[schema(value_type = Option<String>)]
    main_password: Option<MainPassword>,
}

/// Gives an account a rule of its own for its main password, or the tenant's again.
#[utoipa::path(
    put, path = "/api/v1/accounts/{account}/security", tag = "accounts",
    operation_id = "account_security_change", params(("account" = String, Path)),
    request_body = ChangeSecurity,
    responses(
        (status = 200, description = "How it may sign in now", body = SecurityView),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn change_security(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    Body(change): Body<ChangeSecurity>,
) -> Result<Json<SecurityView>, Problem> {
    let rule = change.main_password;
    let now = services
        .db
        .write(Lane::Background, move |tx| {
            credentials::set_main_password_rule(tx, &actor, &account, rule)
        })
        .await?;
    Ok(Json(now.into()))
}

/// Ends the lock that too many failures made; nothing happens where there is none.
#[utoipa::path(
    post, path = "/api/v1/accounts/{account}/unlock", tag = "accounts",
    operation_id = "account_unlock", params(("account" = String, Path)),
    responses(
        (status = 204, description = "It is not locked"),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn unlock(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
) -> Result<StatusCode, Problem> {
    services
        .db
        .write(Lane::Background, move |tx| {
            credentials::unlock(tx, &actor, &account)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
