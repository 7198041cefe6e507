//! `/api/v1/tenants/{tenant}/registration-notice`: what a customer is told about the contract, as
//! data and as a page to print (O-011, K-61).

mod page;
mod words;

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::{
        HeaderName, HeaderValue,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use hikyaku_control::{TenantRef, registration as control};
use hikyaku_directory::{Language, contracts, plans::Terms};
use hikyaku_types::EmailAddress;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    caller::Caller,
    problem::Problem,
    route::{PathOf, QueryOf},
    services::Services,
    timestamps,
};

/// Nothing is loaded, nothing runs, nobody frames the page; only its own style holds.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// `json`, the default, or `html`: a page to print.
    #[param(inline)]
    format: Option<Form>,
    /// The language of the page, `ja` or `en`; left out: the tenant's.
    #[param(inline)]
    language: Option<PageLanguage>,
}

/// A form of the notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoticeForm)]
pub(super) enum Form {
    /// Data.
    Json,
    /// A page to print.
    Html,
}

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoticeLanguage)]
pub(super) enum PageLanguage {
    /// Japanese.
    Ja,
    /// English.
    En,
}

impl From<PageLanguage> for Language {
    fn from(language: PageLanguage) -> Self {
        match language {
            PageLanguage::Ja => Self::Ja,
            PageLanguage::En => Self::En,
        }
    }
}

/// The notice that a registration is complete. It has no password: administrators are invited.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RegistrationNotice {
    name: String,
    customer_number: Option<String>,
    language: String,
    time_zone: String,
    /// The name of the plan; null: none, and every function.
    plan: Option<String>,
    service_start_at: String,
    end_at: Option<String>,
    #[schema(value_type = Object)]
    terms: Terms,
    options: Vec<OptionView>,
    domains: Vec<String>,
    /// Who administers it.
    #[schema(value_type = Vec<String>)]
    administrators: Vec<EmailAddress>,
    /// The host of POP3, IMAP and submission.
    mail_host: String,
    /// Where people sign in.
    web_url: String,
    #[schema(value_type = Object)]
    contact: contracts::Contact,
    #[schema(value_type = Object)]
    payment: contracts::Payment,
    /// Further lines.
    labels: BTreeMap<String, String>,
}

/// An option in a notice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticeOption)]
pub(super) struct OptionView {
    name_ja: String,
    name_en: String,
    packs: u32,
}

impl RegistrationNotice {
    fn of(notice: control::Notice, host: &str) -> Self {
        let options = notice.options.into_iter().map(|option| OptionView {
            name_ja: option.name_ja,
            name_en: option.name_en,
            packs: option.packs,
        });
        Self {
            name: notice.name,
            customer_number: notice.customer_number,
            language: notice.language.to_string(),
            time_zone: notice.time_zone.as_str().to_owned(),
            plan: notice.plan,
            service_start_at: timestamps::show(notice.service_start_at),
            end_at: notice.end_at.map(timestamps::show),
            terms: notice.terms,
            options: options.collect(),
            domains: notice.domains,
            administrators: notice.administrators,
            mail_host: host.to_owned(),
            web_url: format!("https://{host}/"),
            contact: notice.contact,
            payment: notice.payment,
            labels: notice.labels,
        }
    }
}

/// The notice that a registration is complete, as data or as a page to print.
#[utoipa::path(
    get, path = "/api/v1/tenants/{tenant}/registration-notice", tag = "tenants",
    operation_id = "tenant_registration_notice",
    params(("tenant" = String, Path, description = "An id or a name"), Query),
    responses(
        (status = 200, description = "The notice", content(
            (RegistrationNotice = "application/json"),
            (String = "text/html"),
        )),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
    QueryOf(query): QueryOf<Query>,
) -> Result<Response, Problem> {
    let notice = services
        .db
        .read(move |tx| control::notice(tx, &actor, &tenant))
        .await?;
    let host = services.web.host.as_ref();
    if query.format != Some(Form::Html) {
        return Ok(Json(RegistrationNotice::of(notice, host)).into_response());
    }
    let language = query.language.map_or(notice.language, Language::from);
    let mut response = page::page(&words::lines(&notice, host, language), language).into_response();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}
