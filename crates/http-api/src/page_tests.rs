//! Proves that docs/api.md names every route and every code of a problem.

const PAGE: &str = include_str!("../../../docs/api.md");
/// Where codes are given.
const SOURCES: [&str; 6] = [
    include_str!("problem.rs"),
    include_str!("route.rs"),
    include_str!("route/account_import.rs"),
    include_str!("route/mailbox_fetch.rs"),
    include_str!("route/mailbox_import.rs"),
    include_str!("route/mailbox_transfer.rs"),
];

/// Words of lower-case letters and underscores within quotes, on lines that give a code.
fn codes() -> Vec<&'static str> {
    let is_code =
        |word: &str| word.len() > 3 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    SOURCES
        .iter()
        .flat_map(|source| source.lines())
        .filter(|line| line.contains("StatusCode::") || line.contains("Self::new("))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(|word| is_code(word))
        .collect()
}

#[test]
fn every_code_is_on_the_page() {
    let codes = codes();
    assert!(codes.len() > 12, "{codes:?}");
    for code in codes {
        let named = format!("`{code}`");
        assert!(PAGE.contains(&named), "docs/api.md does not name {named}");
    }
}

#[test]
fn every_route_is_on_the_page() {
    let routes: Vec<&str> = include_str!("route.rs")
        .split("\"/api/v1")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(routes.len() > 10, "{routes:?}");
    for route in routes {
        let ends = [format!(" {route}`"), format!(" {route}?")];
        let is_named = ends.iter().any(|end| PAGE.contains(end));
        assert!(is_named, "docs/api.md does not name {route}");
    }
}
