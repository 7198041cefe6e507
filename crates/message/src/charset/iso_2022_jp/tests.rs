//! Every dialect, and what breaks stock decoders.

use super::*;

fn exact(bytes: &[u8], expected: &str) {
    assert_eq!(
        decode(bytes),
        (Cow::Borrowed(expected), Fidelity::Exact),
        "{expected}"
    );
}

fn lossy(bytes: &[u8], expected: &str) {
    assert_eq!(
        decode(bytes),
        (Cow::Borrowed(expected), Fidelity::Lossy),
        "{expected}"
    );
}

#[test]
fn rfc_1468() {
    exact(b"\x1b$B;3ED\x1b(B", "山田");
    exact(b"a \x1b$@;3\x1b(Jb", "a 山b");
    exact(b"\x1b(Jhttp://x/~a\\b\x1b(B", "http://x/~a\\b");
    exact(b"\x1b$B;3\x1b(B\r\n\x1b$BED\x1b(B\n", "山\r\n田\n");
    exact(b"plain", "plain");
    exact(b"", "");
}

#[test]
fn what_breaks_stock_decoders() {
    // Back-to-back escapes, empty runs, concatenated words.
    exact(b"\x1b(B\x1b(I12\x1b(B", "ｱｲ");
    exact(b"\x1b$B\x1b(B\x1b$B$\"", "あ");
    exact(b"\x1b$B$\"\x1b(B\x1b$B$$\x1b(B", "あい");
    // Line ends within two-byte text.
    exact(b"\x1b$B$\"\r\nabc", "あ\r\nabc");
    exact(b"\x1b$B$\"\nabc\n", "あ\nabc\n");
    // Blanks within two-byte text.
    exact(b"\x1b$B$\" $$\t$&\x1b(B", "あ い\tう");
}

#[test]
fn two_byte_text_broken_over_lines_goes_on() {
    exact(b"\x1b$B$\"\r\n$$$&\x1b(B!\r\n", "あ\r\nいう!\r\n");
    exact(b"\x1b$B$\"\n$$\x1b(J", "あ\nい");
    exact(
        b"\x1b$B$\"\r\n$$\r\n\r\n$&\x1b(Ba\n",
        "あ\r\nい\r\n\r\nうa\n",
    );
    // Not without the escape at its end, nor when the bytes are no pairs.
    exact(b"\x1b$B$\"\nab\n\x1b(B", "あ\nab\n");
    exact(b"\x1b$B$\"\nabc\x1b(B", "あ\nabc");
    exact(b"\x1b$B$\"\na b \x1b(B", "あ\na b ");
}

#[test]
fn half_width_katakana_in_every_form() {
    exact(b"\x1b(I123\x1b(B", "ｱｲｳ");
    exact(b"\x0e123\x0fabc", "ｱｲｳabc");
    exact(b"\xb1\xb2 abc", "ｱｲ abc");
    exact(b"\x1b$B;3\x1b(B\xb1\x1b$BED\x1b(B", "山ｱ田");
    // Shift out ends with the line.
    exact(b"\x0e12\r\nab", "ｱｲ\r\nab");
}

#[test]
fn microsofts_additions() {
    // NEC's row 13 and NEC's selection of IBM's characters.
    exact(b"\x1b$B-!-j|b\x1b(B", "①㈱髙");
    // ISO-2022-JP-MS: IBM's characters behind JIS X 0212, user defined characters.
    exact(b"\x1b$(Dt+\x1b(B", "㈱");
    exact(b"\x1b$(?!!!\"\x1b(B", "\u{e000}\u{e001}");
    exact(b"\x1b$Bu!\x1b(B", "\u{e000}");
}

#[test]
fn other_sets() {
    exact(b"\x1b$(D0!\x1b(B", "丂");
    exact(b"\x1b$(B;3\x1b(B", "山");
    exact(b"\x1b&@\x1b$B;3\x1b(B", "山");
    exact(b"\x1b$A;*\x1b(B", "华".to_owned().as_str());
    exact(b"\x1b$(C0!\x1b(B", "가");
    exact(b"\x1b.A\x1bNi\x1b.F\x1bNa", "éα");
    exact(b"\x1b$(Q;3\x1b(B", "山");
    lossy(b"\x1b$(P!!\x1b(Ba", "\u{fffd}a");
}

#[test]
fn utf_8_in_between() {
    exact(
        "\u{1b}$B;3\u{1b}(B\n-- \n配信停止\n".as_bytes(),
        "山\n-- \n配信停止\n",
    );
}

#[test]
fn broken_text_keeps_what_is_readable() {
    lossy(b"\x1b$B;", "\u{fffd}");
    lossy(b"\x1b$B;3E\x1b(Ba", "山\u{fffd}a");
    lossy(b"a\x1b", "a\u{fffd}");
    lossy(b"a\x1bZb", "a\u{fffd}Zb");
    lossy(b"\xff\x1b$B;3", "\u{fffd}山");
    lossy(b"\x1b(I~\x1b(B", "\u{fffd}");
}

#[test]
fn designations_are_told_from_stray_escapes() {
    for yes in [
        &b"a\x1b$B"[..],
        b"\x1b$@",
        b"\x1b(I",
        b"\x1bx\x1b$(D",
        b"\x1b(B\x1b$B",
    ] {
        assert!(has_designation(yes));
    }
    for no in [&b"a\x1b"[..], b"\x1b[31m", b"\x1b(B", b"\x1b$", b"$B", b""] {
        assert!(!has_designation(no));
    }
}

#[test]
fn cost_is_linear() {
    let broken = [b"\x1b$B".as_slice(), &b"$\"\n".repeat(300_000)].concat();
    let (text, _) = decode(&broken);
    assert!(text.len() < broken.len() * 3);
    let whole = [&broken, b"$\"\x1b(B".as_slice()].concat();
    assert_eq!(
        decode(&whole).0.chars().filter(|c| *c == 'あ').count(),
        300_001
    );
}
