//! The OpenAPI document: what the handlers say of themselves, completed with what holds for all.
//!
//! It is committed as docs/openapi.json; a test compares. It also decides who is let in: an
//! operation that names no way to sign in (`security(())`) is open to everybody; one that names the
//! browser session alone (`security(("session" = []))`) to a browser whose sign-in may not be
//! complete; every other needs an actor.

use std::{collections::HashMap, sync::LazyLock};

use axum::{
    body::Bytes,
    http::{Method, StatusCode},
};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::problem::{PROBLEM_JSON, Problem};

/// The document and what follows from it.
#[derive(Debug)]
pub(crate) struct Document {
    /// The JSON text.
    pub(crate) text: Bytes,
    /// Who may call each operation.
    access: HashMap<(Method, String), Access>,
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::new(&crate::route::described()));

/// The document of this program.
pub(crate) fn get() -> &'static Document {
    &DOCUMENT
}

/// Problems that any operation may answer with.
const EVERYWHERE: &[(&str, &str)] = &[
    (
        "429",
        "`too_many_requests`: try again after `Retry-After` seconds",
    ),
    (
        "500",
        "`internal`: a fault of ours; the log has it under the request's id",
    ),
    ("503", "`unavailable`: try again"),
];
/// Problems of operations that need an actor.
const SIGNED_IN: &[(&str, &str)] = &[
    ("401", "`unauthenticated`, `sign_in_incomplete`"),
    (
        "403",
        "`forbidden`, `https_required`, `cross_site`, `not_contracted`",
    ),
];
/// Problems of operations with a body.
const WITH_BODY: &[(&str, &str)] = &[
    ("400", "`bad_json`, `bad_field`, `bad_request`, `invalid`"),
    ("408", "`request_timeout`"),
    ("413", "`too_large`"),
    ("415", "`unsupported_media_type`"),
];
/// Problems of POST with an `Idempotency-Key`.
const POSTED: &[(&str, &str)] = &[
    ("409", "`in_progress`, `already_done`, `outcome_unknown`"),
    ("422", "`idempotency_key_used`"),
];

impl Document {
    /// Completes what the handlers said.
    pub(crate) fn new(api: &utoipa::openapi::OpenApi) -> Self {
        let mut value = serde_json::to_value(api).unwrap_or_default();
        head(&mut value);
        let mut access = HashMap::new();
        let paths = value.get_mut("paths").and_then(Value::as_object_mut);
        for (path, item) in paths.into_iter().flatten() {
            let operations = item.as_object_mut().into_iter().flatten();
            for (method, operation) in operations {
                let Some(operation) = operation.as_object_mut() else {
                    continue;
                };
                let Ok(method) = method.to_ascii_uppercase().parse::<Method>() else {
                    continue;
                };
                let needed = complete(&method, path, operation);
                access.insert((method, path.clone()), needed);
            }
        }
        let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
        text.push('\n');
        Self {
            text: Bytes::from(text),
            access,
        }
    }

    /// Who may call an operation. HEAD is what GET is; what is not there needs an actor too.
    pub(crate) fn access(&self, method: &Method, path: &str) -> Access {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let found = self.access.get(&(method.clone(), path.to_owned()));
        found.copied().unwrap_or(Access::SignedIn)
    }
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Public,
    /// A browser that has shown a password.
    Session,
    /// Somebody with rights.
    SignedIn,
}

fn head(value: &mut Value) {
    let Some(root) = value.as_object_mut() else {
        return;
    };
    root.insert("openapi".to_owned(), json!("3.1.0"));
    root.insert(
        "info".to_owned(),
        json!({
            "title": "Hikyaku",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Administration and own account. docs/api.md tells what holds for all \
                            operations: signing in, paging, concurrency, problems.",
        }),
    );
    root.insert("servers".to_owned(), json!([{ "url": "/" }]));
    let schemes = json!({
        "session": {
            "type": "apiKey", "in": "cookie", "name": crate::cookies::SESSION,
            "description": "A browser session. Changes also need the header X-Hikyaku-Request.",
        },
        "api_key": { "type": "http", "scheme": "bearer", "description": "An API key." },
    });
    let components = root.entry("components").or_insert_with(|| json!({}));
    if let Some(components) = components.as_object_mut() {
        components.insert("securitySchemes".to_owned(), schemes);
        let schemas = components.entry("schemas").or_insert_with(|| json!({}));
        if let Some(schemas) = schemas.as_object_mut() {
            schemas.extend(problem_schemas());
        }
    }
}

/// The form of a problem, which every operation may answer with.
fn problem_schemas() -> Vec<(String, Value)> {
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    let json = |schema| serde_json::to_value(schema).unwrap_or_default();
    let named = schemas.into_iter();
    named.map(|(name, schema)| (name, json(schema))).collect()
}

/// Adds what holds for every operation of its kind.
fn complete(method: &Method, path: &str, operation: &mut Map<String, Value>) -> Access {
    let needed = needed(operation);
    shorten_summary(operation);
    if needed == Access::SignedIn {
        operation.insert(
            "security".to_owned(),
            json!([{ "session": [] }, { "api_key": [] }]),
        );
    }
    let mut answers = answers(path, operation, needed);
    if method == Method::POST && needed == Access::SignedIn {
        answers.extend(POSTED);
        let text = "Sent again with the same key, it has no second effect.";
        parameter(operation, "Idempotency-Key", text);
    }
    if takes_condition(operation) {
        answers.push(("412", "`stale`: it has changed since the `If-Match`"));
        let text = "The ETag of the last answer: the change is made only if it still holds.";
        parameter(operation, "If-Match", text);
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    if let Some(responses) = responses.as_object_mut() {
        add(responses, &answers);
    }
    needed
}

/// The first sentence is the summary; what follows it belongs to the description.
fn shorten_summary(operation: &mut Map<String, Value>) {
    let summary = operation.get("summary").and_then(Value::as_str);
    let summary = summary.unwrap_or_default().replace('\n', " ");
    let Some((first, rest)) = summary.split_once(". ") else {
        operation.insert("summary".to_owned(), json!(summary));
        return;
    };
    let described = operation.get("description").and_then(Value::as_str);
    let description = match described.unwrap_or_default() {
        "" => rest.to_owned(),
        more => format!("{rest}\n\n{more}"),
    };
    let summary = format!("{first}.");
    operation.insert("summary".to_owned(), json!(summary));
    operation.insert("description".to_owned(), json!(description));
}

/// The problems that follow from what an operation takes.
fn answers(
    path: &str,
    operation: &Map<String, Value>,
    needed: Access,
) -> Vec<(&'static str, &'static str)> {
    let mut answers = EVERYWHERE.to_vec();
    if needed == Access::Public {
        answers.push(("403", "`https_required`, `cross_site`"));
    } else {
        answers.extend(SIGNED_IN);
    }
    let parameters = operation.get("parameters").and_then(Value::as_array);
    if operation.contains_key("requestBody") {
        answers.extend(WITH_BODY);
    } else if parameters.is_some_and(|list| !list.is_empty()) {
        answers.push(("400", "`bad_field`, `bad_cursor`, `bad_request`, `invalid`"));
    }
    if path.contains('{') || names_something(operation) {
        answers.push(("404", "what is named is not there, or not within reach"));
    } else if path.starts_with("/api/v1/me") {
        answers.push(("404", "`no_such_account`: whoever asks is no person"));
    }
    answers
}

/// What the handler said of signing in.
fn needed(operation: &Map<String, Value>) -> Access {
    let ways = operation.get("security").and_then(Value::as_array);
    match ways.map(Vec::as_slice) {
        None | Some([]) => Access::SignedIn,
        Some(ways) if ways.iter().all(|way| *way == json!({})) => Access::Public,
        Some(ways) if ways.iter().all(|way| way.get("session").is_some()) => Access::Session,
        Some(_) => Access::SignedIn,
    }
}

/// Whether something is named behind the question mark.
fn names_something(operation: &Map<String, Value>) -> bool {
    let list = operation.get("parameters").and_then(Value::as_array);
    let mut names = list
        .into_iter()
        .flatten()
        .filter_map(|one| one.get("name")?.as_str());
    names.any(|name| matches!(name, "tenant" | "domain" | "account"))
}

/// Handlers that honour `If-Match` say so with an answer 412.
fn takes_condition(operation: &Map<String, Value>) -> bool {
    let responses = operation.get("responses").and_then(Value::as_object);
    responses.is_some_and(|responses| responses.contains_key("412"))
}

fn parameter(operation: &mut Map<String, Value>, name: &str, description: &str) {
    let list = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(json!({
            "name": name, "in": "header", "required": false, "description": description,
            "schema": { "type": "string" },
        }));
    }
}

/// Adds answers, and gives every problem its form.
fn add(responses: &mut Map<String, Value>, answers: &[(&str, &str)]) {
    for (status, text) in answers {
        let own = responses
            .get(*status)
            .and_then(|answer| answer.get("description"));
        let own = own.and_then(Value::as_str).unwrap_or_default();
        let text = if own.is_empty() {
            (*text).to_owned()
        } else {
            format!("{own}; {text}")
        };
        responses.insert((*status).to_owned(), json!({ "description": text }));
    }
    for (status, answer) in responses.iter_mut() {
        if let Some(answer) = answer.as_object_mut() {
            let code = status.parse::<StatusCode>().ok();
            let reason = code.and_then(|code| code.canonical_reason());
            let reason = json!(reason.unwrap_or("An answer"));
            answer.entry("description").or_insert(reason);
        }
        let is_problem = status.starts_with('4') || status.starts_with('5');
        if let (true, Some(answer)) = (is_problem, answer.as_object_mut()) {
            let problem = json!({
                PROBLEM_JSON: { "schema": { "$ref": "#/components/schemas/Problem" } }
            });
            answer.entry("content").or_insert(problem);
        }
    }
}
