//! Legal and illegal encoded words.

use super::*;

fn check(raw: &[u8], expected: &str) {
    assert_eq!(decode(raw), expected, "{}", String::from_utf8_lossy(raw));
}

#[test]
fn rfc_2047_section_8() {
    check(b"=?ISO-8859-1?Q?a?=", "a");
    check(b"=?ISO-8859-1?Q?a?= b", "a b");
    check(b"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab");
    check(b"=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab");
    check(b"=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab");
    check(b"=?ISO-8859-1?Q?a_b?=", "a b");
    check(b"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b");
    check(b"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore");
}

#[test]
fn words_split_where_they_should_not_be() {
    // Within a UTF-8 character, in both encodings and mixed.
    check(b"=?utf-8?B?5bE=?= =?utf-8?B?seeUsA==?=", "山田");
    check(b"=?utf-8?Q?=E5=B1?= =?UTF-8?Q?=B1=E7=94=B0?=", "山田");
    check(b"=?utf-8?B?5bE=?= =?UTF-8?Q?=B1=E7=94=B0?=", "山田");
    // Within an escape state, and within a two-byte character.
    check(
        b"=?iso-2022-jp?Q?=1B$B;3?= =?iso-2022-jp?Q?ED=1B(B?=",
        "山田",
    );
    check(
        b"=?iso-2022-jp?Q?=1B$B;?= =?ISO-2022-JP?Q?3ED=1B(B?=",
        "山田",
    );
    check(
        b"=?iso-2022-jp?B?GyRCOzMbKEI=?= =?iso-2022-jp?B?GyRCRUQbKEI=?=",
        "山田",
    );
    // Within a Shift_JIS character.
    check(b"=?shift_jis?Q?=8ER=93?= =?shift_jis?Q?c?=", "山田");
    // Within a base64 group.
    check(b"=?utf-8?B?5bGx5?= =?utf-8?B?5Sw?=", "山田");
    check(b"=?utf-8?B?5bGx55?= =?utf-8?B?Sw?=", "山田");
    // Padding forgotten at the end of a word.
    check(b"=?utf-8?B?5bGxQQ?= =?utf-8?B?55Sw?=", "山A田");
}

#[test]
fn different_charsets_are_not_joined() {
    check(b"=?utf-8?B?5bGx?= =?iso-2022-jp?B?GyRCRUQbKEI=?=", "山田");
    check(b"=?utf-8?B?5bE=?= =?shift_jis?Q?=93c?=", "\u{fffd}田");
}

#[test]
fn illegal_words_are_read_all_the_same() {
    // Too long, glued, with blanks, with a question mark, in quotes.
    let long = format!("=?utf-8?Q?{}?=", "=E5=B1=B1".repeat(100));
    check(long.as_bytes(), &"山".repeat(100));
    check(b"Re:=?utf-8?B?5bGx?=!", "Re:山!");
    check(b"=?utf-8?Q?a b?=", "a b");
    check(b"=?utf-8?B?5bGx 55Sw?=", "山田");
    check(b"=?utf-8?Q?why?not?=", "why?not");
    check(b"\"=?utf-8?B?5bGx?=\"", "\"山\"");
    check(b"=?utf-8?b?5bGx?=", "山");
    check(b"=?utf-8?Q??=", "");
    check(b"=?utf-8?Q?=e5=b1=b1=?=", "山=");
}

#[test]
fn an_endless_label_is_none() {
    let word = |len: usize| format!("=?{}?Q?a?=", "x".repeat(len));
    check(word(63).as_bytes(), "a");
    check(word(64).as_bytes(), &word(64));
}

#[test]
fn what_is_no_word_stays() {
    for text in [
        "=?",
        "=??=",
        "=?a?x?c?=",
        "=?utf-8?B?5bGx",
        "=?utf-8?X?a?=",
        "a =? b ?= c",
        "=?a b?Q?c?=",
    ] {
        check(text.as_bytes(), text);
    }
}

#[test]
fn raw_text() {
    check("山田".as_bytes(), "山田");
    check(b"\x1b$B;3ED\x1b(B", "山田");
    check(b"\x8eR\x93c\x82\xb3\x82\xf1", "山田さん");
    check(b"\x1b$B;3\x1b(B =?utf-8?B?55Sw?=", "山 田");
    check("山 =?utf-8?B?55Sw?=".as_bytes(), "山 田");
}

#[test]
fn lying_labels() {
    check(b"=?iso-2022-jp?B?5bGx55Sw?=", "山田");
    check(b"=?us-ascii?B?GyRCOzNFRBsoQg==?=", "山田");
    check(b"=?utf-8?B?GyRCOzNFRBsoQg==?=", "山田");
    check(b"=?unknown-8bit?B?5bGx55Sw?=", "山田");
}

#[test]
fn no_control_character_comes_out() {
    check(b"=?utf-8?Q?a=0D=0ABcc:_b=00=1B?=", "a  Bcc: b  ");
    check(b"a\tb", "a b");
}

#[test]
fn cost_is_linear() {
    for piece in ["=?a?Q?x", "=?a?B?x", "=?", "=?a?Q?x?= ", "=?utf-8?B?5bE?= "] {
        let raw = piece.repeat(200_000);
        assert!(decode(raw.as_bytes()).len() <= raw.len() * 3);
    }
}
