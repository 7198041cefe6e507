//! Bringing texts to the form in which they are compared.

use unicode_normalization::UnicodeNormalization as _;

/// The form of a text in which searches compare: NFKC (which folds width and half-width kana),
/// lower case, each run of white space one blank, and without characters that nobody sees.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    if text.is_ascii() {
        for byte in text.bytes() {
            push(&mut folded, char::from(byte.to_ascii_lowercase()));
        }
        return folded;
    }
    for c in text.nfkc() {
        match c {
            'ß' | 'ẞ' => folded.push_str("ss"),
            'ς' => folded.push('σ'),
            _ if is_invisible(c) => {}
            _ => c.to_lowercase().for_each(|lower| push(&mut folded, lower)),
        }
    }
    folded
}

/// How much text is brought to its compared form at once (64 KiB), so that a large text, or one
/// that grows a lot by it, takes little memory.
const WINDOW_BYTES: usize = 64 * 1024;

/// Whether a text contains another one, which is folded already.
///
/// Works in windows that end at the end of a line, where nothing is composed across; of the window
/// before so much is kept as the sought text can reach back.
pub(crate) fn contains_folded(text: &str, sought: &str) -> bool {
    let mut rest = text;
    let mut window = String::new();
    loop {
        let (piece, after) = rest.split_at(window_end(rest));
        let folded = fold(piece);
        let joins_blanks = window.ends_with(' ') && folded.starts_with(' ');
        window.push_str(folded.get(usize::from(joins_blanks)..).unwrap_or_default());
        if window.contains(sought) {
            return true;
        }
        if after.is_empty() {
            return false;
        }
        rest = after;
        let mut kept = window.len().saturating_sub(sought.len());
        while !window.is_char_boundary(kept) {
            kept -= 1;
        }
        window.drain(..kept);
    }
}

/// Where a window of the text ends: behind a line end, if there is one.
fn window_end(text: &str) -> usize {
    if text.len() <= WINDOW_BYTES {
        return text.len();
    }
    let mut end = WINDOW_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let line = text.get(..end).and_then(|window| window.rfind('\n'));
    line.map_or(end, |at| at + 1)
}

fn push(folded: &mut String, c: char) {
    if c.is_whitespace() {
        if !folded.ends_with(' ') {
            folded.push(' ');
        }
    } else {
        folded.push(c);
    }
}

/// Soft hyphens, zero-width characters and marks of direction.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_and_case_are_folded() {
        for (text, folded) in [
            ("ＡＢＣ　１２３", "abc 123"),
            ("ｶﾞｲﾄﾞ", "ガイド"),
            ("ガイド", "ガイド"),
            ("カ\u{3099}イト\u{3099}", "ガイド"),
            ("Straße ΟΔΟΣ ΟΔΟς", "strasse οδοσ οδοσ"),
            ("a\r\n\t b", "a b"),
            ("会\u{200b}議", "会議"),
            ("㈱山田", "(株)山田"),
            ("İ", "i\u{307}"),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }

    #[test]
    fn windows_hide_nothing() {
        for filler in ["x", "ｱ\n", "line of text\r\n", "\n", "\u{fdfa}"] {
            let before = filler.repeat(WINDOW_BYTES / filler.len() - 3);
            for needle in ["会議 資料", "needle", " a b "] {
                for padding in 0..8 {
                    let text = format!("{before}{}{needle}{before}", "y".repeat(padding));
                    assert!(
                        contains_folded(&text, &fold(needle)),
                        "{filler:?} {needle} {padding}"
                    );
                }
            }
            let text = before.repeat(3);
            assert!(!contains_folded(&text, "needle"));
            // A long needle that spans windows.
            let long = fold(&text);
            assert!(contains_folded(&text, &long), "{filler:?}");
        }
        assert!(contains_folded("", ""));
        assert!(!contains_folded("", "x"));
    }

    #[test]
    fn hiragana_and_katakana_stay_apart() {
        assert_ne!(fold("がいど"), fold("ガイド"));
    }
}
