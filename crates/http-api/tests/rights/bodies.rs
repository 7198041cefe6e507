//! Requests that the document calls valid.

use serde_json::{Value, json};

/// Values of fields whose form the document does not tell.
fn known(name: &str, own: &Ids) -> Option<Value> {
    Some(match name {
        "account" | "accounts" | "to" => json!(own.account),
        "domain" => json!(own.domain),
        "tenant" => json!(own.tenant),
        "address" | "target" | "email" => json!("new@ours.test"),
        "permissions" => json!(["accounts.read"]),
        "role" => json!("read-only"),
        "scope" => json!("tenant"),
        "confirm" | "confirmation" => json!(own.address),
        "password" => json!("long enough 4 a test"),
        _ => return None,
    })
}

/// What stands for the things of a company.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    pub(crate) tenant: String,
    pub(crate) domain: String,
    pub(crate) domain_name: String,
    pub(crate) account: String,
    pub(crate) address: String,
    pub(crate) role: String,
    pub(crate) grant: String,
    pub(crate) key: String,
    pub(crate) alias: String,
}

/// The smallest body of an operation.
pub(crate) fn of(document: &Value, operation: &Value, ids: &Ids) -> Option<Value> {
    let content = operation.get("requestBody")?.get("content")?;
    let schema = content.get("application/json")?.get("schema")?;
    Some(instance(document, schema, ids, 0))
}

/// The parameters behind the question mark that an operation cannot do without.
pub(crate) fn query(operation: &Value, ids: &Ids) -> String {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let needed = parameters
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    let mut text = String::new();
    for parameter in needed {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = match known(name, ids) {
            Some(Value::String(value)) => value,
            _ => "1".to_owned(),
        };
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(&value);
    }
    text
}

fn instance(document: &Value, schema: &Value, ids: &Ids, depth: usize) -> Value {
    if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
        let found = document.pointer(path.trim_start_matches('#'));
        return instance(document, found.unwrap(), ids, depth + 1);
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema.get(several).and_then(|all| all.get(0)) {
            return instance(document, first, ids, depth + 1);
        }
    }
    if let Some(first) = schema.get("enum").and_then(|all| all.get(0)) {
        return first.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        Some(kind) => kind.as_str(),
        None => Some("object"),
    };
    match kind {
        Some("string") => json!("1"),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("array") => match schema.get("items") {
            Some(items) if depth < 8 => json!([instance(document, items, ids, depth + 1)]),
            _ => json!([]),
        },
        _ => object(document, schema, ids, depth),
    }
}

fn object(document: &Value, schema: &Value, ids: &Ids, depth: usize) -> Value {
    let mut made = serde_json::Map::new();
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        let value = match known(name, ids) {
            Some(value) => value,
            None => match schema.get("properties").and_then(|all| all.get(name)) {
                Some(property) if depth < 8 => instance(document, property, ids, depth + 1),
                _ => Value::Null,
            },
        };
        made.insert(name.to_owned(), value);
    }
    Value::Object(made)
}
