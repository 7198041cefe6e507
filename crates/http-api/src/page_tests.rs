//! Proves that docs/openapi.json is what the code says, and that docs/api.md leads to it.

use serde_json::Value;

use crate::document;

const PAGE: &str = include_str!("../../../docs/api.md");
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
/// With this variable the test writes the document instead of comparing it.
const WRITE: &str = "HIKYAKU_WRITE_OPENAPI";

fn value() -> Value {
    serde_json::from_slice(&document::get().text).unwrap()
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter()
            .map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    each.collect()
}

#[test]
fn the_committed_document_is_current() {
    let text = std::str::from_utf8(&document::get().text).unwrap();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(COMMITTED, text).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(
        committed == text,
        "docs/openapi.json is not what the code says; write it with \
         {WRITE}=1 cargo nextest run -p hikyaku-http-api the_committed_document"
    );
}

#[test]
fn every_operation_says_what_it_is() {
    let document = value();
    let operations = operations(&document);
    assert!(operations.len() > 20, "{}", operations.len());
    let mut ids = std::collections::BTreeSet::new();
    for (name, operation) in operations {
        for key in ["summary", "operationId", "tags", "security", "responses"] {
            assert!(!operation[key].is_null(), "{name} has no {key}");
        }
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{name}: {id} is not unique");
        let summary = operation["summary"].as_str().unwrap();
        assert!(
            summary.len() < 200 && !summary.contains('\n'),
            "{name}: {summary}"
        );
        let answers = operation["responses"].as_object().unwrap();
        assert!(
            answers.keys().any(|status| status.starts_with('2')),
            "{name}"
        );
        for (status, answer) in answers {
            let told = answer["description"].as_str().unwrap();
            assert!(!told.is_empty(), "{name} {status} has no description");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(document: &Value, value: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(to)) = map.get("$ref") {
                    let found = document.pointer(to.trim_start_matches('#'));
                    assert!(found.is_some(), "{to} leads nowhere");
                }
                map.values().for_each(|value| check(document, value));
            }
            Value::Array(list) => list.iter().for_each(|value| check(document, value)),
            _ => {}
        }
    }
    let document = value();
    check(&document, &document);
}

#[test]
fn every_area_is_on_the_page() {
    let document = value();
    for (name, operation) in operations(&document) {
        for tag in operation["tags"].as_array().unwrap() {
            let named = format!("| `{}` |", tag.as_str().unwrap());
            assert!(
                PAGE.contains(&named),
                "docs/api.md has no area {named} ({name})"
            );
        }
    }
}
