//! `/api/v1/tenants/{tenant}`
#![expect(
    clippy::option_option,
    reason = "left out, null and given are three things"
)]

use axum::{Json, extract::State};
use hikyaku_control::{ControlError, TenantRef, tenants as control};
use hikyaku_db::Lane;
use hikyaku_directory::tenants::TenantChange;
use hikyaku_types::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{TenantDetail, view::DetailsPatch};
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    merge::given,
    problem::Problem,
    route::{Body, PathOf},
    services::Services,
    timestamps,
};

/// A tenant with its contract.
#[utoipa::path(
    get, path = "/api/v1/tenants/{tenant}", tag = "tenants", operation_id = "tenant_show",
    params(("tenant" = String, Path, description = "An id or a name")),
    responses(
        (status = 200, description = "The tenant", body = TenantDetail),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
) -> Result<Tagged<TenantDetail>, Problem> {
    let found = services
        .db
        .read(move |tx| control::show(tx, &actor, &tenant))
        .await?;
    Ok(tagged(found))
}

/// The terms in force of a tenant, as its consoles need them.
#[utoipa::path(
    get, path = "/api/v1/tenants/{tenant}/terms", tag = "tenants", operation_id = "tenant_terms",
    params(("tenant" = String, Path, description = "An id or a name")),
    responses(
        (status = 200, description = "The terms", body = Object),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn terms(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
) -> Result<Json<Value>, Problem> {
    let found = services
        .db
        .read(move |tx| control::terms(tx, &actor, &tenant))
        .await?;
    Ok(Json(serde_json::json!(found)))
}

/// What to change of a tenant. What is left out stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantChange)]
pub(super) struct Change {
    name: Option<String>,
    kana: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    customer_number: Option<Option<String>>,
    language: Option<String>,
    time_zone: Option<String>,
    /// When a prepared service begins (RFC 3339).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    service_start_at: Option<Option<String>>,
    /// When the contract ends (RFC 3339).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    end_at: Option<Option<String>>,
    /// Days after the end in which everything stays.
    grace_days: Option<u16>,
    #[schema(value_type = Option<Object>)]
    contact: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>)]
    payment: Option<Map<String, Value>>,
    /// Further lines of the registration notice, as a whole.
    #[schema(value_type = Option<Object>)]
    labels: Option<Map<String, Value>>,
    notes: Option<String>,
}

impl Change {
    fn change(&self) -> Result<TenantChange, Problem> {
        Ok(TenantChange {
            name: self.name.clone(),
            kana: self.kana.clone(),
            customer_number: self.customer_number.clone(),
            language: read("language", self.language.as_ref())?,
            time_zone: read("time_zone", self.time_zone.as_ref())?,
            service_start_at: instant("service_start_at", self.service_start_at.as_ref())?,
            end_at: instant("end_at", self.end_at.as_ref())?,
        })
    }

    fn details(self) -> DetailsPatch {
        DetailsPatch {
            contact: self.contact,
            payment: self.payment,
            labels: self.labels,
            notes: self.notes,
        }
    }
}

/// Changes a tenant.
#[utoipa::path(
    patch, path = "/api/v1/tenants/{tenant}", tag = "tenants", operation_id = "tenant_change",
    params(("tenant" = String, Path, description = "An id or a name")),
    request_body = Change,
    responses(
        (status = 200, description = "The tenant", body = TenantDetail),
        (status = 404, description = "`no_such_tenant`"),
        (status = 409, description = "`tenant_exists`, `customer_number_taken`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
    if_match: IfMatch,
    Body(body): Body<Change>,
) -> Result<Tagged<TenantDetail>, Problem> {
    let change = body.change()?;
    let grace_days = body.grace_days;
    let details = body.details();
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            control::change(tx, &actor, &tenant, |current| {
                let shown = TenantDetail::from(current.clone());
                if_match.check(&shown.representation())?;
                Ok::<_, ControlError>(control::TenantPatch {
                    change: change.clone(),
                    details: details.on(&current.contract.details)?,
                    grace_days,
                })
            })
        })
        .await?;
    Ok(tagged(changed))
}

/// An answer with its tag.
pub(super) fn tagged(view: control::TenantView) -> Tagged<TenantDetail> {
    let detail = TenantDetail::from(view);
    let representation = detail.representation();
    Tagged::new(detail, &representation)
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(
    field: &'static str,
    text: Option<&String>,
) -> Result<Option<T>, Problem> {
    let value = text.map(|text| text.parse()).transpose();
    value.map_err(|error| Problem::bad_field(field, error))
}

/// An instant that was given, be it null.
fn instant(
    field: &'static str,
    given: Option<&Option<String>>,
) -> Result<Option<Option<Timestamp>>, Problem> {
    let Some(given) = given else {
        return Ok(None);
    };
    let at = given.as_deref().map(timestamps::parse).transpose();
    at.map(Some)
        .map_err(|error| Problem::bad_field(field, error))
}
