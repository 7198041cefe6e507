//! Text under construction from JIS code points.
//!
//! Two-byte characters are collected as EUC-JP bytes and decoded in runs, because EUC-JP is the
//! one table of `encoding_rs` that holds JIS X 0208 with NEC's and IBM's additions and
//! JIS X 0212 side by side. What it lacks (IBM's characters in JIS X 0212's rows, the user
//! defined areas of eucJP-ms) is added here.

use std::sync::OnceLock;

use encoding_rs::{EUC_JP, SHIFT_JIS};

/// Characters of a row of a 94×94 set.
const ROW: u32 = 94;

/// Collects decoded text.
#[derive(Debug, Default)]
pub(super) struct JisText {
    text: String,
    euc: Vec<u8>,
    errors: bool,
}

impl JisText {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            text: String::with_capacity(capacity),
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, character: char) {
        self.flush();
        self.text.push(character);
    }

    pub(super) fn push_str(&mut self, text: &str) {
        self.flush();
        self.text.push_str(text);
    }

    pub(super) fn push_error(&mut self) {
        self.errors = true;
        self.push(char::REPLACEMENT_CHARACTER);
    }

    /// A character of JIS X 0208; `row` and `cell` are 0x21 to 0x7E.
    pub(super) fn push_0208(&mut self, row: u8, cell: u8) {
        // Rows 85 to 94 are user defined (eucJP-ms), but 89 to 92 are NEC's selection of IBM's
        // characters in CP51932 and CP5022x, and that is what mailers send.
        match row {
            0x75..=0x78 | 0x7d | 0x7e => self.push_user_defined(0xe000, row, cell),
            _ => self.euc.extend_from_slice(&[row | 0x80, cell | 0x80]),
        }
    }

    /// Characters of JIS X 0208, as rows and cells.
    pub(super) fn push_0208_run(&mut self, pairs: &[[u8; 2]]) {
        let special = |row: u8| matches!(row, 0x75..=0x78 | 0x7d | 0x7e);
        if pairs.iter().any(|&[row, _]| special(row)) {
            for &[row, cell] in pairs {
                self.push_0208(row, cell);
            }
        } else {
            self.euc
                .extend(pairs.as_flattened().iter().map(|byte| byte | 0x80));
        }
    }

    /// A character of JIS X 0212, or of what eucJP-ms and ISO-2022-JP-MS put behind it.
    pub(super) fn push_0212(&mut self, row: u8, cell: u8) {
        match row {
            0x73 | 0x74 => match ibm_extension(row, cell) {
                Some(character) => self.push(character),
                None => self.push_error(),
            },
            0x75..=0x7e => self.push_user_defined(0xe000 + 10 * ROW, row, cell),
            _ => self.euc.extend_from_slice(&[0x8f, row | 0x80, cell | 0x80]),
        }
    }

    /// Half-width katakana; `code` is 0x21 to 0x5F.
    pub(super) fn push_kana(&mut self, code: u8) {
        match char::from_u32(0xff61 + u32::from(code) - 0x21) {
            Some(kana) if (0x21..=0x5f).contains(&code) => self.push(kana),
            _ => self.push_error(),
        }
    }

    /// A user defined character of a set that starts at `row` 0x75.
    fn push_user_defined(&mut self, first: u32, row: u8, cell: u8) {
        let offset = u32::from(row - 0x75) * ROW + u32::from(cell - 0x21);
        match char::from_u32(first + offset) {
            Some(character) => self.push(character),
            None => self.push_error(),
        }
    }

    fn flush(&mut self) {
        if self.euc.is_empty() {
            return;
        }
        let (text, errors) = EUC_JP.decode_without_bom_handling(&self.euc);
        self.text.push_str(&text);
        self.errors |= errors;
        self.euc.clear();
    }

    /// The text, and whether there were errors.
    pub(super) fn finish(mut self) -> (String, bool) {
        self.flush();
        (self.text, self.errors)
    }
}

/// IBM's extension characters that eucJP-ms puts into rows 83 and 84 behind JIS X 0212: the
/// non-kanji, then those kanji that JIS X 0212 lacks, in the order of CP932.
fn ibm_extension(row: u8, cell: u8) -> Option<char> {
    static TABLE: OnceLock<Vec<char>> = OnceLock::new();
    // The area starts at cell 83 of row 83.
    let index = (usize::from(row) * 94 + usize::from(cell)).checked_sub(0x73 * 94 + 0x73)?;
    TABLE.get_or_init(build_ibm_extension).get(index).copied()
}

fn build_ibm_extension() -> Vec<char> {
    let in_0212: std::collections::HashSet<char> = (0x21..=0x7e_u8)
        .flat_map(|row| (0x21..=0x7e_u8).map(move |cell| [0x8f, row | 0x80, cell | 0x80]))
        .filter_map(|euc| single(EUC_JP, &euc))
        .collect();
    (0xfa40_u16..=0xfc4b)
        .filter(|code| code & 0xff >= 0x40)
        .filter_map(|code| single(SHIFT_JIS, &code.to_be_bytes()).map(|found| (code, found)))
        .filter(|&(code, found)| match code {
            // The not sign, the broken bar (in JIS X 0212 already) and the because sign.
            0xfa54 | 0xfa55 | 0xfa5b => false,
            ..0xfa5c => true,
            _ => !in_0212.contains(&found),
        })
        .map(|(_, found)| found)
        .collect()
}

fn single(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> Option<char> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibms_characters_fill_their_area_exactly() {
        let table = build_ibm_extension();
        assert_eq!(table.len(), 106);
        assert_eq!(ibm_extension(0x73, 0x73), Some('ⅰ'));
        assert_eq!(ibm_extension(0x73, 0x7d), Some('Ⅰ'));
        assert_eq!(ibm_extension(0x74, 0x2b), Some('㈱'));
        assert_eq!(ibm_extension(0x74, 0x2d), Some('℡'));
        assert_eq!(ibm_extension(0x74, 0x2e), Some('炻'));
        assert_eq!(ibm_extension(0x74, 0x7e), table.last().copied());
        assert_eq!(ibm_extension(0x73, 0x72), None);
    }
}
