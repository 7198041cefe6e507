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
    fn hiragana_and_katakana_stay_apart() {
        assert_ne!(fold("がいど"), fold("ガイド"));
    }
}
