//! The document as a client gets it, and its operations.

use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::bed::Bed;

/// One operation of the document.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) told: Value,
}

impl Operation {
    /// The declared form of an answer's JSON.
    pub(crate) fn form(&self, status: StatusCode, kind: &str) -> Option<&Value> {
        let answer = &self.told["responses"][status.as_str()];
        answer["content"][kind].get("schema")
    }

    /// Whether an answer with this status is declared.
    pub(crate) fn declares(&self, status: StatusCode) -> bool {
        self.told["responses"].get(status.as_str()).is_some()
    }

    /// The form of the JSON body, if there is one.
    pub(crate) fn body(&self) -> Option<&Value> {
        self.told["requestBody"]["content"]["application/json"].get("schema")
    }

    /// Names of parameters in a place (`path`, `query`).
    pub(crate) fn parameters<'a>(&'a self, place: &'a str) -> impl Iterator<Item = &'a Value> {
        let list = self.told["parameters"].as_array();
        list.into_iter()
            .flatten()
            .filter(move |one| one["in"] == place)
    }
}

/// The document with its operations.
pub(crate) async fn of(bed: &Bed) -> (Value, Vec<Operation>) {
    let answer = bed.stranger().get("/api/v1/openapi.json").await;
    let document = answer.expect(StatusCode::OK).json();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, told) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                told: told.clone(),
            });
        }
    }
    (document, operations)
}

#[tokio::test]
async fn every_operation_needs_what_it_declares() {
    let bed = Bed::with(
        hikyaku_db::Engine::Sqlite,
        "anonymous_requests_per_minute = 0",
    )
    .await;
    let (_, operations) = of(&bed).await;
    let mut checked = 0;
    for operation in operations {
        let is_public = operation.told["security"] == serde_json::json!([{}]);
        let path = operation.path.replace(['{', '}'], "");
        let answer = bed
            .stranger()
            .send(operation.method.clone(), &path, Vec::new())
            .await;
        let refused = answer.code() == "unauthenticated";
        assert_eq!(
            refused, !is_public,
            "{} {path}: {answer:?}",
            operation.method
        );
        checked += 1;
    }
    assert!(checked > 20);
}
