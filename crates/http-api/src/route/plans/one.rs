//! `/api/v1/plans/{plan}`

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{Actor, PlanRef, plans as control};
use hikyaku_db::Lane;
use hikyaku_directory::plans::{PlanChange, PlanStatus};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;

use super::PlanView;
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    merge::merged,
    problem::Problem,
    route::{Body, PathOf},
    services::Services,
};

/// One plan.
#[utoipa::path(
    get, path = "/api/v1/plans/{plan}", tag = "plans", operation_id = "plan_show",
    params(("plan" = String, Path, description = "An id or a name")),
    responses(
        (status = 200, description = "The plan", body = PlanView),
        (status = 404, description = "`no_such_plan`"),
    ),
)]
pub(in crate::route) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(plan): PathOf<PlanRef>,
) -> Result<Tagged<PlanView>, Problem> {
    let found = services
        .db
        .read(move |tx| control::show(tx, &actor, &plan))
        .await?;
    Ok(Tagged::whole(found.into()))
}

/// What to change of a plan. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanChange)]
pub(in crate::route) struct Change {
    name: Option<String>,
    description: Option<String>,
    price_label: Option<String>,
    /// The terms that change; objects in them are merged.
    #[schema(value_type = Option<Object>)]
    terms: Option<Map<String, Value>>,
}

/// Changes a plan. The contracts of tenants stay as they are until it is applied.
#[utoipa::path(
    patch, path = "/api/v1/plans/{plan}", tag = "plans", operation_id = "plan_change",
    params(("plan" = String, Path, description = "An id or a name")),
    request_body = Change,
    responses(
        (status = 200, description = "The plan", body = PlanView),
        (status = 404, description = "`no_such_plan`"),
        (status = 409, description = "`plan_exists`"),
        (status = 412, description = ""),
    ),
)]
pub(in crate::route) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(plan): PathOf<PlanRef>,
    if_match: IfMatch,
    Body(change): Body<Change>,
) -> Result<Tagged<PlanView>, Problem> {
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            control::change(tx, &actor, &plan, |current| {
                if_match.check(&PlanView::from(current.clone()))?;
                let terms = change.terms.as_ref();
                let terms = terms.map(|patch| merged("terms", &current.terms, patch));
                Ok(PlanChange {
                    name: change.name.clone(),
                    description: change.description.clone(),
                    price_label: change.price_label.clone(),
                    terms: terms.transpose()?,
                })
            })
        })
        .await?;
    Ok(Tagged::whole(changed.into()))
}

/// Removes a plan that no tenant has.
#[utoipa::path(
    delete, path = "/api/v1/plans/{plan}", tag = "plans", operation_id = "plan_delete",
    params(("plan" = String, Path, description = "An id or a name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`no_such_plan`"),
        (status = 409, description = "`plan_in_use`"),
    ),
)]
pub(in crate::route) async fn delete(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(plan): PathOf<PlanRef>,
) -> Result<StatusCode, Problem> {
    services
        .db
        .write(Lane::Background, move |tx| {
            control::delete(tx, &actor, &plan)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The name of a copy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanClone)]
pub(in crate::route) struct Copy {
    name: String,
}

/// Makes a draft of a plan under another name.
#[utoipa::path(
    post, path = "/api/v1/plans/{plan}/clone", tag = "plans", operation_id = "plan_clone",
    params(("plan" = String, Path, description = "An id or a name")),
    request_body = Copy,
    responses(
        (status = 201, description = "The copy", body = PlanView),
        (status = 404, description = "`no_such_plan`"),
        (status = 409, description = "`plan_exists`"),
    ),
)]
pub(in crate::route) async fn clone(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(plan): PathOf<PlanRef>,
    Body(copy): Body<Copy>,
) -> Result<(StatusCode, Json<PlanView>), Problem> {
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            control::clone(tx, &actor, &plan, &copy.name)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Publishes a plan: from now on tenants can have it.
#[utoipa::path(
    post, path = "/api/v1/plans/{plan}/publish", tag = "plans", operation_id = "plan_publish",
    params(("plan" = String, Path, description = "An id or a name")),
    responses(
        (status = 200, description = "The plan", body = PlanView),
        (status = 404, description = "`no_such_plan`"),
    ),
)]
pub(in crate::route) async fn publish(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(plan): PathOf<PlanRef>,
) -> Result<Tagged<PlanView>, Problem> {
    set(&services, actor, plan, PlanStatus::Published).await
}

/// Retires a plan: who has it keeps it, and nobody else gets it.
#[utoipa::path(
    post, path = "/api/v1/plans/{plan}/retire", tag = "plans", operation_id = "plan_retire",
    params(("plan" = String, Path, description = "An id or a name")),
    responses(
        (status = 200, description = "The plan", body = PlanView),
        (status = 404, description = "`no_such_plan`"),
    ),
)]
pub(in crate::route) async fn retire(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(plan): PathOf<PlanRef>,
) -> Result<Tagged<PlanView>, Problem> {
    set(&services, actor, plan, PlanStatus::Retired).await
}

async fn set(
    services: &Services,
    actor: Arc<Actor>,
    plan: PlanRef,
    status: PlanStatus,
) -> Result<Tagged<PlanView>, Problem> {
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            control::set_status(tx, &actor, &plan, status)
        })
        .await?;
    Ok(Tagged::whole(changed.into()))
}
