//! Every operation of the document with inputs of all kinds: nothing breaks us, every refusal is a
//! problem that the document declares, every answer has its declared form.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    bed::{Answer, Bed, Client},
    document::{self, Operation},
    shape,
};

/// Inputs for each operation and client.
const ROUNDS: usize = 14;

/// A generator whose numbers are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Constants of Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides.max(1)
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.roll(list.len())]
    }
}

/// Texts that programs stumble over. None begins with a slash: no file of this machine is named.
fn text(dice: &mut Dice) -> String {
    let long = "あ".repeat(3000);
    let texts = [
        "",
        "x",
        "taro@a.test",
        "a.test",
        "名前 テスト",
        "\u{0}",
        "a\u{0}b",
        "'; DROP TABLE x; --",
        "-1",
        "0",
        "9223372036854775807",
        "99999999999999999999",
        "%00",
        "..",
        "true",
        "null",
        "2026-01-05T00:00:00Z",
        "2026-13-45",
        "ja",
        "Asia/Tokyo",
        "\u{202e}abc",
        "😀",
        "a\r\nb",
        "=1+1",
        "-name",
        "name",
        "10MB",
        "-10MB",
        "192.0.2.0/24",
        long.as_str(),
    ];
    (*dice.pick(&texts)).to_owned()
}

/// A value that has the form, more or less.
fn value_of(document: &Value, schema: &Value, dice: &mut Dice, depth: usize) -> Value {
    let schema = shape::resolve(document, schema);
    if dice.roll(14) == 0 || depth > 6 {
        return broken(dice);
    }
    if let Some(Value::Array(words)) = schema.get("enum") {
        return dice.pick(words).clone();
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(Value::Array(ways)) = schema.get(key) {
            let way = dice.pick(ways).clone();
            return value_of(document, &way, dice, depth + 1);
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => dice.pick(kinds).as_str().unwrap_or("null").to_owned(),
        Value::String(kind) => kind.clone(),
        _ if schema.get("properties").is_some() || schema.get("allOf").is_some() => {
            "object".to_owned()
        }
        _ => return broken(dice),
    };
    match kind.as_str() {
        "string" => Value::String(text(dice)),
        "integer" | "number" => dice
            .pick(&[
                json!(0),
                json!(1),
                json!(7),
                json!(-1),
                json!(i64::MAX),
                json!(u64::MAX),
            ])
            .clone(),
        "boolean" => json!(dice.roll(2) == 0),
        "array" => {
            let count = dice.roll(4);
            let items = (0..count).map(|_| value_of(document, &schema["items"], dice, depth + 1));
            Value::Array(items.collect())
        }
        "object" => object_of(document, schema, dice, depth),
        _ => Value::Null,
    }
}

fn object_of(document: &Value, schema: &Value, dice: &mut Dice, depth: usize) -> Value {
    let required: Vec<&str> = schema["required"]
        .as_array()
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut map = Map::new();
    for (key, form) in schema["properties"].as_object().into_iter().flatten() {
        let wanted = required.contains(&key.as_str());
        let left_out = if wanted {
            dice.roll(12) == 0
        } else {
            dice.roll(2) == 0
        };
        if !left_out {
            map.insert(key.clone(), value_of(document, form, dice, depth + 1));
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        if let Value::Object(part) = value_of(document, part, dice, depth + 1) {
            map.extend(part);
        }
    }
    if dice.roll(10) == 0 {
        map.insert("is_admin".to_owned(), json!(true));
    }
    Value::Object(map)
}

fn broken(dice: &mut Dice) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!([]),
        json!({}),
        json!([[[[1]]]]),
        json!({ "": "" }),
        json!("x".repeat(10_000)),
        json!("\u{0}"),
    ];
    dice.pick(&values).clone()
}

/// Bytes that are no JSON document of the form.
fn junk(dice: &mut Dice) -> Vec<u8> {
    let deep = [b"[".repeat(5000), b"]".repeat(5000)].concat();
    let nested = [b"{\"a\":".repeat(3000), b"1".to_vec(), b"}".repeat(3000)].concat();
    let list = [
        Vec::new(),
        b"{".to_vec(),
        b"\xff\xfe".to_vec(),
        b"{\"name\":\"\xc3\x28\"}".to_vec(),
        b"{\"name\":1e999}".to_vec(),
        b"{\"name\":\"a\",\"name\":\"b\"}".to_vec(),
        b"\0".to_vec(),
        b"{} {}".to_vec(),
        deep,
        nested,
    ];
    dice.pick(&list).clone()
}

/// What path parameters can be: what is there, what is another's, what is nowhere.
struct Names {
    own: Vec<String>,
    foreign: Vec<String>,
}

fn escaped(text: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@');
    let show = |b: u8| {
        if keep(b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    text.bytes().map(show).collect()
}

fn path_of(operation: &Operation, names: &[String], dice: &mut Dice) -> String {
    let mut path = operation.path.clone();
    for parameter in operation.parameters("path") {
        let name = parameter["name"].as_str().unwrap();
        let value = match dice.roll(5) {
            0 => text(dice),
            _ => dice.pick(names).clone(),
        };
        let value = if value.is_empty() {
            "x".to_owned()
        } else {
            value
        };
        path = path.replace(&format!("{{{name}}}"), &escaped(&value));
    }
    let mut query = Vec::new();
    for parameter in operation.parameters("query") {
        let wanted = parameter["required"] == json!(true);
        if wanted || dice.roll(3) == 0 {
            let name = parameter["name"].as_str().unwrap();
            let value = if dice.roll(2) == 0 {
                text(dice)
            } else {
                dice.pick(names).clone()
            };
            query.push(format!("{name}={}", escaped(&value)));
        }
    }
    if query.is_empty() {
        path
    } else {
        format!("{path}?{}", query.join("&"))
    }
}

async fn ask(
    client: &Client,
    document: &Value,
    operation: &Operation,
    path: &str,
    dice: &mut Dice,
) -> Answer {
    let Some(form) = operation.body() else {
        return client
            .send(operation.method.clone(), path, Vec::new())
            .await;
    };
    let bytes = match dice.roll(6) {
        0 => junk(dice),
        _ => value_of(document, form, dice, 0).to_string().into_bytes(),
    };
    let client = client.clone().with("content-type", "application/json");
    client.send(operation.method.clone(), path, bytes).await
}

/// What is wrong with an answer.
fn judge(document: &Value, operation: &Operation, answer: &Answer) -> Vec<String> {
    let status = answer.status;
    let mut faults = Vec::new();
    if status.is_server_error() {
        faults.push("a fault of ours".to_owned());
    }
    if !operation.declares(status) {
        faults.push(format!("the document declares no {status}"));
    }
    let kind = answer.header("content-type").to_owned();
    if status.is_client_error() || status.is_server_error() {
        if kind != "application/problem+json" {
            faults.push(format!("the refusal is {kind:?}"));
        }
        let form = &document["components"]["schemas"]["Problem"];
        faults.extend(shape::faults(document, form, &answer.json()));
    } else if kind == "application/json"
        && let Some(form) = operation.form(status, &kind)
    {
        faults.extend(shape::faults(document, form, &answer.json()));
    }
    faults
}

async fn world(bed: &Bed) -> Names {
    let mut sides = Vec::new();
    for (name, domain) in [("甲", "a.test"), ("乙", "b.test")] {
        let tenant = bed.tenant(name, domain).await;
        let address = format!("taro@{domain}");
        let body = json!({ "address": address, "password": "a long enough passphrase 7" });
        let made = bed.console().post("/api/v1/accounts", body).await;
        let account = made.expect(StatusCode::CREATED).json();
        let domains = bed.console().get("/api/v1/domains?limit=500").await.json();
        let found = domains["items"].as_array().unwrap().iter();
        let id = found.clone().find(|one| one["name"] == domain).unwrap()["id"].clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        sides.push(vec![
            text(&tenant["id"]),
            name.to_owned(),
            text(&id),
            domain.to_owned(),
            text(&account["id"]),
            address,
        ]);
    }
    let foreign = sides.pop().unwrap();
    Names {
        own: sides.pop().unwrap(),
        foreign,
    }
}

#[tokio::test]
async fn no_input_breaks_an_operation() {
    let limits = "requests_per_minute = 0\naddress_requests_per_minute = 0\n\
                  anonymous_requests_per_minute = 0";
    let bed = Bed::with(hikyaku_db::Engine::Sqlite, limits).await;
    let names = world(&bed).await;
    let (document, operations) = document::of(&bed).await;
    let mut all = names.own.clone();
    all.extend(names.foreign.clone());
    all.push("4611686018427387904".to_owned());
    let mut wrong = BTreeMap::new();
    let key = bed.tenant_key(&names.own[0]).await;
    let clients = [
        ("console", bed.console(), ROUNDS),
        ("key", bed.key(&key), ROUNDS / 2),
        ("stranger", bed.stranger(), 3),
    ];
    for (seed, operation) in operations.iter().enumerate() {
        for (who, client, rounds) in &clients {
            let mut dice = Dice(seed as u64 + 1);
            for _ in 0..*rounds {
                let path = path_of(operation, &all, &mut dice);
                let answer = ask(client, &document, operation, &path, &mut dice).await;
                for fault in judge(&document, operation, &answer) {
                    let told = String::from_utf8_lossy(&answer.body);
                    let told: String = told.chars().take(300).collect();
                    let (method, status) = (&operation.method, answer.status);
                    let name = format!("{method} {}: {fault}", operation.path);
                    let seen = format!("{name} ({who}, {path}: {status} {told})");
                    wrong.entry(name).or_insert(seen);
                }
            }
        }
    }
    let shown: Vec<String> = wrong.values().take(60).cloned().collect();
    let shown = shown.join("\n");
    assert!(wrong.is_empty(), "{} faults:\n{shown}", wrong.len());
}

/// What belongs to another tenant is not there, whatever is done to it.
#[tokio::test]
async fn what_is_anothers_is_not_there() {
    let bed = Bed::with(hikyaku_db::Engine::Sqlite, "requests_per_minute = 0").await;
    let names = world(&bed).await;
    let (document, operations) = document::of(&bed).await;
    let client = bed.key(&bed.tenant_key(&names.own[0]).await);
    let mut tried = 0;
    for (seed, operation) in operations.iter().enumerate() {
        if operation.parameters("path").next().is_none() {
            continue;
        }
        let mut dice = Dice(seed as u64 + 1);
        for _ in 0..ROUNDS {
            let name = [dice.pick(&names.foreign).clone()];
            let mut path = operation.path.clone();
            for parameter in operation.parameters("path") {
                let key = parameter["name"].as_str().unwrap();
                path = path.replace(&format!("{{{key}}}"), &escaped(&name[0]));
            }
            let answer = ask(&client, &document, operation, &path, &mut dice).await;
            let method = &operation.method;
            assert!(
                answer.status.is_client_error(),
                "{method} {path}: {answer:?}"
            );
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}
