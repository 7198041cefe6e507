//! Labels true, lying and missing.

use super::*;
use crate::charset::{Target, encode};

const NOTICE: &str = "いつもお世話になっております。株式会社見本の山田です。\r\n\
                      来週の会議の件、下記の通りご案内いたします。\r\n";

fn check(label: &str, bytes: &[u8], expected: &str, charset: &str) {
    let decoded = decode(label, bytes);
    assert_eq!(decoded.text, expected, "{label}");
    assert_eq!(decoded.charset.name(), charset, "{label}");
}

fn bytes(target: Target, text: &str) -> Vec<u8> {
    encode(target, text).bytes
}

const ALL: [Target; 4] = [
    Target::Utf8,
    Target::Iso2022Jp,
    Target::ShiftJis,
    Target::EucJp,
];

#[test]
fn true_labels() {
    for target in ALL {
        check(target.name(), &bytes(target, NOTICE), NOTICE, target.name());
    }
    check("gb2312", b"\xc4\xe3\xba\xc3", "你好", "GBK");
    check("big5", b"\xa7A\xa6n", "你好", "Big5");
    check("euc-kr", b"\xbe\xc8\xb3\xe7", "안녕", "EUC-KR");
    check("iso-8859-1", b"caf\xe9", "café", "windows-1252");
    check("koi8-r", b"\xd0\xd2\xc9", "при", "KOI8-R");
}

#[test]
fn any_japanese_text_under_any_japanese_label() {
    for truth in ALL {
        for label in ALL {
            check(label.name(), &bytes(truth, NOTICE), NOTICE, truth.name());
        }
    }
}

#[test]
fn labels_that_say_nothing() {
    for label in [
        "",
        "us-ascii",
        "unknown-8bit",
        "x-unknown",
        "iso-2022-kr",
        "foo",
    ] {
        for truth in ALL {
            check(label, &bytes(truth, NOTICE), NOTICE, truth.name());
        }
    }
}

#[test]
fn japanese_under_western_labels() {
    check("iso-8859-1", NOTICE.as_bytes(), NOTICE, "UTF-8");
    check(
        "windows-1252",
        &bytes(Target::Iso2022Jp, NOTICE),
        NOTICE,
        "ISO-2022-JP",
    );
}

#[test]
fn short_unlabelled_texts() {
    for text in [
        "山田",
        "会議のご案内",
        "お見積書.pdf",
        "請求書",
        "Re: 打合せ",
        "テスト",
        "ソフト",
        "Fwd: Re: 表示",
        "ＡＢＣ商事",
        "～①～",
    ] {
        for truth in ALL {
            let bytes = bytes(truth, text);
            assert_eq!(
                decode_unlabelled(&bytes),
                text,
                "{text} in {}",
                truth.name()
            );
        }
    }
}

#[test]
fn unlabelled_text_may_be_cut_in_a_character() {
    for target in ALL {
        let bytes = bytes(target, "会議のご案内");
        let cut = bytes.get(..bytes.len() - 1).unwrap();
        assert!(
            decode_unlabelled(cut).starts_with("会議のご案"),
            "{}",
            target.name()
        );
    }
}

#[test]
fn unlabelled_western_text_is_not_taken_for_japanese() {
    for text in [
        "Die Frösche",
        "Müller",
        "Zürich, 5 €? né",
        "Señor Muñoz",
        "élève déjà vu, hôtel",
    ] {
        let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(text);
        assert_eq!(decode_unlabelled(&bytes), text);
        assert_eq!(decode("utf-8", &bytes).text, text);
        assert_eq!(decode("us-ascii", &bytes).text, text);
    }
}

#[test]
fn damaged_utf_8_stays_utf_8() {
    let cut = NOTICE.as_bytes().get(..32).unwrap();
    assert_eq!(decode("utf-8", cut).charset, Charset::Utf8);
    assert_eq!(decode("", cut).charset, Charset::Utf8);
    assert_eq!(decode("utf-8", cut).fidelity, Fidelity::Lossy);
}

#[test]
fn escapes_in_utf_8_text_do_not_make_it_iso_2022_jp() {
    let text = "山田 \u{1b}$B";
    assert_eq!(decode("utf-8", text.as_bytes()).text, text);
    assert_eq!(decode("", text.as_bytes()).text, text);
}

#[test]
fn utf_16_in_both_orders() {
    let little: Vec<u8> = "a山".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = "a山".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(decode("utf-16", &little).text, "a山");
    assert_eq!(decode("utf-16", &big).text, "a山");
    assert_eq!(
        decode("utf-16", &[&b"\xfe\xff"[..], &big].concat()).text,
        "a山"
    );
    assert_eq!(decode("utf-16le", &little).text, "a山");
    assert_eq!(decode("utf-16be", &big).text, "a山");
    assert_eq!(decode("utf-16", b"plain").text, "plain");
}

#[test]
fn a_byte_order_mark_is_dropped() {
    assert_eq!(decode("utf-8", "\u{feff}山".as_bytes()).text, "山");
}

#[test]
fn text_nearby_tells_the_charset() {
    fn near(charset: Charset, bytes: &[u8]) -> String {
        decode_unlabelled_near(bytes, Some(charset)).into_owned()
    }
    assert_eq!(near(Charset::ShiftJis, b"\xb1\xb2"), "ｱｲ");
    assert_eq!(near(Charset::EucJp, b"\xb1\xb2"), "渦");
    // Not when it does not fit, when the text is UTF-8, or when it has escapes.
    assert_eq!(near(Charset::Utf8, &bytes(Target::EucJp, NOTICE)), NOTICE);
    assert_eq!(near(Charset::ShiftJis, "山".as_bytes()), "山");
    assert_eq!(
        near(Charset::ShiftJis, &bytes(Target::Iso2022Jp, "山")),
        "山"
    );
}

#[test]
fn detection_looks_at_the_start_only() {
    let sjis = bytes(Target::ShiftJis, NOTICE);
    let filler = "x".repeat(crate::limits::MAX_DETECT_BYTES);
    // The Japanese text stands before what detection looks at ends, or after it.
    let before = [&sjis, filler.as_bytes()].concat();
    assert!(decode_unlabelled(&before).starts_with(NOTICE));
    let after = [filler.as_bytes(), &sjis].concat();
    assert!(!decode_unlabelled(&after).ends_with(NOTICE));
    // A sample that cuts a character of UTF-8 does not make it another charset.
    let cut = format!(
        "{}{NOTICE}\u{fffd}",
        "x".repeat(crate::limits::MAX_DETECT_BYTES - 1)
    );
    assert_eq!(decode("utf-8", cut.as_bytes()).charset, Charset::Utf8);
}

#[test]
fn the_output_is_bounded() {
    for label in [
        "",
        "utf-8",
        "iso-2022-jp",
        "shift_jis",
        "euc-jp",
        "utf-7",
        "utf-16",
        "gbk",
    ] {
        for byte in [0x00, 0x0e, 0x1b, b'+', 0x7f, 0x80, 0xa1, 0xe3, 0xff] {
            let input = vec![byte; 1000];
            assert!(decode(label, &input).text.len() <= 3000, "{label} {byte}");
        }
    }
}
