//! Proves that docs/metrics.md lists what the server exposes: each name, its kind, nothing else.

use std::{collections::BTreeMap, path::Path};

use hikyaku_net::GateOptions;

use super::*;
use crate::{
    config::{Config, Template, render},
    running::Protocols,
};

const PAGE: &str = include_str!("../../../../docs/metrics.md");

/// The kind of each metric, by the name that its samples have.
type Kinds = BTreeMap<String, String>;

/// Rows of the page's tables: "| `name` | kind | …".
fn documented() -> Kinds {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
        let name = cells.next()?.strip_suffix('`')?;
        Some((name.to_owned(), cells.next()?.to_owned()))
    };
    PAGE.lines().filter_map(row).collect()
}

/// "# TYPE name kind" lines; samples of a counter end in `_total`.
fn exposed(text: &str) -> Kinds {
    let described = |line: &str| {
        let (name, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        let ending = if kind == "counter" { "_total" } else { "" };
        Some((format!("{name}{ending}"), kind.to_owned()))
    };
    text.lines().filter_map(described).collect()
}

async fn store(folder: &Path) -> Store {
    let text = render(&Template {
        hostname: "mail.example.test",
        database_url: "sqlite:hikyaku.db",
        port_base: None,
    });
    let config = Config::parse(&text, folder).unwrap();
    Store::open(config, "test").await.unwrap()
}

#[tokio::test]
async fn the_page_lists_what_is_exposed() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let sessions = Protocols::new(&store).metrics();
    let gate = Gate::new(GateOptions::default());
    let text = exposition(&store, &gate, sessions, None).render().unwrap();
    let exposed = exposed(&text);
    assert!(exposed.len() > 20, "{text}");
    assert_eq!(documented(), exposed, "docs/metrics.md and the code differ");
    store.close().await;
}
