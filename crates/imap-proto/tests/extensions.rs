//! Commands and answers of the extensions: ENABLE, LIST-EXTENDED, LIST-STATUS, QUOTA, OBJECTID,
//! COMPRESS.

use hikyaku_imap_proto::{
    Command, Limits, ListLine, ListSelect, MailboxAttribute, QuotaLine, QuotaResource, RawCommand,
    Request, ResponseBuf, SearchKey,
};
use hikyaku_types::{Id as _, MessageId, ThreadId};

fn parse(text: &str) -> Result<Request, String> {
    let raw = RawCommand::from_bytes(text);
    Request::parse(&raw, &Limits::default()).map_err(|error| error.to_string())
}

/// The command as it is written out again: its normal form.
fn normal(text: &str) -> Result<String, String> {
    let mut out = Vec::new();
    parse(text)?.write(&mut out);
    Ok(String::from_utf8(out).unwrap().trim_end().to_owned())
}

#[test]
fn commands_are_read() {
    for (text, expected) in [
        ("a enable condstore x-good ", "a ENABLE CONDSTORE X-GOOD"),
        ("a COMPRESS deflate", "a COMPRESS DEFLATE"),
        ("a GETQUOTA \"\"", "a GETQUOTA \"\""),
        ("a GETQUOTA {3}\r\na b", "a GETQUOTA \"a b\""),
        ("a GETQUOTAROOT inbox", "a GETQUOTAROOT INBOX"),
        ("a SETQUOTA \"\" ()", "a SETQUOTA \"\" ()"),
        (
            "a SETQUOTA x (storage 512 MESSAGE 9223372036854775807)",
            "a SETQUOTA x (STORAGE 512 MESSAGE 9223372036854775807)",
        ),
        (
            "a LIST (RECURSIVEMATCH subscribed) \"\" %",
            "a LIST (RECURSIVEMATCH SUBSCRIBED) \"\" (\"%\") RETURN ()",
        ),
        (
            "a LIST \"\" % RETURN (STATUS (MESSAGES size) CHILDREN CHILDREN)",
            "a LIST () \"\" (\"%\") RETURN (STATUS (MESSAGES SIZE) CHILDREN)",
        ),
        (
            "a STATUS x (APPENDLIMIT deleted DELETED-STORAGE mailboxid SIZE)",
            "a STATUS x (APPENDLIMIT DELETED DELETED-STORAGE MAILBOXID SIZE)",
        ),
        (
            "a FETCH 1 (emailid THREADID)",
            "a FETCH 1 (EMAILID THREADID)",
        ),
        (
            "a SEARCH EMAILID M12 THREADID T-x_9",
            "a SEARCH (EMAILID M12 THREADID T-x_9)",
        ),
    ] {
        assert_eq!(normal(text).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn mistakes_are_named() {
    let long = format!("a SEARCH EMAILID {}", "M".repeat(256));
    let many = format!("a ENABLE{}", " x".repeat(101));
    let quotas = format!("a SETQUOTA x ({})", "a 1 ".repeat(101));
    for (text, expected) in [
        (
            "a ENABLE",
            "expected a space, but the command ends at column 9",
        ),
        (
            "a ENABLE (x)",
            "expected the name of an extension at column 10",
        ),
        (many.as_str(), "too many or too long: extensions to enable"),
        ("a COMPRESS gzip", "expected DEFLATE at column 12"),
        (
            "a COMPRESS DEFLATE x",
            "expected the end of the command at column 20",
        ),
        ("a SETQUOTA x (STORAGE)", "expected a space at column 22"),
        (
            "a SETQUOTA x (STORAGE 9223372036854775808)",
            "expected a number below 9223372036854775808 at column 23",
        ),
        (quotas.as_str(), "too many or too long: quota resources"),
        (
            "a LIST (RECURSIVEMATCH REMOTE) \"\" %",
            "expected SUBSCRIBED or SPECIAL-USE with RECURSIVEMATCH before this at column 31",
        ),
        (
            "a LIST \"\" % RETURN (STATUS)",
            "expected a space at column 27",
        ),
        (
            "a LIST \"\" % RETURN (STATUS ())",
            "expected at least one STATUS item before this at column 30",
        ),
        (
            "a SEARCH EMAILID \"x\"",
            "expected an object identifier at column 18",
        ),
        (long.as_str(), "too many or too long: an object identifier"),
    ] {
        assert_eq!(parse(text).unwrap_err(), expected, "{text:?}");
    }
}

#[test]
fn object_identifiers_name_what_they_are_of() {
    let Ok(Request {
        command: Command::Search(search),
        ..
    }) = parse("a SEARCH OR EMAILID M12 THREADID T34")
    else {
        panic!("no SEARCH");
    };
    let SearchKey::Or(one, other) = search.key else {
        panic!("no OR");
    };
    let (SearchKey::EmailId(email), SearchKey::ThreadId(thread)) = (*one, *other) else {
        panic!("no identifiers");
    };
    assert_eq!(email.message(), Some(MessageId::from_i64(12)));
    assert_eq!(email.thread(), None);
    assert_eq!(thread.thread(), Some(ThreadId::from_i64(34)));
    assert_eq!(thread.message(), None);
}

#[test]
fn answers_are_written() {
    let mut out = ResponseBuf::new();
    out.enabled(["CONDSTORE"]);
    out.enabled([]);
    out.quota_roots("Projects/仕事", [""]);
    out.quota_roots("INBOX", []);
    let line = |resource, used, limit| QuotaLine {
        resource,
        used,
        limit,
    };
    out.quota(
        "",
        &[
            line(QuotaResource::Storage, 10, 512),
            line(QuotaResource::Message, 7, 9),
        ],
    );
    let base = [ListSelect::Subscribed, ListSelect::SpecialUse];
    out.list_parent([MailboxAttribute::NonExistent], "a", base);
    out.list(ListLine::List, [], "a/b");
    let mut fetch = out.fetch(3);
    fetch.email_id(MessageId::from_i64(12));
    fetch.thread_id(Some(ThreadId::from_i64(34)));
    fetch.thread_id(None);
    fetch.end();
    let expected = [
        "* ENABLED CONDSTORE",
        "* ENABLED",
        "* QUOTAROOT Projects/&TtVOiw- \"\"",
        "* QUOTAROOT INBOX",
        "* QUOTA \"\" (STORAGE 10 512 MESSAGE 7 9)",
        "* LIST (\\NonExistent) \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\" \"SPECIAL-USE\"))",
        "* LIST () \"/\" a/b",
        "* 3 FETCH (EMAILID (M12) THREADID (T34) THREADID NIL)",
        "",
    ];
    assert_eq!(
        String::from_utf8(out.to_vec()).unwrap(),
        expected.join("\r\n")
    );
}
