//! `/api/v1/plans`

mod apply;
mod one;

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::plans as control;
use hikyaku_db::Lane;
use hikyaku_directory::plans::{NewPlan, Plan, Terms};
use hikyaku_types::{PlanId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, QueryOf};
use crate::{
    caller::Caller,
    merge::merged,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
    timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(presets))
        .routes(routes!(one::show, one::change, one::delete))
        .routes(routes!(one::clone))
        .routes(routes!(one::publish))
        .routes(routes!(one::retire))
        .routes(routes!(apply::apply))
}

/// A plan in answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
pub(super) struct PlanView {
    #[schema(value_type = String)]
    id: PlanId,
    name: String,
    /// `draft`, `published` or `retired`.
    status: String,
    /// Of the terms, from 1.
    revision: u64,
    description: String,
    price_label: String,
    /// What it promises.
    #[schema(value_type = Object)]
    terms: Terms,
    created_at: String,
    updated_at: String,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        let show = |at: Timestamp| timestamps::show(at);
        Self {
            id: plan.id,
            name: plan.name,
            status: plan.status.to_string(),
            revision: plan.revision,
            description: plan.description,
            price_label: plan.price_label,
            terms: plan.terms,
            created_at: show(plan.created_at),
            updated_at: show(plan.updated_at),
        }
    }
}

/// A plan to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanCreate)]
pub(super) struct Create {
    /// Unique without regard to case and width.
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    price_label: String,
    /// What differs from the default terms.
    #[serde(default)]
    #[schema(value_type = Object)]
    terms: Map<String, Value>,
}

/// Creates a plan as a draft.
#[utoipa::path(
    post, path = "/api/v1/plans", tag = "plans", operation_id = "plan_create",
    request_body = Create,
    responses(
        (status = 201, description = "The plan", body = PlanView),
        (status = 409, description = "`plan_exists`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<PlanView>), Problem> {
    let new = NewPlan {
        name: create.name,
        description: create.description,
        price_label: create.price_label,
        terms: merged("terms", &Terms::default(), &create.terms)?,
    };
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            control::create(tx, &actor, &new)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Which plans.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists plans by name.
#[utoipa::path(
    get, path = "/api/v1/plans", tag = "plans", operation_id = "plan_list",
    params(Query),
    responses((status = 200, description = "A page", body = Page<PlanView>)),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<PlanView>>, Problem> {
    let list = ListName::of("plans", &());
    let after: Option<String> = list.open(query.cursor.as_ref())?;
    let limit = query.limit;
    let found = services
        .db
        .read(move |tx| control::list(tx, &actor, after.as_deref(), limit.and_one()))
        .await?;
    let page = Page::cut(found, limit, |last| list.seal(&last.name));
    Ok(Json(page.map(PlanView::from)))
}

/// What was installed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanPresets)]
pub(super) struct Installed {
    /// Names of plans.
    plans: Vec<String>,
    /// Codes of options.
    options: Vec<String>,
}

/// Installs three plans to begin with, and a sample catalogue of options. What exists stays as it
/// is.
#[utoipa::path(
    post, path = "/api/v1/plans/presets", tag = "plans", operation_id = "plan_presets",
    responses((status = 200, description = "What was not there yet", body = Installed)),
)]
pub(super) async fn presets(
    State(services): State<Services>,
    Caller(actor): Caller,
) -> Result<Json<Installed>, Problem> {
    let installed = services
        .db
        .write(Lane::Background, move |tx| {
            control::install_presets(tx, &actor)
        })
        .await?;
    Ok(Json(Installed {
        plans: installed.plans,
        options: installed.options,
    }))
}
