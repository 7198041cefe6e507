//! Whether a JSON value has the form that the document declares (the part of JSON Schema that our
//! document uses).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// References that are followed one into another at most.
const MAX_DEPTH: usize = 32;

/// What is wrong with a value; nothing when it has the form.
pub(crate) fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Check { document }.check(schema, value, "", &mut faults);
    faults
}

/// Follows a reference.
pub(crate) fn resolve<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..MAX_DEPTH {
        let Some(Value::String(to)) = schema.get("$ref") else {
            return schema;
        };
        let found = document.pointer(to.trim_start_matches('#'));
        schema = found.unwrap_or_else(|| panic!("{to} leads nowhere"));
    }
    schema
}

struct Check<'a> {
    document: &'a Value,
}

impl Check<'_> {
    fn check(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let schema = resolve(self.document, schema);
        let mut fault = |what: String| faults.push(format!("{place}: {what}"));
        if let Some(types) = schema.get("type")
            && !has_type(types, value)
        {
            fault(format!("{value} is no {types}"));
            return;
        }
        if let Some(Value::Array(words)) = schema.get("enum")
            && !words.contains(value)
        {
            fault(format!("{value} is none of {words:?}"));
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(Value::Array(ways)) = schema.get(key) {
                let fits = |way: &&Value| {
                    let mut own = Vec::new();
                    self.check(way, value, place, &mut own);
                    own.is_empty()
                };
                if !ways.iter().any(|way| fits(&way)) {
                    faults.push(format!("{place}: {value} fits no way of {key}"));
                }
            }
        }
        if let Some(Value::Array(parts)) = schema.get("allOf") {
            for part in parts {
                self.check_part(part, value, place, faults);
            }
        }
        if let Value::Object(map) = value {
            self.object(schema, map, place, faults);
            self.unknown(schema, map, place, faults);
        }
        self.items(schema, value, place, faults);
    }

    /// One of several parts: another part may know the keys that this one does not.
    fn check_part(&self, part: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let part = resolve(self.document, part);
        if let Value::Object(map) = value {
            self.object(part, map, place, faults);
        }
        if let Some(Value::Array(parts)) = part.get("allOf") {
            for part in parts {
                self.check_part(part, value, place, faults);
            }
        }
    }

    fn object(
        &self,
        schema: &Value,
        map: &Map<String, Value>,
        place: &str,
        faults: &mut Vec<String>,
    ) {
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(key) {
                faults.push(format!("{place}: \"{key}\" is missing"));
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, form) in properties.into_iter().flatten() {
            if let Some(value) = map.get(key) {
                self.check(form, value, &format!("{place}/{key}"), faults);
            }
        }
    }

    /// Keys that nobody declared.
    fn unknown(
        &self,
        schema: &Value,
        map: &Map<String, Value>,
        place: &str,
        faults: &mut Vec<String>,
    ) {
        let Some(known) = self.keys(schema) else {
            return;
        };
        for key in map.keys().filter(|key| !known.contains(*key)) {
            faults.push(format!("{place}: \"{key}\" is not declared"));
        }
    }

    /// The declared keys; nothing where others may be.
    fn keys(&self, schema: &Value) -> Option<BTreeSet<String>> {
        let schema = resolve(self.document, schema);
        if schema.get("oneOf").is_some() || schema.get("anyOf").is_some() {
            return None;
        }
        if schema
            .get("additionalProperties")
            .is_some_and(|more| *more != Value::Bool(false))
        {
            return None;
        }
        let mut keys = BTreeSet::new();
        let own = schema.get("properties").and_then(Value::as_object);
        let parts = schema.get("allOf").and_then(Value::as_array);
        if own.is_none() && parts.is_none() {
            return None;
        }
        keys.extend(own.into_iter().flat_map(Map::keys).cloned());
        for part in parts.into_iter().flatten() {
            keys.extend(self.keys(part)?);
        }
        Some(keys)
    }

    fn items(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        if let (Some(form), Value::Array(items)) = (schema.get("items"), value) {
            for (index, item) in items.iter().enumerate() {
                self.check(form, item, &format!("{place}/{index}"), faults);
            }
        }
    }
}

fn has_type(types: &Value, value: &Value) -> bool {
    let is = |word: &str| match word {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match types {
        Value::String(word) => is(word),
        Value::Array(words) => words.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_is_found() {
        let document = json!({ "components": { "schemas": { "Thing": {
            "type": "object", "required": ["id"],
            "properties": {
                "id": { "type": "string" },
                "of": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Thing" }] },
                "kind": { "type": "string", "enum": ["a", "b"] },
            },
        } } } });
        let schema = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Thing" } });
        let fits = |value: Value| faults(&document, &schema, &value);
        assert!(fits(json!([{ "id": "1", "of": { "id": "2" }, "kind": "a" }])).is_empty());
        for wrong in [
            json!({}),
            json!([{}]),
            json!([{ "id": 1 }]),
            json!([{ "id": "1", "kind": "c" }]),
            json!([{ "id": "1", "more": 1 }]),
            json!([{ "id": "1", "of": { "id": 2 } }]),
        ] {
            assert!(!fits(wrong.clone()).is_empty(), "{wrong}");
        }
    }
}
