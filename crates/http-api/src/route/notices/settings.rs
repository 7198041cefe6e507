//! From whom notices come.

use axum::extract::State;
use hikyaku_control::notices;
use hikyaku_db::Lane;
use hikyaku_notices::settings::NoticeSettings;
use hikyaku_types::EmailAddress;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Owner;
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    problem::Problem,
    route::{Body, QueryOf},
    services::Services,
};

/// Who writes notices, and which administrators get them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoticeSettings)]
pub(super) struct Settings {
    /// The name of the service in texts; null: the platform's.
    #[serde(default)]
    product: Option<String>,
    /// The name beside the sender's address; null: the tenant's.
    #[serde(default)]
    sender_name: Option<String>,
    /// An address in a domain of the tenant; null: noreply@ of its first domain.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    sender_address: Option<EmailAddress>,
    /// Who gets the notices to administrators; empty: those who hold the office.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    administrators: Vec<EmailAddress>,
}

impl From<NoticeSettings> for Settings {
    fn from(settings: NoticeSettings) -> Self {
        Self {
            product: settings.product,
            sender_name: settings.sender_name,
            sender_address: settings.sender_address,
            administrators: settings.administrators,
        }
    }
}

impl From<Settings> for NoticeSettings {
    fn from(settings: Settings) -> Self {
        Self {
            product: settings.product,
            sender_name: settings.sender_name,
            sender_address: settings.sender_address,
            administrators: settings.administrators,
        }
    }
}

/// Shows from whom notices come.
#[utoipa::path(
    get, path = "/api/v1/notices/settings", tag = "notices",
    operation_id = "notice_settings_show", params(Owner),
    responses((status = 200, description = "The settings", body = Settings)),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(owner): QueryOf<Owner>,
) -> Result<Tagged<Settings>, Problem> {
    let found = services
        .db
        .read(move |tx| notices::load_settings(tx, &actor, owner.whose(&actor)?))
        .await?;
    Ok(Tagged::whole(Settings::from(found)))
}

/// Sets from whom notices come: all of it.
#[utoipa::path(
    put, path = "/api/v1/notices/settings", tag = "notices",
    operation_id = "notice_settings_set", params(Owner), request_body = Settings,
    responses(
        (status = 200, description = "The settings", body = Settings),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn set(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(owner): QueryOf<Owner>,
    if_match: IfMatch,
    Body(settings): Body<Settings>,
) -> Result<Tagged<Settings>, Problem> {
    let new = NoticeSettings::from(settings);
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            let whose = owner.whose(&actor)?;
            let now = notices::load_settings(tx, &actor, whose)?;
            if_match.check(&Settings::from(now))?;
            notices::update_settings(tx, &actor, whose, &new)
        })
        .await?;
    Ok(Tagged::whole(Settings::from(made)))
}
