//! Which problem each refusal of contracts, plans, options and domains is.

use axum::http::StatusCode;
use hikyaku_directory::DirectoryError;

use super::Problem;

/// The status and the code, where the error is one of these.
pub(super) fn code(error: &DirectoryError) -> Option<(StatusCode, &'static str)> {
    use DirectoryError as E;
    let (conflict, missing) = (StatusCode::CONFLICT, StatusCode::NOT_FOUND);
    Some(match error {
        E::CustomerNumberTaken(_) => (conflict, "customer_number_taken"),
        E::TenantMove { .. } => (conflict, "tenant_status"),
        E::PlanNameTaken(_) => (conflict, "plan_exists"),
        E::NoSuchPlan(_) => (missing, "no_such_plan"),
        E::PlanStatus { .. } => (conflict, "plan_status"),
        E::PlanInUse(_) => (conflict, "plan_in_use"),
        E::NotContracted(_) => (StatusCode::FORBIDDEN, "not_contracted"),
        E::OptionTaken(_) => (conflict, "option_exists"),
        E::NoSuchOption(_) => (missing, "no_such_option"),
        E::OptionInUse(_) => (conflict, "option_in_use"),
        E::OptionRetired(_) => (conflict, "option_retired"),
        E::OptionNeeds { .. } => (conflict, "option_needs"),
        E::TooManyPacks { .. } => (conflict, "too_many_packs"),
        E::NoPlan => (conflict, "no_plan"),
        E::SeatsUsedUp { .. } => (conflict, "seats_used_up"),
        E::DomainsUsedUp { .. } => (conflict, "domains_used_up"),
        E::Exceeded(_) => (conflict, "plan_exceeded"),
        E::NoSuchDomainId(_) => (missing, "no_such_domain"),
        E::DomainIsAlias(_) => (conflict, "domain_is_alias"),
        E::AliasDomain { .. } => (conflict, "alias_domain"),
        E::DomainNotEmpty { .. } => (conflict, "domain_not_empty"),
        E::TierNotPossible(_) => (conflict, "tier_not_possible"),
        _ => return None,
    })
}

/// The problem of a field, where the error is one.
pub(super) fn field(error: &DirectoryError) -> Option<Problem> {
    use DirectoryError as E;
    Some(match error {
        E::Terms(terms) => Problem::bad_pointer(format!("/terms/{}", terms.field), &terms.detail),
        E::OptionInvalid { field, detail } => Problem::bad_field(field, detail),
        E::SeatsNotSold(detail) => Problem::bad_field("seats", detail),
        E::EndInPast => Problem::bad_field("end_at", error),
        E::GraceTooLong => Problem::bad_field("grace_days", error),
        E::TooManyLabels => Problem::bad_field("labels", error),
        _ => return None,
    })
}
