//! Policies, equivalents, and what cannot be written.

use super::*;
use crate::charset::{Charset, Fidelity, decode_as};

fn bytes(target: Target, text: &str) -> Vec<u8> {
    let encoded = encode(target, text);
    assert_eq!(encoded.unmappable, 0, "{text}");
    encoded.bytes
}

#[test]
fn iso_2022_jp_starts_and_ends_in_ascii() {
    assert_eq!(bytes(Target::Iso2022Jp, "山田"), b"\x1b$B;3ED\x1b(B");
    assert_eq!(
        bytes(Target::Iso2022Jp, "a山\r\n田b"),
        b"a\x1b$B;3\x1b(B\r\n\x1b$BED\x1b(Bb"
    );
    assert_eq!(bytes(Target::Iso2022Jp, "abc"), b"abc");
    assert_eq!(bytes(Target::Iso2022Jp, ""), b"");
}

#[test]
fn the_other_charsets() {
    assert_eq!(bytes(Target::ShiftJis, "表ｱa"), b"\x95\x5c\xb1a");
    assert_eq!(bytes(Target::EucJp, "山ｱa"), b"\xbb\xb3\x8e\xb1a");
    assert_eq!(bytes(Target::Utf8, "山😀"), "山😀".as_bytes());
}

#[test]
fn characters_on_which_windows_and_jis_disagree_are_written() {
    for (text, back) in [
        ("〜—‖−", "～―∥－"),
        ("¢£¬", "￠￡￢"),
        ("¥‾¦", "￥￣￤"),
        ("\u{a0}\u{2011}", " ‐"),
        ("～―∥－￠￡￢", "～―∥－￠￡￢"),
    ] {
        for (target, charset) in [
            (Target::Iso2022Jp, Charset::Iso2022Jp),
            (Target::ShiftJis, Charset::ShiftJis),
            (Target::EucJp, Charset::EucJp),
        ] {
            let encoded = bytes(target, text);
            let decoded = decode_as(charset, &encoded);
            assert_eq!(decoded.text, back, "{target:?}");
            assert_eq!(decoded.fidelity, Fidelity::Exact);
        }
    }
}

#[test]
fn nec_and_ibm_characters_are_a_matter_of_policy() {
    let strict = Policy {
        extensions: Extensions::Refuse,
        ..Policy::default()
    };
    for target in [Target::Iso2022Jp, Target::ShiftJis, Target::EucJp] {
        let lenient = encode(target, "①㈱髙ⅲ");
        assert_eq!(lenient.unmappable, 0, "{target:?}");
        let refused = encode_with(target, "①㈱髙山ⅲ㈱", strict);
        assert_eq!(refused.unmappable, 5, "{target:?}");
        assert_eq!(refused.unmappable_listed, ['①', '㈱', '髙', 'ⅲ']);
    }
    assert_eq!(bytes(Target::Iso2022Jp, "①"), b"\x1b$B-!\x1b(B");
    assert_eq!(bytes(Target::ShiftJis, "髙"), b"\xfb\xfc");
}

#[test]
fn half_width_katakana_are_a_matter_of_policy() {
    assert_eq!(
        bytes(Target::Iso2022Jp, "ｶﾞ"),
        bytes(Target::Iso2022Jp, "ガ")
    );
    let half = Policy {
        kana: KanaWidth::Half,
        ..Policy::default()
    };
    let encoded = encode_with(Target::Iso2022Jp, "ｱ山", half);
    assert_eq!(encoded.bytes, b"\x1b(I1\x1b$B;3\x1b(B");
}

#[test]
fn what_cannot_be_written_is_counted_and_listed() {
    let encoded = encode(Target::Iso2022Jp, "a😀é한😀");
    assert_eq!(encoded.unmappable, 4);
    assert_eq!(encoded.unmappable_listed, ['😀', 'é', '한']);
    assert_eq!(encoded.bytes, b"a\x1b$B\".\".\".\".\x1b(B");
    let many: String = (0..100)
        .filter_map(|n| char::from_u32(0x1f600 + n))
        .collect();
    let encoded = encode(Target::ShiftJis, &many);
    assert_eq!(encoded.unmappable, 100);
    assert_eq!(encoded.unmappable_listed.len(), MAX_UNMAPPABLE_LISTED);
}

#[test]
fn escapes_in_the_text_cannot_be_smuggled_in() {
    let encoded = encode(Target::Iso2022Jp, "a\u{1b}$B\u{e}");
    assert_eq!(encoded.unmappable, 2);
    assert!(!encoded.bytes.windows(3).any(|window| window == b"\x1b$B$B"));
}

#[test]
fn everything_in_the_tables_comes_back() {
    for (target, charset) in [
        (Target::Iso2022Jp, Charset::Iso2022Jp),
        (Target::ShiftJis, Charset::ShiftJis),
        (Target::EucJp, Charset::EucJp),
    ] {
        let all: String = (0x80..0xffff).filter_map(char::from_u32).collect();
        let mappable: String = all
            .chars()
            .filter(|&c| equivalent(c) == c && code(target, c, Extensions::Allow).is_some())
            .collect();
        assert!(mappable.chars().count() > 6_800, "{target:?}");
        let half = Policy {
            kana: KanaWidth::Half,
            ..Policy::default()
        };
        let encoded = encode_with(target, &mappable, half);
        let decoded = decode_as(charset, &encoded.bytes);
        assert!(decoded.text == mappable, "{target:?}");
        assert_eq!(decoded.fidelity, Fidelity::Exact);
    }
}
