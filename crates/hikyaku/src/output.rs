//! What commands print: JSON as it came, or lines and tables for people.

use serde_json::Value;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// The service's JSON, one document.
    Json,
    /// For people.
    Text,
}

impl Output {
    /// Prints `value` as JSON, or the line for people.
    pub(crate) fn result(self, value: &Value, line: impl FnOnce() -> String) {
        match self {
            Self::Json => println!("{value}"),
            Self::Text => println!("{}", line()),
        }
    }

    /// Prints a list as JSON, or as a table of the named fields.
    pub(crate) fn table(self, items: &Value, columns: &[(&str, &str)], empty: &str) {
        if self == Self::Json {
            println!("{items}");
            return;
        }
        let rows = items.as_array().map(Vec::as_slice).unwrap_or_default();
        if rows.is_empty() {
            println!("{empty}");
            return;
        }
        print!("{}", render(rows, columns));
    }
}

/// A field as people read it. `a/b` looks into an object.
pub(crate) fn text_of(item: &Value, field: &str) -> String {
    let value = item.pointer(&format!("/{field}")).unwrap_or(&Value::Null);
    // What others wrote (names, subjects) must not steer the terminal.
    in_words(value)
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// So many things: "1 message", "2 messages". The word takes an s when there are several.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        n => format!("{n} {thing}s"),
    }
}

/// A number of bytes, to a tenth of the largest unit that fits.
pub(crate) fn size_text(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut tenths = u128::from(bytes) * 10;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    match (unit, bytes) {
        (0, 1) => "1 byte".to_owned(),
        (0, bytes) => format!("{bytes} {name}"),
        _ => format!("{}.{} {name}", tenths / 10, tenths % 10),
    }
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(in_words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn render(rows: &[Value], columns: &[(&str, &str)]) -> String {
    let mut lines: Vec<Vec<String>> = vec![
        columns
            .iter()
            .map(|(_, title)| (*title).to_owned())
            .collect(),
    ];
    for row in rows {
        lines.push(
            columns
                .iter()
                .map(|(field, _)| text_of(row, field))
                .collect(),
        );
    }
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| {
            lines
                .iter()
                .filter_map(|line| line.get(column))
                .map(|c| width(c))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for line in &lines {
        let mut text = String::new();
        for (cell, wanted) in line.iter().zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', wanted - width(cell) + 2));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// Columns on a terminal: Japanese characters take two.
fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_line_up_with_japanese_names() {
        let rows = [
            json!({"name": "山田", "n": 1}),
            json!({"name": "Bob", "n": 20}),
        ];
        let table = render(&rows, &[("name", "NAME"), ("n", "N")]);
        assert_eq!(table, "NAME  N\n山田  1\nBob   20\n");
    }

    #[test]
    fn lists_within_a_field_are_told_in_words() {
        let item = json!({"aliases": ["a@x.test", "b@x.test"], "logins": []});
        assert_eq!(text_of(&item, "aliases"), "a@x.test, b@x.test");
        assert_eq!(text_of(&item, "logins"), "-");
    }

    #[test]
    fn one_is_not_several() {
        assert_eq!(counted(0, "account"), "0 accounts");
        assert_eq!(counted(1, "account"), "1 account");
        assert_eq!(counted(2, "account"), "2 accounts");
        for (bytes, expected) in [
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1536, "1.5 KiB"),
            (5 << 30, "5.0 GiB"),
            // Cut, not rounded: nothing looks larger than it is.
            (u64::MAX, "16777215.9 TiB"),
        ] {
            assert_eq!(size_text(bytes), expected);
        }
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(text_of(&json!({"s": "a\u{1b}[2J"}), "s"), "a\u{fffd}[2J");
    }
}
