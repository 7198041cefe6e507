//! `/api/v1/operation-log` and `/api/v1/me/access-log`: who did what.

mod export;
mod view;

use axum::{Json, extract::State};
use hikyaku_control::{ControlError, TenantRef, log, roles};
use hikyaku_oplog::{Anchor, Search, Verdict};
use hikyaku_types::Permission;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, QueryOf};
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
    timestamps,
};
use view::EntryView;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(search))
        .routes(routes!(verify))
        .routes(routes!(export::export))
        .routes(routes!(own_access))
}

/// What to look for. Everything that is given must be true of an entry.
#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LogQuery {
    /// A tenant's id or name; without it the own tenant's log, or the platform's own.
    tenant: Option<String>,
    /// Not before this instant (RFC 3339).
    since: Option<String>,
    /// Before this instant (RFC 3339).
    until: Option<String>,
    /// The id of the account or key that acted.
    actor: Option<String>,
    /// What was acted on: its kind and id, `account:123`.
    target: Option<String>,
    /// How the action begins: `account.`
    action: Option<String>,
    /// Words in names, action and reason, in any case and width.
    q: Option<String>,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    #[serde(skip_serializing)]
    cursor: Option<Cursor>,
    #[serde(default, skip_serializing)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

impl LogQuery {
    fn tenant(&self) -> Option<TenantRef> {
        self.tenant.as_deref().map(TenantRef::from)
    }

    fn search(&self) -> Result<Search, Problem> {
        let instant = |name: &'static str, text: &Option<String>| {
            let parsed = text.as_deref().map(timestamps::parse).transpose();
            parsed.map_err(|error| Problem::bad_parameter(name, error))
        };
        let target = match self.target.as_deref() {
            None => None,
            Some(text) => {
                let Some((kind, id)) = text.split_once(':') else {
                    let detail = "a target is a kind and an id: account:123";
                    return Err(Problem::bad_parameter("target", detail));
                };
                Some((kind.to_owned(), id.to_owned()))
            }
        };
        Ok(Search {
            since: instant("since", &self.since)?,
            until: instant("until", &self.until)?,
            actor: self.actor.clone(),
            target,
            action: self.action.clone(),
            text: self.q.clone(),
            shown_to: None,
            before: None,
            limit: self.limit.items(),
        })
    }
}

/// Searches the log, newest first. A page may show fewer entries than asked for, or none, and still
/// have a next one.
#[utoipa::path(
    get, path = "/api/v1/operation-log", tag = "operation-log",
    operation_id = "operation_log_search",
    params(LogQuery),
    responses(
        (status = 200, description = "A page", body = Page<EntryView>),
        (status = 400, description = "`bad_cursor`"),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn search(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<LogQuery>,
) -> Result<Json<Page<EntryView>>, Problem> {
    let list = ListName::of("operation_log", &query);
    let mut wanted = query.search()?;
    wanted.before = list.open(query.cursor.as_ref())?;
    let found = services.db.read(move |tx| {
        let seen = Permission::LogRead;
        let tenant = roles::whose(tx, &actor, query.tenant().as_ref(), seen)?;
        log::search(tx, &actor, tenant, &wanted)
    });
    let found = found.await?;
    Ok(Json(Page {
        items: found.entries.into_iter().map(EntryView::from).collect(),
        next: found.next.map(|last| list.seal(&last)),
    }))
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AccessQuery {
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists who acted as the owner of the own account, or read its mail, newest first.
#[utoipa::path(
    get, path = "/api/v1/me/access-log", tag = "me", operation_id = "me_access_log",
    params(AccessQuery),
    responses(
        (status = 200, description = "A page", body = Page<EntryView>),
        (status = 400, description = "`bad_cursor`"),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn own_access(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<AccessQuery>,
) -> Result<Json<Page<EntryView>>, Problem> {
    let list = ListName::of("access_log", &());
    let before: Option<i64> = list.open(query.cursor.as_ref())?;
    let limit = query.limit.items();
    let found = services
        .db
        .read(move |tx| log::own_access(tx, &actor, before, limit));
    let found = found.await?;
    Ok(Json(Page {
        items: found.entries.into_iter().map(EntryView::from).collect(),
        next: found.next.map(|last| list.seal(&last)),
    }))
}

/// A log to check.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperationLogVerify)]
pub(super) struct Verify {
    /// A tenant's id or name; without it the own tenant's log, or the platform's own.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    /// Number and hash of an entry that were noted elsewhere: `head` of an earlier answer.
    noted: Option<EntryMark>,
}

/// An entry by its number and hash.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryMark {
    seq: i64,
    hash: String,
}

/// What checking a log found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperationLogVerdict)]
pub(super) struct VerdictView {
    intact: bool,
    /// The number of the first entry that is kept.
    first: i64,
    /// Entries that were found right.
    checked: u64,
    /// The last entry, to be noted elsewhere: against somebody who can write the whole database
    /// only that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<EntryMark>,
    /// The number of the first entry that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_at: Option<i64>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

impl From<Verdict> for VerdictView {
    fn from(verdict: Verdict) -> Self {
        let mark = |anchor: Anchor| EntryMark {
            seq: anchor.seq,
            hash: anchor.hash,
        };
        Self {
            intact: verdict.broken.is_none(),
            first: verdict.first,
            checked: verdict.checked,
            head: verdict.head.map(mark),
            broken_at: verdict.broken.as_ref().map(|broken| broken.seq),
            fault: verdict.broken.map(|broken| broken.fault.to_string()),
        }
    }
}

/// Checks that nothing of a log was changed, removed before its time or put in another order.
#[utoipa::path(
    post, path = "/api/v1/operation-log/verify", tag = "operation-log",
    operation_id = "operation_log_verify",
    request_body = Verify,
    responses(
        (status = 200, description = "What was found", body = VerdictView),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn verify(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(verify): Body<Verify>,
) -> Result<Json<VerdictView>, Problem> {
    let chain = services.db.read(move |tx| {
        let seen = Permission::LogRead;
        let tenant = roles::whose(tx, &actor, verify.tenant.as_ref(), seen)?;
        log::chain(&actor, tenant)
    });
    let chain = chain
        .await
        .map_err(|error: ControlError| Problem::from(error))?;
    let noted = verify.noted.map(|mark| Anchor {
        seq: mark.seq,
        hash: mark.hash,
    });
    let verdict = hikyaku_oplog::verify(&services.db, chain, noted).await?;
    Ok(Json(verdict.into()))
}
