//! What is written is legal and comes back.

use super::*;
use crate::rfc2047::decode;

const LONG: &str =
    "【重要】来週月曜日の定例会議（株式会社見本・第１会議室）について①㈱髙橋様ｶﾞの件 Re: Fwd: ok";

#[test]
fn plain_text_stays_plain() {
    for text in ["", "Hello", "Re: Hello, world (1/2) <x> \"q\"", "a=b?c"] {
        assert_eq!(encode(text, Target::Utf8), text);
    }
}

#[test]
fn words_are_encoded_and_plain_text_around_them_is_not() {
    assert_eq!(encode("Re: 山田", Target::Utf8), "Re: =?UTF-8?B?5bGx55Sw?=");
    assert_eq!(
        encode("Re: 山 田 for 山", Target::Utf8),
        "Re: =?UTF-8?B?5bGxIOeUsA==?= for =?UTF-8?B?5bGx?="
    );
    assert_eq!(encode("café", Target::Utf8), "=?UTF-8?Q?caf=C3=A9?=");
    assert_eq!(
        encode("山田", Target::Iso2022Jp),
        "=?ISO-2022-JP?B?GyRCOzNFRBsoQg==?="
    );
}

#[test]
fn every_word_is_valid_and_decodes_by_itself() {
    let long_ascii = "x".repeat(1000);
    let texts = [
        LONG,
        "é".repeat(200).as_str(),
        "😀".repeat(100).as_str(),
        &long_ascii,
        "a  b",
        " a ",
        "=?utf-8?B?fake?=",
        "tab\tand\u{7}bell 山",
        "山a".repeat(100).as_str(),
    ]
    .map(String::from);
    for text in &texts {
        for target in [
            Target::Utf8,
            Target::Iso2022Jp,
            Target::ShiftJis,
            Target::EucJp,
        ] {
            let encoded = encode(text, target);
            assert!(
                encoded.bytes().all(|byte| matches!(byte, b' '..=b'~')),
                "{encoded}"
            );
            for word in encoded.split(' ') {
                assert!(word.len() <= MAX_WORD_BYTES, "{word}");
                // No word depends on its neighbours.
                assert!(
                    !decode(word.as_bytes()).contains(char::REPLACEMENT_CHARACTER),
                    "{word}"
                );
            }
            let representable = encode_charset(target, text);
            let expected = if target == Target::Iso2022Jp && representable.unmappable == 0 {
                text.replace("ｶﾞ", "ガ")
            } else {
                text.clone()
            };
            let expected: String = expected
                .chars()
                .map(|c| if c.is_ascii_control() { ' ' } else { c })
                .collect();
            assert_eq!(decode(encoded.as_bytes()), expected.as_str(), "{encoded}");
        }
    }
}

#[test]
fn unrepresentable_text_falls_back_to_utf_8() {
    assert!(encode("山😀", Target::Iso2022Jp).starts_with("=?UTF-8?"));
}

#[test]
fn phrases() {
    let cases = [
        ("Taro Yamada", "Taro Yamada"),
        ("Yamada, Taro", "\"Yamada, Taro\""),
        ("J. \"R\" \\", "\"J. \\\"R\\\" \\\\\""),
        ("", "\"\""),
        ("a  b", "\"a  b\""),
        ("山田 太郎", "=?UTF-8?B?5bGx55SwIOWkqumDjg==?="),
        ("café x", "=?UTF-8?Q?caf=C3=A9_x?="),
        (
            "=?utf-8?Q?fake?=",
            "=?UTF-8?Q?=3D=3Futf-8=3FQ=3Ffake=3F=3D?=",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(encode_phrase(text, Target::Utf8), expected);
    }
}
