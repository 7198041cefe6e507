//! Tables as Excel writes and reads them: CSV in UTF-8 or Shift_JIS, with commas or tabs.
//!
//! Reading is strict where leniency would lose rows: a quote that is never closed swallows the rest
//! of a file, so it is an error with its row. Whatever the file, reading takes linear time and the
//! memory of one row beside the text.

mod encoding;
mod formula;
mod reader;
mod writer;

pub use encoding::{Encoding, EncodingChoice, decode};
pub use formula::{defused, restored};
pub use reader::{MAX_CELL_BYTES, MAX_COLUMNS, Record, Rows, Separator, SeparatorChoice};
pub use writer::{Writer, Written, encoded};

/// Why a file is not a table. The row is counted as Excel shows it: the first is 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SheetError {
    /// Bytes that are not of the encoding that was asked for, or found.
    #[error("row {row}: the bytes are not {encoding}: save the file as \"CSV UTF-8\"")]
    NotEncoded {
        /// The row with the first such bytes.
        row: u64,
        /// The encoding.
        encoding: Encoding,
    },
    /// Rows of several encodings in one file.
    #[error(
        "row {row} is in another encoding than the rows before it: the file was put together from \
         several; save it as \"CSV UTF-8\""
    )]
    Mixed {
        /// The first row of the other encoding.
        row: u64,
    },
    /// UTF-16, as Excel's "Unicode text" is.
    #[error("the file is UTF-16: save it as \"CSV UTF-8\"")]
    Utf16,
    /// A U+0000: no table has one.
    #[error("row {row}: there is a NUL character, which no table has: is this a CSV file?")]
    Nul {
        /// The row with it.
        row: u64,
    },
    /// A quote that is opened and never closed.
    #[error("row {row}: a quote (\") is opened and never closed")]
    OpenQuote {
        /// The row that it opens in.
        row: u64,
    },
    /// Something between a closing quote and the separator.
    #[error(
        "row {row}: there is text behind a closing quote (\"); write \"\" for a quote in a cell"
    )]
    BehindQuote {
        /// The row.
        row: u64,
    },
    /// A cell over [`MAX_CELL_BYTES`].
    #[error("row {row}: a cell is longer than {MAX_CELL_BYTES} bytes (is a quote missing?)")]
    CellTooLong {
        /// The row.
        row: u64,
    },
    /// A row with more cells than [`MAX_COLUMNS`].
    #[error("row {row}: there are more than {MAX_COLUMNS} columns")]
    TooManyColumns {
        /// The row.
        row: u64,
    },
}
