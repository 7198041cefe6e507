//! The sweep over all routes.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use hikyaku_control::roles::{BUILT_IN, Level};
use serde_json::Value;

use crate::{
    bodies::{self, Ids},
    house::{Answer, Browser, House},
    table::{Need, TABLE},
};

/// A route of the document.
struct Route {
    method: Method,
    path: String,
    operation: Value,
}

fn routes(document: &Value) -> Vec<Route> {
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Ok(method) = method.to_ascii_uppercase().parse::<Method>()
                && operation.get("operationId").is_some()
            {
                routes.push(Route {
                    method,
                    path: path.clone(),
                    operation: operation.clone(),
                });
            }
        }
    }
    routes
}

fn need_of(route: &Route) -> Need {
    let wanted = (route.method.as_str(), route.path.as_str());
    let mut rows = TABLE
        .iter()
        .filter(|(method, path, _)| (*method, *path) == wanted);
    let (_, _, need) = rows
        .next()
        .unwrap_or_else(|| panic!("{wanted:?} is not in the table"));
    *need
}

/// The path with the things of a company; where it has none of a kind, with an id nobody has.
fn filled(path: &str, ids: &Ids) -> String {
    let mut out = Vec::new();
    for part in path.split('/') {
        let name = part
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        out.push(match name {
            None => part.to_owned(),
            Some("account") => ids.account.clone(),
            Some("tenant") => ids.tenant.clone(),
            Some("domain") => ids.domain.clone(),
            Some("name") if path.contains("/domains/") => ids.domain_name.clone(),
            Some("role") => ids.role.clone(),
            Some("grant") => ids.grant.clone(),
            Some("key") => ids.key.clone(),
            Some("address" | "alias") => ids.alias.clone(),
            Some("language") => "ja".to_owned(),
            Some("event") => "password_changed".to_owned(),
            Some(_) => "999".to_owned(),
        });
    }
    out.join("/")
}

/// Whether a path names something that belongs to somebody: events and languages do not.
fn names_a_thing(path: &str) -> bool {
    path.contains('{') && !path.contains("{event}")
}

/// Ids that nobody has.
fn nobodys() -> Ids {
    Ids {
        tenant: "12345".to_owned(),
        domain: "12345".to_owned(),
        domain_name: "nobody-has-this.test".to_owned(),
        account: "12345".to_owned(),
        address: "nobody@nobody-has-this.test".to_owned(),
        role: "12345".to_owned(),
        grant: "12345".to_owned(),
        key: "12345".to_owned(),
        alias: "alias@nobody-has-this.test".to_owned(),
    }
}

/// The text without what was asked for.
fn without(answer: Answer, ids: &Ids) -> Answer {
    let mut detail = answer.detail.clone();
    let named = [
        &ids.address,
        &ids.alias,
        &ids.domain_name,
        &ids.tenant,
        &ids.domain,
        &ids.account,
        &ids.role,
        &ids.grant,
        &ids.key,
    ];
    for text in named {
        detail = detail.replace(text.as_str(), "…");
    }
    Answer { detail, ..answer }
}

async fn ask(
    house: &House,
    document: &Value,
    by: Option<&Browser>,
    route: &Route,
    of: &Ids,
) -> Answer {
    let body = bodies::of(document, &route.operation, of);
    let path = filled(&route.path, of) + &bodies::query(&route.operation, of);
    house.ask(by, &route.method, &path, body.as_ref()).await
}

/// Nobody without a session gets anything but what is public.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_get_what_is_public() {
    let house = House::new().await;
    let ours = house.company("ours").await;
    let document = house.document().await;
    let mut faults = Vec::new();
    for route in routes(&document) {
        let answer = ask(&house, &document, None, &route, &ours).await;
        let is_refused =
            answer.status == StatusCode::UNAUTHORIZED && answer.code == "unauthenticated";
        if !is_refused && need_of(&route) != Need::Public {
            faults.push(format!("{} {}: {answer:?}", route.method, route.path));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The table has every route, once, and no other.
#[tokio::test]
async fn the_table_is_the_document() {
    let house = House::new().await;
    let document = house.document().await;
    let routes = routes(&document);
    let known: BTreeSet<(&str, &str)> = routes
        .iter()
        .map(|route| (route.method.as_str(), route.path.as_str()))
        .collect();
    let listed: Vec<(&str, &str)> = TABLE.iter().map(|(m, p, _)| (*m, *p)).collect();
    let missing: Vec<_> = known.iter().filter(|one| !listed.contains(one)).collect();
    let gone: Vec<_> = listed.iter().filter(|one| !known.contains(*one)).collect();
    assert!(
        missing.is_empty(),
        "say in table.rs what these need: {missing:#?}"
    );
    assert!(gone.is_empty(), "in table.rs, but no routes: {gone:#?}");
    assert_eq!(known.len(), listed.len(), "a route is listed twice");
}

/// Whoever lacks the permission of a route is refused, in the own company and in another; and what
/// is another company's looks exactly as what nobody has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_gets_more_than_it_allows() {
    let house = House::new().await;
    let (ours, other) = (house.company("ours").await, house.company("other").await);
    let document = house.document().await;
    let routes = routes(&document);
    let mut roles: Vec<Option<&'static str>> = vec![None];
    let companies = BUILT_IN.iter().filter(|role| role.level == Level::Tenant);
    roles.extend(companies.map(|role| Some(role.word)));
    let (mut refused, mut faults) = (0, Vec::new());
    for role in roles {
        let browser = house.sign_in(&ours, role).await;
        let allowed = role.map_or(&[][..], |word| {
            hikyaku_control::roles::built_in(word).unwrap().permissions
        });
        for route in &routes {
            let place = format!("{role:?} {} {}", route.method, route.path);
            if need_of(route).is_denied(allowed) {
                let answer = ask(&house, &document, Some(&browser), route, &ours).await;
                faults.extend(unless_refused(&answer, &place, &route.operation));
                refused += usize::from(answer.status == StatusCode::FORBIDDEN);
            }
            if names_a_thing(&route.path) && need_of(route).is_about_others() {
                let (theirs, nobodys) = (&other, &nobodys());
                let answer = ask(&house, &document, Some(&browser), route, theirs).await;
                if answer.status.is_success() {
                    faults.push(format!("{place} of others: {answer:?}"));
                }
                let unknown = ask(&house, &document, Some(&browser), route, nobodys).await;
                let (answer, unknown) = (without(answer, theirs), without(unknown, nobodys));
                if answer != unknown {
                    faults.push(format!("{place}: {answer:?} is not {unknown:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(refused > 300, "the sweep refused only {refused} times");
}

/// Operators with lesser roles do not get what the greater ones have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_operator_gets_more_than_the_role_allows() {
    let house = House::new().await;
    let provider = house.company("provider").await;
    let ours = house.company("ours").await;
    let document = house.document().await;
    let mut faults = Vec::new();
    for role in ["operator-view", "operator-support", "operator-operate"] {
        let browser = house.sign_in(&provider, Some(role)).await;
        let allowed = hikyaku_control::roles::built_in(role).unwrap().permissions;
        for route in routes(&document) {
            if need_of(&route).is_denied_to_operator(allowed) {
                let answer = ask(&house, &document, Some(&browser), &route, &ours).await;
                let place = format!("{role} {} {}", route.method, route.path);
                faults.extend(unless_refused(&answer, &place, &route.operation));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A body that the document does not fully describe may be refused before anybody looks at rights.
fn unless_refused(answer: &Answer, place: &str, operation: &Value) -> Option<String> {
    let is_refused = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&answer.status);
    let is_unread = operation.get("requestBody").is_some()
        && [StatusCode::BAD_REQUEST, StatusCode::UNSUPPORTED_MEDIA_TYPE].contains(&answer.status);
    (!is_refused && !is_unread).then(|| format!("{place}: {answer:?}"))
}
