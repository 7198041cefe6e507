//! `/api/v1/tenants/{tenant}/plan`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use hikyaku_control::{PlanRef, TenantRef, tenants as control};
use hikyaku_db::Lane;
use hikyaku_directory::contracts::{self, OnExcess};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::TenantDetail;
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    problem::Problem,
    route::{Body, PathOf, QueryOf},
    services::Services,
};

/// A plan for a tenant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantPlan)]
pub(super) struct Wanted {
    /// The id or name of the plan.
    plan: String,
    /// Accounts that are ordered, without packs; left out: as many as the plan has.
    seats: Option<u32>,
    /// Apply it although the tenant has more than it allows: what is there stays.
    #[serde(default)]
    accept_exceeded: bool,
}

/// Whether to look only.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// `true`: change nothing, and tell what would differ.
    #[serde(default)]
    preview: bool,
}

/// The tenant as it is then, or what would differ.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = TenantPlanAnswer)]
#[expect(
    clippy::large_enum_variant,
    reason = "one of them is made and written at once"
)]
pub(super) enum Outcome {
    /// Applied.
    Tenant(TenantDetail),
    /// Only looked.
    Preview(PlanPreview),
}

/// What a change of plan does to one tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanPreview {
    differences: Vec<DifferenceView>,
    /// What the tenant has more than it would be allowed.
    exceeded: Vec<ExceededView>,
}

/// One term that differs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    /// The field of the terms.
    field: String,
    /// What is in force.
    #[schema(value_type = Object)]
    before: Value,
    /// What will be.
    #[schema(value_type = Object)]
    after: Value,
}

/// Something of which there is too much.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExceededView {
    /// `seats`, `max_domains`, or the word of a feature.
    what: String,
    used: u64,
    allowed: u64,
}

impl From<contracts::Preview> for PlanPreview {
    fn from(preview: contracts::Preview) -> Self {
        let differences = preview.differences.into_iter().map(|term| DifferenceView {
            field: term.field,
            before: term.before,
            after: term.after,
        });
        let exceeded = preview.exceeded.into_iter().map(|one| ExceededView {
            what: one.what,
            used: one.used,
            allowed: one.allowed,
        });
        Self {
            differences: differences.collect(),
            exceeded: exceeded.collect(),
        }
    }
}

/// Gives a tenant a plan, a later revision of its own, or another number of seats.
#[utoipa::path(
    put, path = "/api/v1/tenants/{tenant}/plan", tag = "tenants", operation_id = "tenant_plan",
    params(("tenant" = String, Path, description = "An id or a name"), Query),
    request_body = Wanted,
    responses(
        (status = 200, description = "The tenant; with `preview=true` what would differ",
            body = Outcome),
        (status = 404, description = "`no_such_tenant`, `no_such_plan`"),
        (status = 409, description = "`plan_status`, `plan_exceeded`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn set(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
    QueryOf(query): QueryOf<Query>,
    if_match: IfMatch,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    let request = control::PlanRequest {
        plan: PlanRef::from(wanted.plan.as_str()),
        seats: wanted.seats,
        on_excess: if wanted.accept_exceeded {
            OnExcess::Accept
        } else {
            OnExcess::Refuse
        },
    };
    if query.preview {
        let preview = services
            .db
            .read(move |tx| control::preview_plan(tx, &actor, &tenant, &request))
            .await?;
        return Ok(Json(Outcome::Preview(preview.into())).into_response());
    }
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            control::set_plan(tx, &actor, &tenant, &request, |current| {
                if_match.check(&TenantDetail::from(current.clone()).representation())
            })
        })
        .await?;
    let detail = TenantDetail::from(changed);
    let representation = detail.representation();
    Ok(Tagged::new(Outcome::Tenant(detail), &representation).into_response())
}
