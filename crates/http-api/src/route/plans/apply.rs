//! `/api/v1/plans/{plan}/apply`

use axum::{Json, extract::State};
use hikyaku_control::{
    PlanRef, TenantRef,
    plans::{self as control, MAX_APPLIED_AT_ONCE, Outcome},
};
use hikyaku_db::Lane;
use hikyaku_directory::contracts::OnExcess;
use hikyaku_types::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    caller::Caller,
    page::{Cursor, ListName, Page},
    problem::Problem,
    route::{Body, PathOf, QueryOf, tenants::PlanPreview},
    services::Services,
};

/// To whom a plan is applied.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanApply)]
pub(in crate::route) struct Wanted {
    /// The id or name of one tenant that has the plan; left out: all that have it, 100 at a time.
    tenant: Option<String>,
    /// Also where a tenant has more than the plan allows: what is there stays.
    #[serde(default)]
    accept_exceeded: bool,
}

/// Where to begin, and whether to look only.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::route) struct Query {
    /// `next` of the answer before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// `true`: change nothing, and tell what would differ.
    #[serde(default)]
    preview: bool,
}

/// What became of one tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanApplied)]
pub(in crate::route) struct Applied {
    #[schema(value_type = String)]
    tenant: TenantId,
    name: String,
    /// `previewed`, `applied`, or `refused` for one that has more than the plan allows.
    outcome: &'static str,
    #[serde(flatten)]
    preview: PlanPreview,
}

impl From<control::Applied> for Applied {
    fn from(one: control::Applied) -> Self {
        Self {
            tenant: one.tenant,
            name: one.name,
            outcome: match one.outcome {
                Outcome::Previewed => "previewed",
                Outcome::Applied => "applied",
                Outcome::Refused => "refused",
            },
            preview: one.preview.into(),
        }
    }
}

/// Applies the present revision of a plan to tenants that have it. Up to 100 at a time: send the
/// request again with `cursor` until there is no `next`.
#[utoipa::path(
    post, path = "/api/v1/plans/{plan}/apply", tag = "plans", operation_id = "plan_apply",
    params(("plan" = String, Path, description = "An id or a name"), Query),
    request_body = Wanted,
    responses(
        (status = 200, description = "What became of each", body = Page<Applied>),
        (status = 404, description = "`no_such_plan`, `no_such_tenant`"),
        (status = 409, description = "`plan_of_other`"),
    ),
)]
pub(in crate::route) async fn apply(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(plan): PathOf<PlanRef>,
    QueryOf(query): QueryOf<Query>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Page<Applied>>, Problem> {
    let list = ListName::of("plan_apply", &());
    let after: Option<TenantId> = list.open(query.cursor.as_ref())?;
    let only = wanted.tenant.as_deref().map(TenantRef::from);
    let on_excess = match (query.preview, wanted.accept_exceeded) {
        (true, _) => None,
        (false, true) => Some(OnExcess::Accept),
        (false, false) => Some(OnExcess::Refuse),
    };
    let results = services
        .db
        .write(Lane::Background, move |tx| {
            control::apply(tx, &actor, &plan, only.as_ref(), after, on_excess)
        })
        .await?;
    let full = results.len() >= MAX_APPLIED_AT_ONCE as usize;
    let last = results.last().filter(|_| full);
    Ok(Json(Page {
        next: last.map(|last| list.seal(&last.tenant)),
        items: results.into_iter().map(Applied::from).collect(),
    }))
}
