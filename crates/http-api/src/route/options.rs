//! `/api/v1/options`: the catalogue.
#![expect(
    clippy::option_option,
    reason = "left out, given as null and given are three things"
)]

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::plans as control;
use hikyaku_db::Lane;
use hikyaku_directory::options::{CatalogueOption, Effect, NewOption, Offered, OptionChange};
use hikyaku_types::OptionId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf, QueryOf};
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    merge::{given, merged},
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
    timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(show, change))
}

/// An option in answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Option)]
pub(super) struct OptionView {
    #[schema(value_type = String)]
    id: OptionId,
    code: String,
    name_ja: String,
    name_en: String,
    /// What a pack holds.
    unit_ja: String,
    unit_en: String,
    price_label: String,
    /// How many packs a tenant can have; null: any number.
    max_packs: Option<u32>,
    /// The code of the option that must be there first.
    needs: Option<String>,
    /// What one pack adds to the terms.
    #[schema(value_type = Object)]
    effect: Effect,
    /// Since when nobody can order it any more.
    retired_at: Option<String>,
    created_at: String,
}

impl From<CatalogueOption> for OptionView {
    fn from(option: CatalogueOption) -> Self {
        Self {
            id: option.id,
            code: option.code,
            name_ja: option.name_ja,
            name_en: option.name_en,
            unit_ja: option.unit_ja,
            unit_en: option.unit_en,
            price_label: option.price_label,
            max_packs: option.max_packs,
            needs: option.needs,
            effect: option.effect,
            retired_at: option.retired_at.map(timestamps::show),
            created_at: timestamps::show(option.created_at),
        }
    }
}

/// An option to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OptionCreate)]
pub(super) struct Create {
    /// A word of a-z, 0-9 and _.
    code: String,
    name_ja: String,
    name_en: String,
    #[serde(default)]
    unit_ja: String,
    #[serde(default)]
    unit_en: String,
    #[serde(default)]
    price_label: String,
    max_packs: Option<u32>,
    needs: Option<String>,
    /// What one pack adds: features, seats, domains, lists, audit_groups, pool_bytes,
    /// licensed_accounts.
    #[serde(default)]
    #[schema(value_type = Object)]
    effect: Effect,
}

/// Adds an option to the catalogue.
#[utoipa::path(
    post, path = "/api/v1/options", tag = "plans", operation_id = "option_create",
    request_body = Create,
    responses(
        (status = 201, description = "The option", body = OptionView),
        (status = 404, description = "`no_such_option`: the one that it needs"),
        (status = 409, description = "`option_exists`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<OptionView>), Problem> {
    let new = NewOption {
        code: create.code,
        name_ja: create.name_ja,
        name_en: create.name_en,
        unit_ja: create.unit_ja,
        unit_en: create.unit_en,
        price_label: create.price_label,
        max_packs: create.max_packs,
        needs: create.needs,
        effect: create.effect,
    };
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            control::create_option(tx, &actor, &new)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Which options.
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
    /// `true`: also those that nobody can order any more.
    #[serde(default)]
    retired: bool,
}

/// Lists the options that can be ordered, by code.
#[utoipa::path(
    get, path = "/api/v1/options", tag = "plans", operation_id = "option_list",
    params(Query),
    responses((status = 200, description = "A page", body = Page<OptionView>)),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<OptionView>>, Problem> {
    let list = ListName::of("options", &query.retired);
    let after: Option<String> = list.open(query.cursor.as_ref())?;
    let limit = query.limit;
    let offered = if query.retired {
        Offered::AndRetired
    } else {
        Offered::Only
    };
    let found = services
        .db
        .read(move |tx| {
            let limit = limit.and_one();
            control::list_options(tx, &actor, offered, after.as_deref(), limit)
        })
        .await?;
    let page = Page::cut(found, limit, |last| list.seal(&last.code));
    Ok(Json(page.map(OptionView::from)))
}

/// One option.
#[utoipa::path(
    get, path = "/api/v1/options/{option}", tag = "plans", operation_id = "option_show",
    params(("option" = String, Path, description = "The code")),
    responses(
        (status = 200, description = "The option", body = OptionView),
        (status = 404, description = "`no_such_option`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(code): PathOf<String>,
) -> Result<Tagged<OptionView>, Problem> {
    let found = services
        .db
        .read(move |tx| control::show_option(tx, &actor, &code))
        .await?;
    Ok(Tagged::whole(found.into()))
}

/// What to change of an option. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OptionChange)]
pub(super) struct Change {
    name_ja: Option<String>,
    name_en: Option<String>,
    unit_ja: Option<String>,
    unit_en: Option<String>,
    price_label: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    max_packs: Option<Option<u32>>,
    /// Only while no tenant has the option.
    #[schema(value_type = Option<Object>)]
    effect: Option<Map<String, Value>>,
    /// `true`: nobody can order it any more.
    retired: Option<bool>,
}

/// Changes or retires an option.
#[utoipa::path(
    patch, path = "/api/v1/options/{option}", tag = "plans", operation_id = "option_change",
    params(("option" = String, Path, description = "The code")),
    request_body = Change,
    responses(
        (status = 200, description = "The option", body = OptionView),
        (status = 404, description = "`no_such_option`"),
        (status = 409, description = "`option_in_use`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(code): PathOf<String>,
    if_match: IfMatch,
    Body(change): Body<Change>,
) -> Result<Tagged<OptionView>, Problem> {
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            control::change_option(tx, &actor, &code, |current| {
                if_match.check(&OptionView::from(current.clone()))?;
                let effect = change.effect.as_ref();
                let effect = effect.map(|patch| merged("effect", &current.effect, patch));
                Ok(OptionChange {
                    name_ja: change.name_ja.clone(),
                    name_en: change.name_en.clone(),
                    unit_ja: change.unit_ja.clone(),
                    unit_en: change.unit_en.clone(),
                    price_label: change.price_label.clone(),
                    max_packs: change.max_packs,
                    effect: effect.transpose()?,
                    retired: change.retired,
                })
            })
        })
        .await?;
    Ok(Tagged::whole(changed.into()))
}
