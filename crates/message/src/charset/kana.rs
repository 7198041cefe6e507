//! Half-width katakana to full width, as CP50220 writes them.

use std::borrow::Cow;

/// Full-width characters of U+FF61 to U+FF9F.
const FULL: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノ\
                    ハヒフヘホマミムメモヤユヨラリルレロワン゛゜";

/// `text` with full-width katakana; sound marks join the character before them.
pub(super) fn to_full_width(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_half_width) {
        return Cow::Borrowed(text);
    }
    let full: Vec<char> = FULL.chars().collect();
    let mut wide = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let index = (character as usize).checked_sub(0xff61);
        let Some(&base) = index.and_then(|index| full.get(index)) else {
            wide.push(character);
            continue;
        };
        let marked = characters.peek().and_then(|&mark| with_mark(base, mark));
        if marked.is_some() {
            characters.next();
        }
        wide.push(marked.unwrap_or(base));
    }
    Cow::Owned(wide)
}

fn is_half_width(character: char) -> bool {
    ('\u{ff61}'..='\u{ff9f}').contains(&character)
}

/// `base` with a half-width sound mark, when there is such a character.
fn with_mark(base: char, mark: char) -> Option<char> {
    let voiced = match base {
        'ウ' => return (mark == 'ﾞ').then_some('ヴ'),
        'カ'..='ト' => "カキクケコサシスセソタチツテト".contains(base),
        'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' => true,
        _ => false,
    };
    let step = match mark {
        'ﾞ' => 1,
        'ﾟ' if base >= 'ハ' => 2,
        _ => return None,
    };
    if voiced {
        char::from_u32(u32::from(base) + step)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_marks_are_joined() {
        assert_eq!(to_full_width("ｶﾞｷﾞｸﾞ ﾊﾟﾋﾞ ｳﾞ ﾂﾞ"), "ガギグ パビ ヴ ヅ");
        assert_eq!(to_full_width("ｱﾞｶﾟﾝ｡｢ｰ｣"), "ア゛カ゜ン。「ー」");
        assert_eq!(to_full_width("ﾞｱ"), "゛ア");
    }

    #[test]
    fn every_half_width_character_has_a_full_width_one() {
        assert_eq!(FULL.chars().count(), 0xff9f - 0xff61 + 1);
    }

    #[test]
    fn other_text_is_untouched() {
        assert!(matches!(
            to_full_width("カナ abc"),
            Cow::Borrowed("カナ abc")
        ));
    }
}
