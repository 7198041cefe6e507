//! From the bytes of a file to its rows.

use std::collections::HashMap;

use hikyaku_types::EmailAddress;
use serde::Serialize;

use crate::bulk::{
    Draft, Flaw,
    columns::{Column, Layout, LayoutError},
    options::{ImportOptions, Mode},
    sheet::{self, Encoding, Record, Rows, Separator, SheetError},
};

/// Bytes of a file at most (default 32 MiB): 100,000 rows of 300 bytes.
pub const MAX_BYTES: usize = 32 << 20;

/// Rows of a file at most (default 100,000), the headings apart.
pub const MAX_ROWS: usize = 100_000;

/// Why a file is no table of accounts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It is no table.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// Its columns are not understood.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Nothing but headings, or not even those.
    #[error("the file has no rows")]
    Empty,
    /// Over [`MAX_ROWS`].
    #[error("the file has more than {MAX_ROWS} rows: split it")]
    TooManyRows,
}

impl ImportError {
    /// The row it is about, as Excel counts.
    pub fn row(&self) -> Option<u64> {
        match self {
            Self::Sheet(
                SheetError::NotEncoded { row, .. }
                | SheetError::Mixed { row }
                | SheetError::Nul { row }
                | SheetError::OpenQuote { row }
                | SheetError::BehindQuote { row }
                | SheetError::CellTooLong { row }
                | SheetError::TooManyColumns { row },
            ) => Some(*row),
            Self::Layout(_) => Some(1),
            _ => None,
        }
    }
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspected {
    /// Its encoding.
    pub encoding: Encoding,
    /// What stands between its cells.
    pub separator: Separator,
    /// What each column is; null for those that are passed over.
    pub columns: Vec<Option<Column>>,
    /// Its rows, the headings apart.
    pub rows: usize,
}

/// Looks at a file: whether it is a table, and what is in it. Takes the time of reading it: not for
/// an async task.
pub fn inspect(bytes: &[u8], options: &ImportOptions) -> Result<Inspected, ImportError> {
    let (text, encoding) = sheet::decode(bytes, options.encoding)?;
    let mut rows = Rows::new(&text, options.separator);
    let separator = rows.separator();
    let (layout, first) = layout(&mut rows, options)?;
    let mut count = usize::from(first.is_some());
    for record in rows {
        record?;
        count += 1;
        if count > MAX_ROWS {
            return Err(ImportError::TooManyRows);
        }
    }
    if count == 0 {
        return Err(ImportError::Empty);
    }
    Ok(Inspected {
        encoding,
        separator,
        columns: layout.columns,
        rows: count,
    })
}

/// The rows of a file that was inspected.
pub(super) fn drafts(bytes: &[u8], options: &ImportOptions) -> Result<Vec<Draft>, ImportError> {
    let (text, _) = sheet::decode(bytes, options.encoding)?;
    let mut rows = Rows::new(&text, options.separator);
    let (mut layout, first) = layout(&mut rows, options)?;
    if options.mode == Mode::Delete {
        // Only the address counts: what else a list says is no reason to keep an account.
        for column in &mut layout.columns {
            *column = column.filter(|column| *column == Column::Address);
        }
    }
    let mut seen: HashMap<EmailAddress, u64> = HashMap::new();
    let mut drafts = Vec::new();
    for record in first.map(Ok).into_iter().chain(rows) {
        let mut draft = Draft::read(&record?, &layout, options.empty);
        if let Some(address) = &draft.address {
            let first = *seen.entry(address.clone()).or_insert(draft.number);
            if first != draft.number {
                let detail = format!("the address stands in row {first} already");
                draft.flaws.push(Flaw::in_column(Column::Address, detail));
            }
        }
        drafts.push(draft);
        if drafts.len() > MAX_ROWS {
            return Err(ImportError::TooManyRows);
        }
    }
    Ok(drafts)
}

/// The layout, and the first row when it holds no headings.
fn layout<'a>(
    rows: &mut Rows<'a>,
    options: &ImportOptions,
) -> Result<(Layout, Option<Record<'a>>), ImportError> {
    let first = rows.next().ok_or(ImportError::Empty)??;
    let known = |cell: &str| Column::of_heading(cell).is_some();
    let headed = first.cells.iter().any(|cell| known(cell))
        && !first.cells.iter().any(|cell| cell.contains('@'));
    let layout = match &options.columns {
        Some(columns) => Layout::new(columns.clone(), headed)?,
        None => Layout::guess(first.cells.iter().map(AsRef::as_ref))?,
    };
    let first = if options.columns.is_some() && !headed {
        Some(first)
    } else {
        None
    };
    Ok((layout, first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspected(
        text: &str,
        columns: Option<Vec<Option<Column>>>,
    ) -> Result<Inspected, ImportError> {
        let options = ImportOptions {
            columns,
            ..ImportOptions::default()
        };
        inspect(text.as_bytes(), &options)
    }

    #[test]
    fn a_file_is_looked_at_before_it_is_taken() {
        let found =
            inspected("氏名\tメールアドレス\t靴\n花子\th@example.test\t23\n", None).unwrap();
        assert_eq!(
            found.columns,
            [Some(Column::Name), Some(Column::Address), None]
        );
        assert_eq!((found.rows, found.separator), (1, Separator::Tab));
        let given = Some(vec![Some(Column::Address), None]);
        assert_eq!(
            inspected("h@example.test,x\n", given.clone()).unwrap().rows,
            1
        );
        assert_eq!(
            inspected("mail,x\nh@example.test,x\n", given).unwrap().rows,
            1
        );
        assert_eq!(inspected("", None), Err(ImportError::Empty));
        assert_eq!(inspected("address\n", None), Err(ImportError::Empty));
        let no_address = inspected("name,password\na,b\n", None).unwrap_err();
        assert_eq!(no_address.row(), Some(1));
        let many = "address\n".to_owned() + &"x\n".repeat(MAX_ROWS);
        assert_eq!(inspected(&many, None).unwrap().rows, MAX_ROWS);
        assert_eq!(
            inspected(&(many + "x\n"), None),
            Err(ImportError::TooManyRows)
        );
    }

    #[test]
    fn rows_know_what_is_wrong_with_them() {
        let text = "address,quota_bytes,pop\na@example.test,10GB,on\nA@example.test,,\n\
                    b,1,off\nc@example.test,much,maybe\n,1,on\nd@example.test,1,on,more\n";
        let drafts = drafts(text.as_bytes(), &ImportOptions::default()).unwrap();
        let columns: Vec<Vec<Option<&str>>> = drafts
            .iter()
            .map(|draft| draft.flaws.iter().map(|flaw| flaw.column).collect())
            .collect();
        assert_eq!(
            columns,
            [
                vec![],
                vec![Some("address")],
                vec![Some("address")],
                vec![Some("quota_bytes"), Some("pop")],
                vec![Some("address")],
                vec![None]
            ]
        );
        assert_eq!(drafts[0].form.quota_bytes, Some("10GB".parse().unwrap()));
        assert_eq!(drafts[0].form.pop, Some(true));
    }
}
