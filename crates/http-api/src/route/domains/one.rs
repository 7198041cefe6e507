//! `/api/v1/domains/{domain}`
#![expect(
    clippy::option_option,
    reason = "left out, given as null and given are three things"
)]

use axum::{extract::State, http::StatusCode};
use hikyaku_control::{
    AccountRef, DomainRef,
    domains::{self as control, DomainPatch},
};
use hikyaku_db::Lane;
use hikyaku_directory::domains::{Found, Subaddressing};
use hikyaku_types::ByteSize;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::DomainView;
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    merge::given,
    problem::Problem,
    route::{Body, PathOf, QueryOf},
    schema::Size,
    services::Services,
};

/// One domain.
#[utoipa::path(
    get, path = "/api/v1/domains/{domain}", tag = "domains", operation_id = "domain_show",
    params(("domain" = String, Path, description = "An id or a name")),
    responses(
        (status = 200, description = "The domain", body = DomainView),
        (status = 404, description = "`no_such_domain`"),
    ),
)]
pub(in crate::route) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(domain): PathOf<DomainRef>,
) -> Result<Tagged<DomainView>, Problem> {
    let found = services
        .db
        .read(move |tx| control::show(tx, &actor, &domain))
        .await?;
    Ok(tagged(found))
}

/// What to change of a domain. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DomainChange)]
pub(in crate::route) struct Change {
    /// The account that gets mail to unknown addresses, by id or address; null: such mail is
    /// refused (T-036).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    catch_all: Option<Option<AccountRef>>,
    /// Whether `user+tag@` reaches `user@`.
    subaddressing: Option<bool>,
    /// The domain that it stands for, by id or name; null: itself.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    alias_of: Option<Option<DomainRef>>,
    /// The size of all its mailboxes; null: as the plan says. The operator's.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Size>)]
    mailbox_quota_bytes: Option<Option<ByteSize>>,
}

/// Changes a domain.
#[utoipa::path(
    patch, path = "/api/v1/domains/{domain}", tag = "domains", operation_id = "domain_change",
    params(("domain" = String, Path, description = "An id or a name")),
    request_body = Change,
    responses(
        (status = 200, description = "The domain", body = DomainView),
        (status = 404, description = "`no_such_domain`, `no_such_account`"),
        (status = 409, description = "`alias_domain`, `tier_not_possible`"),
        (status = 412, description = ""),
    ),
)]
pub(in crate::route) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(domain): PathOf<DomainRef>,
    if_match: IfMatch,
    Body(change): Body<Change>,
) -> Result<Tagged<DomainView>, Problem> {
    let patch = DomainPatch {
        catch_all: change.catch_all,
        subaddressing: change.subaddressing.map(Subaddressing::from),
        alias_of: change.alias_of,
        mailbox_quota: change.mailbox_quota_bytes,
    };
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            control::change(tx, &actor, &domain, &patch, |current| {
                if_match.check(&DomainView::from(current.clone()).representation())
            })
        })
        .await?;
    Ok(tagged(changed))
}

/// What shows that the right domain is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::route) struct Confirmation {
    /// The name of the domain.
    confirm_name: String,
}

/// Removes a domain that nothing belongs to.
#[utoipa::path(
    delete, path = "/api/v1/domains/{domain}", tag = "domains", operation_id = "domain_remove",
    params(("domain" = String, Path, description = "An id or a name"), Confirmation),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`no_such_domain`"),
        (status = 409, description = "`domain_not_empty`"),
    ),
)]
pub(in crate::route) async fn remove(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(domain): PathOf<DomainRef>,
    QueryOf(confirmation): QueryOf<Confirmation>,
) -> Result<StatusCode, Problem> {
    services
        .db
        .write(Lane::Background, move |tx| {
            control::remove(tx, &actor, &domain, &confirmation.confirm_name)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An answer with its tag.
pub(super) fn tagged(found: Found) -> Tagged<DomainView> {
    let view = DomainView::from(found);
    let representation = view.representation();
    Tagged::new(view, &representation)
}
