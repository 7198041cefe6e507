//! `/api/v1/me/profile`: what people see and change of themselves (US-02).

use std::collections::BTreeMap;

use axum::extract::State;
use hikyaku_control::accounts::{self, OwnProfile, ProfileChange};
use hikyaku_db::Lane;
use hikyaku_types::EmailAddress;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Body;
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    problem::Problem,
    services::Services,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(show, change))
}

/// The own profile.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Profile {
    #[schema(value_type = String)]
    address: EmailAddress,
    name: String,
    family_name: String,
    given_name: String,
    family_kana: String,
    given_kana: String,
    department: String,
    title: String,
    organisation: String,
    phone: String,
    employee_number: String,
    attributes: BTreeMap<String, String>,
    /// The language in force.
    language: String,
    /// The time zone in force.
    time_zone: String,
    /// Whether the global address list shows it; administrators decide.
    in_gal: bool,
    /// Whether the public directory service tells of it; administrators decide.
    in_directory: bool,
    /// The fields that cannot be changed here.
    locked: Vec<&'static str>,
    /// Who has locked them.
    locked_by: &'static str,
}

impl From<OwnProfile> for Profile {
    fn from(own: OwnProfile) -> Self {
        let (account, settings) = (own.details.account, own.details.settings);
        let profile = settings.profile;
        Self {
            address: account.address,
            name: account.name,
            family_name: profile.family_name,
            given_name: profile.given_name,
            family_kana: profile.family_kana,
            given_kana: profile.given_kana,
            department: profile.department,
            title: profile.title,
            organisation: profile.organisation,
            phone: profile.phone,
            employee_number: profile.employee_number,
            attributes: profile.attributes,
            language: account.language.to_string(),
            time_zone: account.time_zone.as_str().to_owned(),
            in_gal: settings.switches.in_gal,
            in_directory: settings.switches.in_directory,
            locked: own.locked,
            locked_by: "administrator",
        }
    }
}

/// What to change of the own profile; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProfileChange)]
pub(super) struct Change {
    name: Option<String>,
    family_name: Option<String>,
    given_name: Option<String>,
    family_kana: Option<String>,
    given_kana: Option<String>,
    phone: Option<String>,
    /// `ja`, `en`, or empty for the tenant's.
    language: Option<String>,
    /// An IANA name, or empty for the tenant's.
    time_zone: Option<String>,
}

/// Shows the own profile.
#[utoipa::path(
    get, path = "/api/v1/me/profile", tag = "me", operation_id = "profile_show",
    responses(
        (status = 200, description = "The profile", body = Profile),
        (status = 404, description = "`no_such_account`: an actor without one"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
) -> Result<Tagged<Profile>, Problem> {
    let own = services
        .db
        .read(move |tx| accounts::own_profile(tx, &actor))
        .await?;
    Ok(Tagged::whole(own.into()))
}

/// Changes the own profile.
#[utoipa::path(
    patch, path = "/api/v1/me/profile", tag = "me", operation_id = "profile_change",
    request_body = Change,
    responses(
        (status = 200, description = "The profile", body = Profile),
        (status = 404, description = "`no_such_account`: an actor without one"),
        (status = 409, description = "`profile_locked`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    if_match: IfMatch,
    Body(change): Body<Change>,
) -> Result<Tagged<Profile>, Problem> {
    let wanted = ProfileChange {
        name: change.name,
        family_name: change.family_name,
        given_name: change.given_name,
        family_kana: change.family_kana,
        given_kana: change.given_kana,
        phone: change.phone,
        language: change.language,
        time_zone: change.time_zone,
    };
    let own = services
        .db
        .write(Lane::Background, move |tx| {
            let stale = |seen: &OwnProfile| if_match.check(&Profile::from(seen.clone()));
            accounts::set_own_profile(tx, &actor, &wanted, stale)
        })
        .await?;
    Ok(Tagged::whole(own.into()))
}
