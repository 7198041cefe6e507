//! Tables of the splitter: what is code, what is not.

use super::{Source, block_end, find_word};

fn code(text: &str) -> String {
    Source::read(text).code().join("\n")
}

#[test]
fn strings_and_comments_are_no_code() {
    let table = [
        ("a // todo!()\nb", "a \nb"),
        ("a /* x /* y */ z */ b", "a b"),
        (r#"f("todo!()")"#, r#"f(" ")"#),
        (r#"f("a\"b") + 1"#, r#"f(" ") + 1"#),
        (r##"f(r#"a"b"#) + 1"##, r##"f(r#" "#) + 1"##),
        ("f(br\"x\\\") + 1", "f(br\" \") + 1"),
        ("let r#type = 'x';", "let r#type = ' ';"),
        (r"let q = '\''; x", "let q = ' '; x"),
        (r"let q = '\\'; x", "let q = ' '; x"),
        (r"let q = '\u{1F600}'; x", "let q = ' '; x"),
        ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
        ("b'\"' + 1", "b' ' + 1"),
        ("\"// no comment\" x", "\" \" x"),
        ("/* \" */ x", " x"),
        ("'日' x", "' ' x"),
        ("\"never ends\n{", "\" \n "),
        ("/* never ends\n{", " \n "),
    ];
    for (text, expected) in table {
        let found = code(text);
        assert_eq!(
            found.chars().count(),
            text.chars().count(),
            "{text:?} keeps its columns"
        );
        assert_eq!(squeezed(&found), expected, "of {text:?}");
    }
}

/// With one blank for several.
fn squeezed(text: &str) -> String {
    let mut squeezed = String::new();
    for c in text.chars() {
        if c != ' ' || !squeezed.ends_with(' ') {
            squeezed.push(c);
        }
    }
    squeezed
}

#[test]
fn comments_are_kept_apart() {
    let source = Source::read("let a = \"// s\"; // FIXME this\n/* and\nthat */ b");
    assert_eq!(source.comments()[0].trim(), "// FIXME this");
    assert_eq!(source.comments()[1].trim(), "/* and");
    assert_eq!(source.comments()[2].trim(), "that */");
    assert_eq!(source.code()[2].trim(), "b");
}

#[test]
fn test_modules_are_found() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { \"}\"; }\n}\nfn c() {}\n";
    let source = Source::read(text);
    let test: Vec<bool> = (0..6).map(|line| source.is_test(line)).collect();
    assert_eq!(test, [false, true, true, true, true, false]);
}

#[test]
fn a_test_module_in_its_own_file_marks_nothing() {
    let source = Source::read("#[cfg(test)]\nmod tests;\nfn a() { b() }\n");
    assert!((0..3).all(|line| !source.is_test(line)));
}

#[test]
fn words_are_whole() {
    let table = [
        ("XXX", Some(0)),
        ("a XXX b", Some(2)),
        ("mkstempXXXXXX", None),
        ("XXX_a, XXX", Some(7)),
        ("日XXX", None),
    ];
    for (line, expected) in table {
        assert_eq!(find_word(line, "XXX"), expected, "in {line:?}");
    }
}

#[test]
fn blocks_end_where_their_braces_do() {
    let table = [
        ("fn a() { }", Some(0)),
        ("fn a();", None),
        ("fn a(x: [u8; 4])\n{\n  { }\n}\n}", Some(3)),
        ("fn a() {", None),
        ("}", None),
    ];
    for (text, expected) in table {
        let source = Source::read(text);
        assert_eq!(block_end(source.code(), 0, 0), expected, "of {text:?}");
    }
}
