//! `/api/v1/operation-log/export`: the log as a file, page by page as the client takes it.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use hikyaku_control::{log, roles};
use hikyaku_db::{Database, Lane};
use hikyaku_oplog::{Chain, MAX_PAGE, Search, search};
use hikyaku_types::{Permission, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    LogQuery,
    view::{COLUMNS, EntryView},
};
use crate::{caller::Caller, problem::Problem, route::QueryOf, services::Services};

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::route) enum LogFormat {
    /// For tables, in UTF-8; what a table program could take for a formula begins with `'`.
    #[default]
    Csv,
    /// One JSON document a line.
    Jsonl,
}

/// What to export.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::route) struct ExportQuery {
    #[serde(default)]
    #[param(inline)]
    format: LogFormat,
    /// A tenant's id or name; without it the own tenant's log, or the platform's own.
    tenant: Option<String>,
    /// Not before this instant (RFC 3339).
    since: Option<String>,
    /// Before this instant (RFC 3339).
    until: Option<String>,
    /// The id of the account or key that acted.
    actor: Option<String>,
    /// What was acted on: its kind and id, `account:123`.
    target: Option<String>,
    /// How the action begins: `account.`
    action: Option<String>,
    /// Words in names, action and reason, in any case and width.
    q: Option<String>,
}

impl ExportQuery {
    fn as_search(&self) -> LogQuery {
        LogQuery {
            tenant: self.tenant.clone(),
            since: self.since.clone(),
            until: self.until.clone(),
            actor: self.actor.clone(),
            target: self.target.clone(),
            action: self.action.clone(),
            q: self.q.clone(),
            cursor: None,
            limit: crate::page::Limit::default(),
        }
    }
}

/// Exports what a search finds, newest first, however much it is. The export is in the log itself.
#[utoipa::path(
    get, path = "/api/v1/operation-log/export", tag = "operation-log",
    operation_id = "operation_log_export",
    params(ExportQuery),
    responses(
        (status = 200, description = "The file", content_type = "text/csv", body = String),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(in crate::route) async fn export(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<ExportQuery>,
) -> Result<Response, Problem> {
    let asked = query.as_search();
    let mut wanted = asked.search()?;
    wanted.limit = MAX_PAGE;
    let format = query.format;
    let details = serde_json::json!({ "format": format, "search": asked });
    let chain = services.db.write(Lane::Background, move |tx| {
        let seen = Permission::LogRead;
        let tenant: Option<TenantId> = roles::whose(tx, &actor, asked.tenant().as_ref(), seen)?;
        log::note_export(tx, &actor, tenant, &details)?;
        log::chain(&actor, tenant)
    });
    let body = Body::from_stream(file(services.db.clone(), chain.await?, format, wanted));
    let (kind, name) = match format {
        LogFormat::Csv => ("text/csv; charset=utf-8", "operation-log.csv"),
        LogFormat::Jsonl => ("application/jsonl", "operation-log.jsonl"),
    };
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let mut response = ([(CONTENT_TYPE, kind)], body).into_response();
    if let Ok(value) = disposition {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// How far a file has come.
struct Progress {
    db: Database,
    chain: Chain,
    format: LogFormat,
    /// The next page; nothing behind the last one.
    wanted: Option<Search>,
    is_begun: bool,
}

/// The bytes of the file, a page at a time. Numbers of entries do not change, so pages of different
/// transactions fit together.
fn file(
    db: Database,
    chain: Chain,
    format: LogFormat,
    wanted: Search,
) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    let progress = Progress {
        db,
        chain,
        format,
        wanted: Some(wanted),
        is_begun: false,
    };
    stream::try_unfold(progress, |mut progress| async move {
        let Some(wanted) = progress.wanted.take() else {
            return Ok(None);
        };
        let (chain, page) = (progress.chain, wanted.clone());
        let found = progress.db.read(move |tx| search(tx, chain, &page));
        let found = found.await.map_err(std::io::Error::other)?;
        progress.wanted = found.next.map(|last| Search {
            before: Some(last),
            ..wanted
        });
        let views: Vec<EntryView> = found.entries.into_iter().map(EntryView::from).collect();
        let bytes = match progress.format {
            LogFormat::Csv => csv(&views, !progress.is_begun)?,
            LogFormat::Jsonl => lines(&views)?,
        };
        progress.is_begun = true;
        Ok(Some((Bytes::from(bytes), progress)))
    })
}

fn csv(views: &[EntryView], with_head: bool) -> Result<Vec<u8>, std::io::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if with_head {
        writer.write_record(COLUMNS)?;
    }
    for view in views {
        writer.write_record(view.row().map(harmless))?;
    }
    writer
        .into_inner()
        .map_err(|error| std::io::Error::other(error.to_string()))
}

/// A text that no table program takes for a formula.
fn harmless(text: String) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text,
    }
}

fn lines(views: &[EntryView]) -> Result<Vec<u8>, std::io::Error> {
    let mut bytes = Vec::new();
    for view in views {
        serde_json::to_writer(&mut bytes, view)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_formula() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1", "'-1"),
            ("山田", "山田"),
            ("", ""),
        ] {
            assert_eq!(harmless(text.to_owned()), expected);
        }
    }
}
