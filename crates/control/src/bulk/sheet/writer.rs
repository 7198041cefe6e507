//! Writing rows that spreadsheets read, and that we read back.

use hikyaku_message::charset::{self, Target};

use super::{Encoding, defused};

/// Rows as they are written. They end in CRLF (RFC 4180).
#[derive(Debug, Clone, Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    /// Adds a row; every cell is made safe against being taken for a formula.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for (column, cell) in cells.into_iter().enumerate() {
            if column > 0 {
                self.text.push(',');
            }
            self.cell(&defused(cell));
        }
        self.text.push_str("\r\n");
    }

    /// The text so far; the writer is empty then.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    fn cell(&mut self, cell: &str) {
        let plain = !cell.contains([',', '"', '\n', '\r', '\t']) && cell.trim() == cell;
        if plain {
            self.text.push_str(cell);
        } else {
            self.text.push('"');
            self.text.push_str(&cell.replace('"', "\"\""));
            self.text.push('"');
        }
    }
}

/// Bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Characters that the encoding does not have.
    pub unmappable: usize,
}

/// A piece of text in the encoding of a file; the mark of [`Encoding::Utf8Bom`] is the caller's to
/// write, once.
pub fn encoded(text: &str, encoding: Encoding) -> Written {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Bom => Written {
            bytes: text.as_bytes().to_vec(),
            unmappable: 0,
        },
        Encoding::ShiftJis => {
            let encoded = charset::encode(Target::ShiftJis, text);
            Written {
                bytes: encoded.bytes,
                unmappable: encoded.unmappable,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};

    #[test]
    fn what_was_written_is_read_back() {
        let rows = [
            vec![
                "a",
                "b,c",
                "d\"e",
                "f\ng",
                " h ",
                "=1+1",
                "山田 太郎",
                "'x",
                "\ty",
            ],
            vec!["-1", "", "@", "+81"],
        ];
        let mut writer = Writer::default();
        for row in &rows {
            writer.row(row.iter().copied());
        }
        let text = writer.take();
        for encoding in [Encoding::Utf8, Encoding::ShiftJis] {
            let bytes = encoded(&text, encoding).bytes;
            let (read, _) = decode(&bytes, EncodingChoice::Auto).unwrap();
            let read: Vec<Record<'_>> = Rows::new(&read, SeparatorChoice::Comma)
                .map(Result::unwrap)
                .collect();
            for (record, row) in read.iter().zip(&rows) {
                let cells: Vec<&str> = record.cells.iter().map(|cell| restored(cell)).collect();
                assert_eq!(&cells, row);
            }
        }
        assert_eq!(encoded("\u{1f600}", Encoding::ShiftJis).unmappable, 1);
    }
}
