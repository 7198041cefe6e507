//! Account lists as Excel writes them: CSV in UTF-8 (with or without BOM) or Shift_JIS, with the
//! columns name, address and password in any order (T-029).

use hikyaku_directory::bulk::{self, ImportRow};
use hikyaku_message::charset::{self, Charset, Fidelity};
use hikyaku_types::Secret;

use crate::problem::Problem;

/// Bytes of one file at most.
pub(crate) const MAX_BYTES: usize = 32 << 20;

/// Where each column stands.
struct Columns {
    name: Option<usize>,
    address: usize,
    password: usize,
}

/// Reads the rows of a whole file. What stands in them is judged by `directory::bulk`.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<ImportRow>, Problem> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| broken(&error))?;
    let columns = Columns::find(header)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        if rows.len() >= bulk::MAX_ROWS {
            let limit = bulk::MAX_ROWS;
            return Err(Problem::bad_request(format!(
                "the file has more than {limit} rows; split it"
            )));
        }
        rows.push(columns.row(&record));
    }
    if rows.is_empty() {
        return Err(Problem::bad_request("the file has a header but no rows"));
    }
    Ok(rows)
}

fn decode(bytes: &[u8]) -> Result<String, Problem> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned());
    }
    let decoded = charset::decode_as(Charset::ShiftJis, bytes);
    if decoded.fidelity == Fidelity::Lossy {
        return Err(Problem::bad_request(
            "the file is neither UTF-8 nor Shift_JIS; save it as \"CSV UTF-8\"",
        ));
    }
    Ok(decoded.text.into_owned())
}

fn broken(error: &csv::Error) -> Problem {
    Problem::bad_request(format!("the file is not CSV: {error}"))
}

impl Columns {
    fn find(header: &csv::StringRecord) -> Result<Self, Problem> {
        let find = |names: &[&str]| {
            header
                .iter()
                .position(|title| names.contains(&title.to_lowercase().as_str()))
        };
        let missing = |name: &str| {
            Problem::bad_request(format!(
                "the first row names no column \"{name}\"; it must be: name,address,password"
            ))
        };
        Ok(Self {
            name: find(&["name", "氏名", "名前"]),
            address: find(&["address", "メールアドレス"]).ok_or_else(|| missing("address"))?,
            password: find(&["password", "パスワード"]).ok_or_else(|| missing("password"))?,
        })
    }

    fn row(&self, record: &csv::StringRecord) -> ImportRow {
        let cell = |column: usize| record.get(column).unwrap_or_default();
        ImportRow {
            // As Excel counts: a cell with line ends is in one row, the header is row 1.
            number: record
                .position()
                .map_or(0, |position| position.record() + 1),
            name: self.name.map(cell).unwrap_or_default().to_owned(),
            address: cell(self.address).to_owned(),
            password: Secret::from(cell(self.password)),
        }
    }
}

#[cfg(test)]
mod tests {
    use hikyaku_message::charset::{self, Target};

    use super::*;

    const TWO: &str = "name,address,password\n山田 太郎,taro@example.test,a-pass\n\
                       ,hana@example.test,b-pass\n";

    #[test]
    fn files_are_read_in_the_encodings_of_excel() {
        let sjis = charset::encode(Target::ShiftJis, TWO).bytes;
        assert!(std::str::from_utf8(&sjis).is_err());
        let bom = [b"\xef\xbb\xbf", TWO.as_bytes()].concat();
        for bytes in [
            TWO.as_bytes().to_vec(),
            bom,
            sjis,
            TWO.replace('\n', "\r\n").into_bytes(),
        ] {
            let rows = read(&bytes).unwrap();
            assert_eq!(rows.len(), 2);
            assert_eq!(rows[0].name, "山田 太郎");
            assert_eq!(rows[1].address, "hana@example.test");
            assert_eq!(rows[1].password.expose(), "b-pass");
            assert_eq!((rows[0].number, rows[1].number), (2, 3));
        }
    }

    #[test]
    fn columns_come_in_any_order_and_in_japanese() {
        let rows =
            read("パスワード,氏名,メールアドレス\nx,花子,h@example.test\n".as_bytes()).unwrap();
        assert_eq!(rows[0].name, "花子");
        assert_eq!(rows[0].address, "h@example.test");
    }

    #[test]
    fn a_file_that_is_no_list_is_refused_as_a_whole() {
        for text in ["", "name,address\na,b@c.test\n", "name,address,password\n"] {
            assert!(read(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(read(b"address,password\n\xff\xff\xff,x\n").is_err());
    }
}
