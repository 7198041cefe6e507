//! `/api/v1/aliases`, and where mail for an address goes.

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{
    AccountRef, ControlError, DomainRef,
    accounts::{WhereTo, where_to},
    aliases::{self, AliasFilter, AliasForm, NewTarget},
};
use hikyaku_db::Lane;
use hikyaku_directory::addresses::targets::{Alias as Found, AliasState, MaySend};
use hikyaku_types::{EmailAddress, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf, QueryOf};
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
    timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(show, change, delete))
        .routes(routes!(resolve))
}

/// An account that gets the mail of an alias.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AliasTarget)]
pub(super) struct Target {
    /// Its own address; in requests also its id.
    account: String,
    /// Whether it may send as the alias. True when nothing is said.
    #[serde(default = "yes")]
    may_send: bool,
}

fn yes() -> bool {
    true
}

/// An alias.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Alias {
    #[schema(value_type = String)]
    address: EmailAddress,
    /// The first of its targets; null when all of them are deleted.
    #[schema(value_type = Option<String>)]
    target: Option<EmailAddress>,
    targets: Vec<Target>,
    /// Whether it works; mail for one that does not is refused.
    enabled: bool,
    /// From when on it does not work any more.
    expires_at: Option<String>,
    note: String,
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl From<Found> for Alias {
    fn from(found: Found) -> Self {
        let targets: Vec<Target> = found
            .targets
            .iter()
            .map(|shown| Target {
                account: shown.address.to_string(),
                may_send: shown.target.may_send == MaySend::Yes,
            })
            .collect();
        Self {
            address: found.address,
            target: found.targets.into_iter().next().map(|first| first.address),
            targets,
            enabled: found.state == AliasState::Enabled,
            expires_at: found.expires_at.map(timestamps::show),
            note: found.note,
            created_at: found.created_at,
        }
    }
}

/// An alias to create: with `target` or `targets`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AliasCreate)]
pub(super) struct Create {
    #[schema(value_type = String)]
    address: EmailAddress,
    /// The only account that gets its mail.
    target: Option<String>,
    /// The accounts that get its mail.
    targets: Option<Vec<Target>>,
    enabled: Option<bool>,
    expires_at: Option<String>,
    note: Option<String>,
}

/// What to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AliasChange)]
#[expect(
    clippy::option_option,
    reason = "not given, given as null, and given are three things"
)]
pub(super) struct Change {
    /// All accounts that get its mail.
    targets: Option<Vec<Target>>,
    enabled: Option<bool>,
    /// Null: never.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    expires_at: Option<Option<String>>,
    note: Option<String>,
}

/// A field that is given, also as null.
#[expect(
    clippy::option_option,
    reason = "not given, given as null, and given are three things"
)]
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[expect(
    clippy::option_option,
    reason = "not given, given as null, and given are three things"
)]
fn form(
    targets: Option<Vec<Target>>,
    enabled: Option<bool>,
    expires_at: Option<Option<String>>,
    note: Option<String>,
) -> Result<AliasForm, Problem> {
    let to = |target: Target| NewTarget {
        account: AccountRef::from(target.account.as_str()),
        may_send: target.may_send.into(),
    };
    let parse = |text: String| {
        timestamps::parse(&text).map_err(|error| Problem::bad_field("expires_at", error))
    };
    Ok(AliasForm {
        targets: targets.map(|targets| targets.into_iter().map(to).collect()),
        state: enabled.map(AliasState::from),
        expires_at: expires_at.map(|at| at.map(parse).transpose()).transpose()?,
        note,
    })
}

/// Creates an alias.
///
/// An address that exists already cannot be an alias: its mail is forwarded instead (T-035).
#[utoipa::path(
    post, path = "/api/v1/aliases", tag = "aliases", operation_id = "alias_create",
    request_body = Create,
    responses(
        (status = 201, description = "The alias", body = Alias),
        (status = 400, description = "`alias_target_unknown`"),
        (status = 404, description = "`no_such_domain`"),
        (status = 409, description = "`address_taken`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<Alias>), Problem> {
    let targets = match (create.target, create.targets) {
        (Some(account), None) => vec![Target {
            account,
            may_send: true,
        }],
        (None, Some(targets)) => targets,
        _ => {
            let detail = "give one \"target\" or a list of \"targets\"";
            return Err(Problem::bad_field("targets", detail));
        }
    };
    let expires_at = create.expires_at.map(Some);
    let form = form(Some(targets), create.enabled, expires_at, create.note)?;
    let address = create.address;
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            aliases::create(tx, &actor, &address, &form)
        })
        .await
        .map_err(explained)?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// An address that exists needs forwarding, not an alias (T-035): the answer says so.
fn explained(error: ControlError) -> Problem {
    let mut problem = Problem::from(error);
    if problem.code == "address_taken" {
        problem
            .detail
            .push_str("; to send its mail on, set up forwarding for it instead of an alias");
    }
    problem
}

/// Which aliases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only those in this domain: an id or a name.
    #[param(value_type = Option<String>)]
    domain: Option<DomainRef>,
    /// Only those of this account: an id or an address.
    #[param(value_type = Option<String>)]
    account: Option<AccountRef>,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists aliases by address.
#[utoipa::path(
    get, path = "/api/v1/aliases", tag = "aliases", operation_id = "alias_list",
    params(Query),
    responses(
        (status = 200, description = "A page", body = Page<Alias>),
        (status = 404, description = "`no_such_domain`, `no_such_account`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<Alias>>, Problem> {
    let named = (
        query.domain.as_ref().map(ToString::to_string),
        query.account.as_ref().map(ToString::to_string),
    );
    let list = ListName::of("aliases", &named);
    let after: Option<EmailAddress> = list.open(query.cursor.as_ref())?;
    let filter = AliasFilter {
        domain: query.domain,
        account: query.account,
    };
    let limit = query.limit;
    let found = services
        .db
        .read(move |tx| aliases::list(tx, &actor, &filter, (after.as_ref(), limit.and_one())))
        .await?;
    let page = Page::cut(found, limit, |last| list.seal(&last.address));
    Ok(Json(page.map(Into::into)))
}

/// Shows an alias.
#[utoipa::path(
    get, path = "/api/v1/aliases/{address}", tag = "aliases", operation_id = "alias_show",
    params(("address" = String, Path, description = "The alias")),
    responses(
        (status = 200, description = "The alias", body = Alias),
        (status = 404, description = "`no_such_alias`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(address): PathOf<EmailAddress>,
) -> Result<Tagged<Alias>, Problem> {
    let found = services
        .db
        .read(move |tx| aliases::show(tx, &actor, &address))
        .await?;
    Ok(Tagged::whole(found.into()))
}

/// Changes an alias.
#[utoipa::path(
    patch, path = "/api/v1/aliases/{address}", tag = "aliases", operation_id = "alias_change",
    params(("address" = String, Path, description = "The alias")),
    request_body = Change,
    responses(
        (status = 200, description = "The alias", body = Alias),
        (status = 400, description = "`alias_target_unknown`"),
        (status = 404, description = "`no_such_alias`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(address): PathOf<EmailAddress>,
    if_match: IfMatch,
    Body(change): Body<Change>,
) -> Result<Tagged<Alias>, Problem> {
    let form = form(
        change.targets,
        change.enabled,
        change.expires_at,
        change.note,
    )?;
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            let stale = |seen: &Found| if_match.check(&Alias::from(seen.clone()));
            aliases::change(tx, &actor, (&address, &form), stale)
        })
        .await?;
    Ok(Tagged::whole(changed.into()))
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AliasDeleted {
    #[schema(value_type = String)]
    deleted: EmailAddress,
}

/// Deletes an alias.
#[utoipa::path(
    delete, path = "/api/v1/aliases/{address}", tag = "aliases", operation_id = "alias_delete",
    params(("address" = String, Path, description = "The alias")),
    responses(
        (status = 200, description = "It is gone", body = AliasDeleted),
        (status = 404, description = "`no_such_alias`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn delete(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(address): PathOf<EmailAddress>,
    if_match: IfMatch,
) -> Result<Json<AliasDeleted>, Problem> {
    let gone = address.clone();
    services
        .db
        .write(Lane::Background, move |tx| {
            let stale = |seen: &Found| if_match.check(&Alias::from(seen.clone()));
            aliases::delete(tx, &actor, &gone, stale)
        })
        .await?;
    Ok(Json(AliasDeleted { deleted: address }))
}

/// An address to look up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressToResolve {
    #[schema(value_type = String)]
    address: EmailAddress,
}

/// Where mail for an address goes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddressWay {
    #[schema(value_type = String)]
    address: EmailAddress,
    /// `account`, `alias`, `subaddress`, `catch_all`, `postmaster`, `unknown` (refused), or
    /// `elsewhere` (another host).
    way: &'static str,
    targets: Vec<AddressTarget>,
}

/// An account that gets mail for an address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddressTarget {
    #[schema(value_type = String)]
    account: EmailAddress,
    /// `open`, `account_suspended`, `discarded`, `tenant_suspended`.
    receiving: &'static str,
}

/// Says where mail for an address would go.
#[utoipa::path(
    post, path = "/api/v1/addresses/resolve", tag = "aliases", operation_id = "address_resolve",
    request_body = AddressToResolve,
    responses(
        (status = 200, description = "The way", body = AddressWay),
        (status = 404, description = "`no_such_domain`"),
    ),
)]
pub(super) async fn resolve(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(AddressToResolve { address }): Body<AddressToResolve>,
) -> Result<Json<AddressWay>, Problem> {
    let asked = address.clone();
    let found = services
        .db
        .read(move |tx| where_to(tx, &actor, &asked))
        .await?;
    let (way, targets) = match found {
        WhereTo::Accounts { by, targets } => (by, targets),
        WhereTo::Unknown => ("unknown", Vec::new()),
        WhereTo::Elsewhere => ("elsewhere", Vec::new()),
    };
    let targets = targets
        .into_iter()
        .map(|(account, receiving)| AddressTarget { account, receiving })
        .collect();
    Ok(Json(AddressWay {
        address,
        way,
        targets,
    }))
}
