//! Fields of structs called `…Limits`, with the values of their first constructor.

use super::{Limit, docs_above};

/// The limits among the fields of one file.
pub(super) fn find(lines: &[&str]) -> Vec<Limit> {
    let mut found = Vec::new();
    let mut owner: Option<&str> = None;
    for (number, line) in lines.iter().enumerate() {
        if let Some(name) = struct_name(line) {
            owner = Some(name).filter(|name| name.ends_with("Limits"));
        } else if *line == "}" {
            owner = None;
        }
        let (Some(owner), Some(name)) = (owner, field(line)) else {
            continue;
        };
        found.push(Limit {
            name: format!("{owner}.{name}"),
            value: value_of(lines, number, name),
            about: docs_above(lines, number),
            line: number + 1,
        });
    }
    found
}

fn struct_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("struct ")?;
    if !(before.is_empty() || before.starts_with("pub")) {
        return None;
    }
    after.strip_suffix(" {")
}

/// The name of a field that is declared on a line.
fn field(line: &str) -> Option<&str> {
    let declared = line.strip_prefix("    ")?;
    let declared = match declared.split_once(' ') {
        Some((visibility, rest)) if visibility.starts_with("pub") => rest,
        _ => declared,
    };
    let (name, _) = declared.split_once(": ")?;
    name.chars()
        .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        .then_some(name)
}

/// What the first constructor after the declaration gives the field.
fn value_of(lines: &[&str], declared: usize, name: &str) -> String {
    let later = lines[declared + 1..].iter().map(|line| line.trim());
    let value = later
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .find_map(|value| value.strip_suffix(','));
    value.unwrap_or("given").to_owned()
}
