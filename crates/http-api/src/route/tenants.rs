//! `/api/v1/tenants`

mod one;
mod options;
mod plan;
mod registration;
mod status;
mod view;

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{PlanRef, tenants as control};
use hikyaku_db::Lane;
use hikyaku_directory::{
    contracts::OnExcess,
    tenants::{self, Begin, NewTenant, Order, TenantStatus},
};
use hikyaku_types::{PlanId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, QueryOf};
use crate::{
    caller::Caller,
    merge::merged,
    page::{Cursor, Direction, Limit, ListName, Page, Sort},
    problem::Problem,
    services::Services,
    timestamps,
};
pub(super) use plan::PlanPreview;
pub(super) use view::{TenantDetail, TenantView};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(one::show, one::change))
        .routes(routes!(one::terms))
        .routes(routes!(status::act))
        .routes(routes!(plan::set))
        .routes(routes!(registration::show))
        .routes(routes!(options::list))
        .routes(routes!(options::set))
}

/// A tenant to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantCreate)]
pub(super) struct Create {
    /// Unique without regard to case and width.
    name: String,
    /// How the name is read.
    #[serde(default)]
    kana: String,
    /// The operator's number for it, unique.
    customer_number: Option<String>,
    /// `preparing`: until `service_start_at`, or until it begins. Left out: in service at once,
    /// unless a start is given.
    status: Option<FirstStatus>,
    /// When a prepared service begins (RFC 3339).
    service_start_at: Option<String>,
    /// `ja` or `en`.
    language: Option<String>,
    /// An IANA name such as `Asia/Tokyo`.
    time_zone: Option<String>,
    /// Contact: person, kana, department, mail, phone, postal_code, postal_address.
    #[schema(value_type = Option<Object>)]
    contact: Option<Map<String, Value>>,
    /// Payment: method, start_month, period.
    #[schema(value_type = Option<Object>)]
    payment: Option<Map<String, Value>>,
    /// Further lines of the registration notice.
    #[schema(value_type = Option<Object>)]
    labels: Option<Map<String, Value>>,
    /// For the operator.
    notes: Option<String>,
    /// The id or name of its plan.
    plan: Option<String>,
    /// Accounts that it orders; left out: as many as the plan has.
    seats: Option<u32>,
}

/// How a tenant begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TenantFirstStatus)]
pub(super) enum FirstStatus {
    /// Prepared.
    Preparing,
    /// In service.
    Active,
}

impl Create {
    fn request(self) -> Result<control::TenantRequest, Problem> {
        let start = self.service_start_at.as_deref().map(timestamps::parse);
        let start = start.transpose();
        let until = start.map_err(|error| Problem::bad_field("service_start_at", error))?;
        let mut new = NewTenant::named(self.name);
        new.kana = self.kana;
        new.customer_number = self.customer_number;
        new.begin = match self.status {
            Some(FirstStatus::Active) | None if until.is_none() => Begin::AtOnce,
            Some(FirstStatus::Active) => {
                let detail = "a tenant that is active at once has no later start";
                return Err(Problem::bad_field("service_start_at", detail));
            }
            Some(FirstStatus::Preparing) | None => Begin::Prepared { until },
        };
        if let Some(language) = &self.language {
            let language = language.parse();
            new.language = language.map_err(|error| Problem::bad_field("language", error))?;
        }
        if let Some(zone) = &self.time_zone {
            let zone = zone.parse();
            new.time_zone = zone.map_err(|error| Problem::bad_field("time_zone", error))?;
        }
        if self.plan.is_none() && self.seats.is_some() {
            return Err(Problem::bad_field("seats", "seats are ordered with a plan"));
        }
        let patch = view::DetailsPatch {
            contact: self.contact,
            payment: self.payment,
            labels: self.labels,
            notes: self.notes,
        };
        Ok(control::TenantRequest {
            new,
            details: patch.on(&hikyaku_directory::contracts::Details::default())?,
            plan: self.plan.map(|plan| control::PlanRequest {
                plan: PlanRef::from(plan.as_str()),
                seats: self.seats,
                on_excess: OnExcess::Refuse,
            }),
        })
    }
}

/// Creates a tenant.
#[utoipa::path(
    post, path = "/api/v1/tenants", tag = "tenants", operation_id = "tenant_create",
    request_body = Create,
    responses(
        (status = 201, description = "The tenant", body = TenantDetail),
        (status = 404, description = "`no_such_plan`"),
        (status = 409, description = "`tenant_exists`, `customer_number_taken`, `plan_status`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<TenantDetail>), Problem> {
    let request = create.request()?;
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            control::create(tx, &actor, &request)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Which tenants.
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
    /// `name` or `created`, with `-` backwards.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    sort: Sort<TenantSort>,
    /// A part of name, reading or customer number.
    #[serde(default)]
    q: String,
    /// `preparing`, `active`, `suspended` or `terminated`.
    status: Option<Status>,
    /// The id of a plan.
    #[param(value_type = Option<String>)]
    plan: Option<PlanId>,
}

/// By what tenants are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TenantSort {
    /// The name.
    #[default]
    Name,
    /// When it was created.
    Created,
}

/// Whether a tenant's service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TenantStatus)]
pub(super) enum Status {
    /// Only administrators sign in; new mail waits at its senders.
    Preparing,
    /// In service.
    Active,
    /// Nobody signs in, new mail is refused.
    Suspended,
    /// The contract has ended.
    Terminated,
}

impl From<Status> for TenantStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Preparing => Self::Preparing,
            Status::Active => Self::Active,
            Status::Suspended => Self::Suspended,
            Status::Terminated => Self::Terminated,
        }
    }
}

/// Lists tenants. Who belongs to one sees that one.
#[utoipa::path(
    get, path = "/api/v1/tenants", tag = "tenants", operation_id = "tenant_list",
    params(Query),
    responses((status = 200, description = "A page", body = Page<TenantView>)),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<TenantView>>, Problem> {
    let list = ListName::of(
        "tenants",
        &(&query.sort, &query.q, query.status, query.plan),
    );
    let after: Option<TenantId> = list.open(query.cursor.as_ref())?;
    let limit = query.limit;
    let wanted = tenants::Query {
        order: match (query.sort.by, query.sort.direction) {
            (TenantSort::Name, Direction::Up) => Order::Name,
            (TenantSort::Name, Direction::Down) => Order::NameDown,
            (TenantSort::Created, Direction::Up) => Order::Created,
            (TenantSort::Created, Direction::Down) => Order::CreatedDown,
        },
        text: query.q,
        status: query.status.map(TenantStatus::from),
        plan: query.plan,
        after,
        limit: limit.and_one(),
    };
    let found = services
        .db
        .read(move |tx| control::list(tx, &actor, &wanted))
        .await?;
    let page = Page::cut(found, limit, |last| list.seal(&last.tenant.scope.tenant));
    Ok(Json(page.map(TenantView::from)))
}

/// What a patch of details makes of those that are there.
impl view::DetailsPatch {
    fn on(
        &self,
        current: &hikyaku_directory::contracts::Details,
    ) -> Result<Option<hikyaku_directory::contracts::Details>, hikyaku_control::ControlError> {
        let mut details = current.clone();
        if let Some(contact) = &self.contact {
            details.contact = merged("contact", &details.contact, contact)?;
        }
        if let Some(payment) = &self.payment {
            details.payment = merged("payment", &details.payment, payment)?;
        }
        if let Some(labels) = &self.labels {
            let labels = Value::Object(labels.clone());
            details.labels = serde_json::from_value(labels)
                .map_err(|error| hikyaku_control::ControlError::invalid("labels", error))?;
        }
        if let Some(notes) = &self.notes {
            details.notes.clone_from(notes);
        }
        Ok((details != *current).then_some(details))
    }
}
