//! Constants whose names say that they limit something.

use super::{Limit, docs_above};

/// The limits among the constants of one file.
pub(super) fn find(lines: &[&str]) -> Vec<Limit> {
    let mut found = Vec::new();
    let mut owner = "";
    for (number, line) in lines.iter().enumerate() {
        if let Some(rest) = line.strip_prefix("impl ") {
            owner = owner_of(rest);
        }
        let Some((name, value)) = constant(lines, number) else {
            continue;
        };
        if !limits(name) {
            continue;
        }
        let inside = line.starts_with(' ') && !owner.is_empty();
        found.push(Limit {
            name: if inside {
                format!("{owner}::{name}")
            } else {
                name.to_owned()
            },
            value,
            about: docs_above(lines, number),
            line: number + 1,
        });
    }
    found
}

/// The type of `impl Type {`, of `impl Trait for Type {` and of `impl<T> Type<T> {`.
fn owner_of(rest: &str) -> &str {
    let target = rest.split(" for ").last().unwrap_or(rest);
    target
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .find(|word| !word.is_empty())
        .unwrap_or_default()
}

/// The name and value of the constant that begins on a line.
fn constant<'a>(lines: &[&'a str], number: usize) -> Option<(&'a str, String)> {
    let line = lines[number].trim();
    let after = match line.split_once("const ") {
        Some((before, after)) if before.is_empty() || before.starts_with("pub") => after,
        _ => return None,
    };
    let (name, _) = after.split_once(':')?;
    let statement = lines[number..].iter().map(|line| line.trim());
    let mut text = String::new();
    for line in statement.take(10) {
        text.push_str(line);
        if let Some(at) = text.find(';').filter(|_| !text.contains('[')) {
            text.truncate(at);
            break;
        }
        text.push(' ');
    }
    let (_, value) = text.split_once(" = ")?;
    Some((name.trim(), value.trim().to_owned()))
}

/// Does the name say that it limits something?
fn limits(name: &str) -> bool {
    let upper = name
        .chars()
        .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
    upper
        && name.len() > "MAX".len()
        && name
            .split('_')
            .any(|word| matches!(word, "MAX" | "LIMIT" | "TIMEOUT" | "PATIENCE"))
}
