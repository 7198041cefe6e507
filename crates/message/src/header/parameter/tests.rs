//! RFC 2231 and what is sent in its place.

use super::*;

/// Renders parameters as `wire_name=decoded`.
fn list(text: &str) -> Vec<String> {
    parse(text)
        .parameters
        .iter()
        .map(|found| format!("{}={}", found.wire_name(), found.value.decoded()))
        .collect()
}

#[test]
fn plain_forms() {
    let cases: [(&str, &[&str]); 12] = [
        ("; charset=utf-8", &["charset=utf-8"]),
        (
            "; CHARSET=\"utf-8\" ; format = flowed",
            &["charset=utf-8", "format=flowed"],
        ),
        ("; charset=us-ascii (Plain text)", &["charset=us-ascii"]),
        ("; (comment; x=y) charset=us-ascii", &["charset=us-ascii"]),
        ("; name=\"a \\\"b\\\" c;d\"", &["name=a \"b\" c;d"]),
        (
            "; name=report (1).pdf; x=y",
            &["name=report (1).pdf", "x=y"],
        ),
        ("; name=\"C:\\temp\\a.txt\"", &["name=C:\\temp\\a.txt"]),
        ("; name=\"unclosed; x=y", &["name=unclosed", "x=y"]),
        ("; a=1; A=2", &["a=1"]),
        ("; ; novalue; =3; x=; y", &["x="]),
        (
            "charset=utf-8, format=flowed",
            &["charset=utf-8, format=flowed"],
        ),
        ("", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(list(text), expected, "{text}");
    }
}

#[test]
fn rfc_2231_forms() {
    let cases: [(&str, &[&str]); 11] = [
        (
            "; filename*=utf-8'ja'%E5%B1%B1%E7%94%B0.txt",
            &["filename*=山田.txt"],
        ),
        ("; filename*=\"utf-8''%E5%B1%B1\"", &["filename*=山"]),
        (
            "; filename*=iso-2022-jp''%1B%24B%3B%33ED%1B%28B.txt",
            &["filename*=山田.txt"],
        ),
        (
            "; filename*=shift_jis'ja'%8ER%93c.txt",
            &["filename*=山田.txt"],
        ),
        // Split within a character, out of order, the plain section between extended ones.
        (
            "; f*2*=%B0; f*0*=utf-8''%E5%B1%B1%E7; f*1*=%94",
            &["f*=山田"],
        ),
        (
            "; name*0=\"long \"; name*1=\"name.txt\"",
            &["name=long name.txt"],
        ),
        (
            "; name*0*=utf-8''%E5%B1%B1; name*1=\".t%\"; name*2=xt",
            &["name*=山.t%xt"],
        ),
        (
            "; filename=a.txt; filename*=utf-8''%E5%B1%B1",
            &["filename*=山"],
        ),
        ("; filename*=%E5%B1%B1", &["filename*=山"]),
        ("; filename*=utf-8''100%; x=y", &["filename*=100%", "x=y"]),
        ("; name*1=b; name=a", &["name=a"]),
    ];
    for (text, expected) in cases {
        assert_eq!(list(text), expected, "{text}");
    }
}

#[test]
fn forms_against_the_standard() {
    let cases: [(&[u8], &[&str]); 6] = [
        (b"; name=\"=?UTF-8?B?5bGx55Sw?=.txt\"", &["name=山田.txt"]),
        (b"; name==?UTF-8?B?5bGx55Sw?=", &["name=山田"]),
        (
            b"; name=\"=?UTF-8?B?5bGx?= =?UTF-8?B?55Sw?=\"",
            &["name=山田"],
        ),
        (
            b"; name*0=\"=?UTF-8?B?5bGx\"; name*1=\"55Sw?=\"",
            &["name=山田"],
        ),
        (b"; filename=\"\x8eR\x93c.txt\"", &["filename=山田.txt"]),
        (
            b"; filename=\"\x1b$B;3ED\x1b(B.txt\"",
            &["filename=山田.txt"],
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(list(&crate::header::structured_text(value, None)), expected);
    }
}

#[test]
fn the_raw_value_of_joined_sections_is_one_extended_value() {
    let parsed = parse("; f*0*=utf-8'ja'%E5%B1; f*1=\"\u{b1} x\"");
    assert_eq!(
        parsed.parameters[0].value.raw(),
        b"utf-8'ja'%E5%B1%C2%B1%20x"
    );
}

#[test]
fn numbers_and_sizes_are_bounded() {
    let many: Vec<String> = (0..=MAX_PARAMETERS).map(|n| format!("; p{n}=v")).collect();
    let parsed = parse(&many.concat());
    assert_eq!(
        (parsed.parameters.len(), parsed.cut),
        (MAX_PARAMETERS, Cut::Yes)
    );
    let continued: Vec<String> = (0..100_000).map(|n| format!("; p*{n}=v")).collect();
    let parsed = parse(&continued.concat());
    assert_eq!((parsed.parameters.len(), parsed.cut), (1, Cut::Yes));
    assert_eq!(parsed.parameters[0].value.raw().len(), MAX_PARAMETERS);
    let long = format!("; a={}; b=1", "x".repeat(MAX_PARAMETER_BYTES + 1));
    let parsed = parse(&long);
    assert_eq!((parsed.parameters.len(), parsed.cut), (2, Cut::Yes));
    assert_eq!(parse(&long[1..]).parameters[1].value.raw(), b"1");
}
