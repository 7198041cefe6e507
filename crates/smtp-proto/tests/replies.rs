//! Replies on the wire.

use hikyaku_smtp_proto::{EnhancedCode, MAX_REPLY_LINE, Misplaced, Reply, reply::table};

fn wire(reply: &Reply) -> String {
    let mut out = b"before".to_vec();
    reply.encode(&mut out);
    String::from_utf8(out.split_off(6)).expect("ASCII")
}

#[test]
fn one_line_and_several() {
    assert_eq!(wire(&table::bye()), "221 2.0.0 Bye\r\n");
    assert_eq!(
        wire(&table::greeting("mx.example.test", "ESMTP")),
        "220 mx.example.test ESMTP Hikyaku ready\r\n"
    );
    assert_eq!(
        wire(&table::ehlo(
            "mx.example.test",
            ["PIPELINING".to_owned(), "SIZE 1".to_owned()]
        )),
        "250-mx.example.test\r\n250-PIPELINING\r\n250 SIZE 1\r\n"
    );
    // RFC 2034 §4: the enhanced code is in every line.
    assert!(wire(&table::help()).starts_with("214-2.0.0 "));
    assert!(wire(&table::help()).contains("\r\n214 2.0.0 "));
    assert_eq!(wire(&table::challenge(String::new())), "334 \r\n");
}

#[test]
fn long_text_goes_on_in_another_line() {
    let code = EnhancedCode::new(5, 7, 1);
    let words = "word ".repeat(250);
    let text = wire(&Reply::new(550, code, words.trim_end().to_owned()));
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line.len() + 2 <= MAX_REPLY_LINE));
    assert!(lines[0].starts_with("550-5.7.1 word") && lines[2].starts_with("550 5.7.1 word"));
    let joined: Vec<_> = lines.iter().map(|line| &line[10..]).collect();
    assert_eq!(joined.join(" "), words.trim_end());
    // Without blanks it is cut where the line is full, and not a character is lost.
    let text = wire(&Reply::bare(250, "x".repeat(1_200)));
    let lines: Vec<_> = text.split_inclusive("\r\n").collect();
    assert_eq!(
        lines.iter().map(|line| line.len()).collect::<Vec<_>>(),
        [512, 512, 194]
    );
    assert_eq!(text.matches('x').count(), 1_200);
}

#[test]
fn text_from_outside_cannot_leave_its_line() {
    let reply = Reply::new(
        550,
        EnhancedCode::new(5, 1, 1),
        "no\r\n250 2.0.0 yes\u{7}日本".to_owned(),
    );
    assert_eq!(wire(&reply), "550 5.1.1 no  250 2.0.0 yes ??\r\n");
    assert_eq!(wire(&Reply::bare(334, "")), "334 \r\n");
}

#[test]
fn enhanced_codes_are_read_and_written() {
    for text in ["2.0.0", "4.3.1", "5.7.139"] {
        assert_eq!(text.parse::<EnhancedCode>().unwrap().to_string(), text);
    }
    for text in [
        "", "5", "5.1", "3.1.1", "5.1.1.1", "5.+1.1", "5.1.1000", "5..1", "x.1.1",
    ] {
        assert!(text.parse::<EnhancedCode>().is_err(), "{text:?}");
    }
}

#[test]
fn classes_are_told_by_the_code() {
    assert!(table::ok().is_success() && !table::ok().is_temporary());
    assert!(table::busy().is_temporary() && !table::busy().closes());
    assert!(table::timeout().closes() && table::bye().closes());
    assert!(!table::too_big(1).is_success() && !table::too_big(1).is_temporary());
}

#[test]
fn design_codes_are_what_clients_see() {
    for (reply, start) in [
        (
            table::too_big(26_214_400),
            "552 5.3.4 Message exceeds the limit of 26214400 octets",
        ),
        (table::too_many_recipients(), "452 4.5.3 "),
        (table::busy(), "452 4.3.1 "),
        (table::relay_denied(), "550 5.7.1 "),
        (table::shutting_down(), "421 4.3.2 "),
        (
            table::misplaced(Misplaced::NeedsAuth),
            "530 5.7.0 Authentication required",
        ),
        (
            table::misplaced(Misplaced::NeedsTls),
            "530 5.7.0 Issue STARTTLS first",
        ),
        (table::misplaced(Misplaced::PasswordNeedsTls), "538 5.7.11 "),
        (table::misplaced(Misplaced::Utf8Recipient), "553 5.6.7 "),
        (table::misplaced(Misplaced::NoValidRecipients), "554 5.5.1 "),
        (
            table::misplaced(Misplaced::NotGreeted),
            "503 5.5.1 Say EHLO first",
        ),
    ] {
        let text = wire(&reply);
        assert!(text.starts_with(start), "{text:?}");
    }
}
