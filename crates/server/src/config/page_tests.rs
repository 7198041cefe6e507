//! Proves that docs/configuration.md tells the truth: its example can be read, shows the defaults,
//! and every key is explained.

use std::collections::BTreeSet;

use super::*;

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// The page's first block of TOML.
fn example() -> &'static str {
    let (_, rest) = PAGE.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0
}

/// The sections that have no defaults, and the name of the host.
fn without_defaults(example: &str) -> String {
    let must_be_there = ["hostname", "[tls]", "[listen]"];
    example
        .split("\n\n")
        .filter(|section| must_be_there.iter().any(|word| section.starts_with(word)))
        .map(|section| section.replace("data_dir = \".\"", ""))
        .collect::<Vec<_>>()
        .join("\n\n")
}

fn read(text: &str) -> String {
    let config = Config::parse(text, Path::new("/srv/mail")).unwrap();
    format!("{config:#?}")
}

#[test]
fn the_example_shows_the_defaults() {
    let (whole, short) = (example(), without_defaults(example()));
    assert!(short.len() < whole.len() && !short.contains("[limits]"));
    assert_eq!(read(whole), read(&short));
}

#[test]
fn the_example_listens_as_init_does() {
    let config = Config::parse(example(), Path::new("/srv/mail")).unwrap();
    for service in Service::ALL {
        assert_eq!(
            config.listen.addresses(service),
            service.default_addresses(None)
        );
    }
}

#[test]
fn every_key_has_its_row() {
    let shown = read(example());
    let keys: BTreeSet<&str> = shown
        .lines()
        .filter_map(|line| line.trim().split_once(": "))
        .map(|(key, _)| key)
        .filter(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        // A network's own parts, and the sections.
        .filter(|key| !["address", "prefix", "networks"].contains(key))
        .collect();
    assert!(keys.len() > 30, "{keys:?}");
    for key in keys {
        let row = format!("| `{key}` |");
        let section = format!("## `[{key}]`");
        let is_explained = PAGE.contains(&row) || PAGE.contains(&section);
        assert!(
            is_explained,
            "docs/configuration.md does not explain `{key}`"
        );
    }
}
