//! `hikyaku account set`

use hyper::Method;
use serde_json::{Map, Value, json};

use super::{super::Session, password, path_of, warn};
use crate::{
    cli::{AccountSet, Status, Switch},
    client::Payload,
    failure::Failure,
};

pub(crate) async fn run(session: &mut Session, change: AccountSet) -> Result<(), Failure> {
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    let switch = |value: Option<Switch>| value.map(|value| json!(value == Switch::On));
    put("name", change.name.map(Value::String));
    put("quota_bytes", change.quota.map(|size| json!(size)));
    put(
        "quota_messages",
        change.message_limit.map(|count| json!(count)),
    );
    put("pop", switch(change.pop));
    put("imap", switch(change.imap));
    put("smtp", switch(change.smtp));
    put("web", switch(change.web));
    put("add_login", change.add_login.map(Value::String));
    put("remove_login", change.remove_login.map(Value::String));
    put(
        "status",
        change.status.map(|status| {
            json!(match status {
                Status::Active => "active",
                Status::Suspended => "suspended",
            })
        }),
    );
    if change.password_stdin {
        put("password", Some(Value::String(password::from_stdin()?)));
    }
    let path = path_of(&change.address);
    let changed = session
        .client
        .call(Method::PATCH, &path, Payload::Json(Value::Object(body)))
        .await?;
    warn(&changed);
    session
        .output
        .result(&changed, || format!("account {} changed", change.address));
    Ok(())
}
