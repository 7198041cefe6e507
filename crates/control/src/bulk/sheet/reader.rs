//! Reading rows (RFC 4180), one after the other.

use std::{borrow::Cow, str::FromStr};

use serde::{Deserialize, Serialize};

use super::SheetError;

/// Columns of a table at most (default 200): a directory has dozens.
pub const MAX_COLUMNS: usize = 200;

/// Bytes of a cell at most (default 32 KiB): Excel's own cells hold 32,767 characters.
pub const MAX_CELL_BYTES: usize = 32 << 10;

/// What stands between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Separator {
    /// A comma.
    Comma,
    /// A tab.
    Tab,
}

impl Separator {
    /// The character.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
        }
    }

    /// What the first row has more of, outside of quotes.
    fn of(text: &str) -> Self {
        let (mut commas, mut tabs, mut quoted) = (0, 0, false);
        for byte in text.bytes() {
            match byte {
                b'"' => quoted = !quoted,
                b',' if !quoted => commas += 1,
                b'\t' if !quoted => tabs += 1,
                b'\n' | b'\r' if !quoted => break,
                _ => {}
            }
        }
        if tabs > commas {
            Self::Tab
        } else {
            Self::Comma
        }
    }
}

/// What somebody says of the separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeparatorChoice {
    /// What the first row has more of.
    #[default]
    Auto,
    /// Commas.
    Comma,
    /// Tabs.
    Tab,
}

impl FromStr for SeparatorChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "comma" => Ok(Self::Comma),
            "tab" => Ok(Self::Tab),
            _ => Err("write auto, comma or tab".to_owned()),
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// As Excel counts: a cell with line ends is in one row, the first row is 1.
    pub number: u64,
    /// The cells, without their quotes.
    pub cells: Vec<Cow<'a, str>>,
}

/// The rows of a text. Empty lines are counted and passed over. After an error there is nothing
/// more: where the next row begins is not known.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    rest: &'a str,
    separator: Separator,
    row: u64,
}

impl<'a> Rows<'a> {
    /// The rows of a text.
    pub fn new(text: &'a str, choice: SeparatorChoice) -> Self {
        let separator = match choice {
            SeparatorChoice::Auto => Separator::of(text),
            SeparatorChoice::Comma => Separator::Comma,
            SeparatorChoice::Tab => Separator::Tab,
        };
        Self {
            rest: text,
            separator,
            row: 0,
        }
    }

    /// What stands between the cells.
    pub fn separator(&self) -> Separator {
        self.separator
    }

    fn record(&mut self) -> Result<Record<'a>, SheetError> {
        let mut cells = Vec::new();
        loop {
            if cells.len() >= MAX_COLUMNS {
                return Err(SheetError::TooManyColumns { row: self.row });
            }
            let (cell, end) = self.cell()?;
            cells.push(cell);
            if end == End::Row {
                let number = self.row;
                return Ok(Record { number, cells });
            }
        }
    }

    /// The next cell, and what ends it.
    fn cell(&mut self) -> Result<(Cow<'a, str>, End), SheetError> {
        let cell = if let Some(rest) = self.rest.strip_prefix('"') {
            self.quoted(rest)?
        } else {
            let end = self.rest.bytes().position(|b| self.ends(b));
            Cow::Borrowed(self.take(end.unwrap_or(self.rest.len())))
        };
        if cell.len() > MAX_CELL_BYTES {
            return Err(SheetError::CellTooLong { row: self.row });
        }
        let end = match self.rest.as_bytes() {
            [] => End::Row,
            [b'\r', b'\n', ..] => self.skip(2, End::Row),
            [b'\r' | b'\n', ..] => self.skip(1, End::Row),
            [byte, ..] if *byte == self.separator.byte() => self.skip(1, End::Cell),
            _ => return Err(SheetError::BehindQuote { row: self.row }),
        };
        Ok((cell, end))
    }

    /// A cell behind its opening quote.
    fn quoted(&mut self, mut rest: &'a str) -> Result<Cow<'a, str>, SheetError> {
        let mut cell: Option<String> = None;
        loop {
            let row = self.row;
            let Some(end) = rest.find('"') else {
                return Err(SheetError::OpenQuote { row });
            };
            let piece = rest.get(..end).unwrap_or_default();
            rest = rest.get(end + 1..).unwrap_or_default();
            if piece.len() + cell.as_ref().map_or(0, String::len) > MAX_CELL_BYTES {
                return Err(SheetError::CellTooLong { row });
            }
            if let Some(after) = rest.strip_prefix('"') {
                let text = cell.get_or_insert_default();
                text.push_str(piece);
                text.push('"');
                rest = after;
                continue;
            }
            self.rest = rest;
            return Ok(match cell {
                Some(text) => Cow::Owned(text + piece),
                None => Cow::Borrowed(piece),
            });
        }
    }

    fn ends(&self, byte: u8) -> bool {
        byte == self.separator.byte() || byte == b'\n' || byte == b'\r'
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn skip(&mut self, length: usize, end: End) -> End {
        self.take(length);
        end
    }
}

/// What ends a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Cell,
    Row,
}

impl<'a> Iterator for Rows<'a> {
    type Item = Result<Record<'a>, SheetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            self.row += 1;
            let record = self.record();
            match &record {
                Err(_) => self.rest = "",
                Ok(record) if record.cells.iter().all(|cell| cell.trim().is_empty()) => continue,
                Ok(_) => {}
            }
            return Some(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u64, Vec<String>)>, SheetError> {
        Rows::new(text, SeparatorChoice::Auto)
            .map(|record| {
                let record = record?;
                let cells = record.cells.iter().map(ToString::to_string).collect();
                Ok((record.number, cells))
            })
            .collect()
    }

    #[test]
    fn rows_are_read_as_spreadsheets_write_them() {
        for (text, rows) in [
            ("", vec![]),
            (
                "a,b\r\nc,\"d\"\"e\"\r\n",
                vec![(1, vec!["a", "b"]), (2, vec!["c", "d\"e"])],
            ),
            ("a\tb,c\td\n", vec![(1, vec!["a", "b,c", "d"])]),
            (
                "\"x\ny\",z\n\n,,\nw",
                vec![(1, vec!["x\ny", "z"]), (4, vec!["w"])],
            ),
            ("a,\n\"\",b", vec![(1, vec!["a", ""]), (2, vec!["", "b"])]),
            ("a\rb\r", vec![(1, vec!["a"]), (2, vec!["b"])]),
            ("a\"b,c", vec![(1, vec!["a\"b", "c"])]),
        ] {
            let read = read(text).unwrap();
            let read: Vec<(u64, Vec<&str>)> = read
                .iter()
                .map(|(row, cells)| (*row, cells.iter().map(String::as_str).collect()))
                .collect();
            assert_eq!(read, rows, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_row() {
        let long = format!("a\n{}\n", "x".repeat(MAX_CELL_BYTES + 1));
        let long_quoted = format!("a\n\"{}\"\n", "x\n".repeat(MAX_CELL_BYTES));
        let doubled = format!("a\n\"{}\n", "\"\"".repeat(MAX_CELL_BYTES + 2));
        let wide = format!("a\nb\n{}\n", ",".repeat(1_000_000));
        for (text, error) in [
            ("a,b\nc,\"d\n", SheetError::OpenQuote { row: 2 }),
            ("a\n\"b\"c,d\n", SheetError::BehindQuote { row: 2 }),
            (&long, SheetError::CellTooLong { row: 2 }),
            (&long_quoted, SheetError::CellTooLong { row: 2 }),
            (&doubled, SheetError::CellTooLong { row: 2 }),
            (&wide, SheetError::TooManyColumns { row: 3 }),
        ] {
            assert_eq!(read(text), Err(error));
        }
        let longest = "x".repeat(MAX_CELL_BYTES);
        assert!(read(&longest).is_ok());
        let widest = ",".repeat(MAX_COLUMNS - 1) + "x";
        assert!(read(&widest).is_ok());
        let too_wide = ",".repeat(MAX_COLUMNS) + "x";
        assert!(read(&too_wide).is_err());
    }
}
