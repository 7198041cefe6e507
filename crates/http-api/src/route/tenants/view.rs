//! Tenants in answers.

use std::collections::BTreeMap;

use hikyaku_control::tenants as control;
use hikyaku_directory::{contracts, tenants};
use hikyaku_types::{OptionId, PlanId, TenantId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::timestamps;

/// Accounts of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeatsView {
    /// How many there are.
    used: u32,
    /// How many there may be; null: any number.
    max: Option<u32>,
}

impl From<contracts::Seats> for SeatsView {
    fn from(seats: contracts::Seats) -> Self {
        Self {
            used: seats.used,
            max: seats.max,
        }
    }
}

/// A tenant in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantView {
    #[schema(value_type = String)]
    id: TenantId,
    name: String,
    kana: String,
    customer_number: Option<String>,
    #[schema(value_type = super::Status)]
    status: String,
    language: String,
    time_zone: String,
    /// When the service begins or began.
    service_start_at: Option<String>,
    /// When the contract ends or ended.
    end_at: Option<String>,
    /// The name of its plan.
    plan: Option<String>,
    seats: SeatsView,
    /// How many domains it has.
    domains: u32,
    /// Milliseconds since 1970.
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl TenantView {
    fn of(
        tenant: tenants::Tenant,
        plan: Option<String>,
        seats: contracts::Seats,
        domains: u32,
    ) -> Self {
        Self {
            id: tenant.scope.tenant,
            name: tenant.name,
            kana: tenant.kana,
            customer_number: tenant.customer_number,
            status: tenant.status.to_string(),
            language: tenant.language.to_string(),
            time_zone: tenant.time_zone.as_str().to_owned(),
            service_start_at: tenant.standing.service_start_at.map(timestamps::show),
            end_at: tenant.standing.end_at.map(timestamps::show),
            plan,
            seats: seats.into(),
            domains,
            created_at: tenant.created_at,
        }
    }
}

impl From<tenants::Found> for TenantView {
    fn from(found: tenants::Found) -> Self {
        Self::of(found.tenant, found.plan, found.seats, found.domains)
    }
}

/// A tenant with its contract.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantDetail {
    #[serde(flatten)]
    tenant: TenantView,
    contract: ContractView,
    /// Whom to write to.
    #[schema(value_type = Object)]
    contact: contracts::Contact,
    /// How it is paid, for people.
    #[schema(value_type = Object)]
    payment: contracts::Payment,
    /// Further lines of the registration notice.
    labels: BTreeMap<String, String>,
    /// The operator's; empty for everybody else.
    notes: String,
}

/// What was agreed with a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContractView {
    /// Null: none, and every function.
    plan: Option<PlanView>,
    /// Accounts that were ordered, without packs; null: as many as the plan has.
    seats: Option<u32>,
    /// What is in force.
    #[schema(value_type = Object)]
    terms: hikyaku_directory::plans::Terms,
    options: Vec<ContractedView>,
    /// Days after the end in which everything stays and the contract can be resumed.
    grace_days: u16,
    /// From when on the data may be erased.
    erasable_at: Option<String>,
}

/// The plan of a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContractPlan)]
pub(crate) struct PlanView {
    #[schema(value_type = String)]
    id: PlanId,
    name: String,
    /// The revision that was applied.
    revision: u64,
    /// The revision that the plan has now.
    current_revision: u64,
}

/// An option of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContractedView {
    #[schema(value_type = String)]
    id: OptionId,
    code: String,
    name_ja: String,
    name_en: String,
    unit_ja: String,
    unit_en: String,
    price_label: String,
    packs: u32,
    max_packs: Option<u32>,
    since_at: String,
}

impl From<contracts::Contracted> for ContractedView {
    fn from(had: contracts::Contracted) -> Self {
        let option = had.option;
        Self {
            id: option.id,
            code: option.code,
            name_ja: option.name_ja,
            name_en: option.name_en,
            unit_ja: option.unit_ja,
            unit_en: option.unit_en,
            price_label: option.price_label,
            packs: had.packs,
            max_packs: option.max_packs,
            since_at: timestamps::show(had.since_at),
        }
    }
}

impl From<control::TenantView> for TenantDetail {
    fn from(view: control::TenantView) -> Self {
        let contract = view.contract;
        let plan = contract.plan.as_ref().map(|plan| plan.name.clone());
        Self {
            tenant: TenantView::of(view.tenant, plan, view.seats, view.domains),
            contract: ContractView {
                plan: contract.plan.map(|plan| PlanView {
                    id: plan.id,
                    name: plan.name,
                    revision: plan.revision,
                    current_revision: plan.current_revision,
                }),
                seats: contract.seats,
                terms: contract.terms,
                options: contract.options.into_iter().map(Into::into).collect(),
                grace_days: contract.grace_days,
                erasable_at: view.erasable_at.map(timestamps::show),
            },
            contact: contract.details.contact,
            payment: contract.details.payment,
            labels: contract.details.labels,
            notes: contract.details.notes,
        }
    }
}

impl TenantDetail {
    /// What of it may not change unnoticed: not the number of its accounts and domains, and not
    /// that its plan has a later revision.
    pub(super) fn representation(&self) -> Value {
        let mut value = json!(self);
        if let Some(fields) = value.as_object_mut() {
            fields.remove("seats");
            fields.remove("domains");
        }
        if let Some(plan) = value
            .pointer_mut("/contract/plan")
            .and_then(Value::as_object_mut)
        {
            plan.remove("current_revision");
        }
        value
    }
}

/// What a request says of contact, payment, labels and notes.
#[derive(Debug)]
pub(super) struct DetailsPatch {
    pub(super) contact: Option<Map<String, Value>>,
    pub(super) payment: Option<Map<String, Value>>,
    pub(super) labels: Option<Map<String, Value>>,
    pub(super) notes: Option<String>,
}
