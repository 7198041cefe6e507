//! curl: SMTP, POP3 and IMAP in plain text, upgraded and with TLS from the start; login names in
//! all their forms; HTTP.

use anyhow::{Result, ensure};
use hikyaku_testkit::host::PASSWORD;

use crate::stage::{HANAKO, STRANGER, Stage, TARO, contains, message};

/// curl's exit codes.
const CERTIFICATE_NOT_TRUSTED: i32 = 60;
const LOGIN_DENIED: i32 = 67;

/// A login name in each form that the directory knows.
const LOGIN_NAMES: [&str; 5] = [
    "taro@example.test",
    "taro%example.test",
    "Taro@Example.TEST",
    "t.yamada",
    "T.Yamada",
];

/// As the user of `login`; the message is on standard input's place, a file.
fn submit(stage: &Stage, url: &str, login: &str, from: &str) -> Result<()> {
    let text = message("submitted", "over curl").replace(&format!("Stranger <{STRANGER}>"), from);
    let file = stage.home.write("submit.eml", text)?.display().to_string();
    let user = Stage::user(login);
    let mut arguments = vec!["--ssl-reqd", "--user", &user, "--mail-from", from];
    arguments.extend(["--mail-rcpt", HANAKO, "--crlf", "--upload-file", &file, url]);
    stage.curl(&arguments)?.succeeded().map(drop)
}

#[test]
fn every_form_of_a_login_name_works_everywhere() -> Result<()> {
    let stage = Stage::start()?;
    stage
        .host
        .run(&["account", "set", TARO, "--add-login", "t.yamada"])?;
    stage.deliver(TARO, &message("one", "x"))?;
    let at = |scheme: &str, port: u16| format!("{scheme}://localhost:{}/", stage.host.port(port));
    for login in LOGIN_NAMES {
        let user = Stage::user(login);
        for url in [at("pop3", 110), at("pop3s", 995)] {
            let list = stage
                .curl(&["--ssl-reqd", "--user", &user, &url])?
                .succeeded()?;
            ensure!(
                list.stdout.starts_with(b"1 "),
                "{login} at {url}: {:?}",
                list.text()
            );
        }
        for url in [at("imap", 143), at("imaps", 993)] {
            let arguments = [
                "--ssl-reqd",
                "--user",
                &user,
                "--request",
                "STATUS INBOX (MESSAGES)",
            ];
            let status = stage
                .curl(&[&arguments[..], &[&url]].concat())?
                .succeeded()?;
            contains(&status.stdout, "MESSAGES 1)")?;
        }
        for url in [at("smtp", 587), at("smtps", 465)] {
            submit(&stage, &url, login, TARO)?;
        }
    }
    let arrived = stage.inbox(HANAKO)?.len();
    ensure!(
        arrived == 2 * LOGIN_NAMES.len(),
        "{arrived} messages arrived"
    );
    stage.end()
}

#[test]
fn wrong_passwords_and_unknown_names_are_refused_alike() -> Result<()> {
    let stage = Stage::start()?;
    for user in [
        format!("{TARO}:wrong"),
        format!("unknown@example.test:{PASSWORD}"),
    ] {
        for (scheme, port) in [("pop3s", 995), ("imaps", 993), ("smtps", 465)] {
            let url = format!("{scheme}://localhost:{}/", stage.host.port(port));
            stage
                .curl(&["--user", &user, &url])?
                .ended_with(LOGIN_DENIED)?;
        }
    }
    stage.end()
}

#[test]
fn services_that_are_switched_off_refuse_the_account() -> Result<()> {
    let stage = Stage::start()?;
    let user = Stage::user(TARO);
    for (switch, scheme, port) in [("--pop", "pop3s", 995), ("--imap", "imaps", 993)] {
        let url = format!("{scheme}://localhost:{}/", stage.host.port(port));
        stage.host.run(&["account", "set", TARO, switch, "off"])?;
        stage
            .curl(&["--user", &user, &url])?
            .ended_with(LOGIN_DENIED)?;
        stage.host.run(&["account", "set", TARO, switch, "on"])?;
        stage.curl(&["--user", &user, &url])?.succeeded()?;
    }
    stage.host.run(&["account", "set", TARO, "--smtp", "off"])?;
    let url = format!("smtps://localhost:{}/", stage.host.port(465));
    ensure!(
        submit(&stage, &url, TARO, TARO).is_err(),
        "sending was not refused"
    );
    stage.host.run(&["account", "set", TARO, "--smtp", "on"])?;
    submit(&stage, &url, TARO, TARO)?;
    stage.end()
}

/// That clients here really verify: without the certificate they do not even sign in.
#[test]
fn a_certificate_that_nobody_vouches_for_is_not_trusted() -> Result<()> {
    let stage = Stage::start()?;
    let other = Stage::start()?;
    let foreign = other.certificate();
    for (scheme, port) in [
        ("pop3s", 995),
        ("imaps", 993),
        ("smtps", 465),
        ("https", 443),
    ] {
        let url = format!("{scheme}://localhost:{}/", stage.host.port(port));
        // The last --cacert counts.
        let arguments = ["--cacert", &foreign, "--user", "x:y", &url];
        stage
            .curl(&arguments)?
            .ended_with(CERTIFICATE_NOT_TRUSTED)?;
    }
    // Each name in the certificate is good.
    for name in ["localhost", "127.0.0.1", "mail.example.test"] {
        let port = stage.host.port(443);
        let (to, url) = (
            format!("{name}:{port}:127.0.0.1"),
            format!("https://{name}:{port}/healthz"),
        );
        stage
            .curl(&["--resolve", &to, &url])?
            .succeeded()?
            .says("ok")?;
    }
    other.end()?;
    stage.end()
}

#[test]
fn pop3_lists_tops_and_deletes() -> Result<()> {
    let stage = Stage::start()?;
    for subject in ["one", "two", "three"] {
        stage.deliver(TARO, &message(subject, &format!("text of {subject}")))?;
    }
    let url = format!("pop3s://localhost:{}/", stage.host.port(995));
    let user = Stage::user(TARO);
    let top = stage
        .curl(&["--user", &user, "--request", "TOP 2 0", &url])?
        .succeeded()?;
    contains(&top.stdout, "Subject: two")?;
    ensure!(
        !top.text().contains("text of"),
        "TOP 2 0 gave text: {}",
        top.text()
    );
    let delete = ["--user", &user, "--request", "DELE 2", "--head", &url];
    stage.curl(&delete)?.succeeded()?;
    let left = stage.inbox(TARO)?;
    ensure!(left.len() == 2, "{} messages left", left.len());
    contains(&left[0], "text of one")?;
    contains(&left[1], "text of three")?;
    stage.end()
}

#[test]
fn addresses_beyond_ascii_are_delivered() -> Result<()> {
    let stage = Stage::start()?;
    let address = "山田@example.test";
    let create = ["account", "create", address, "--password-stdin"];
    stage.host.run_with(&create, PASSWORD)?;
    // curl asks for SMTPUTF8 by itself when an address needs it.
    stage.deliver(address, &message("utf8", "漢字の宛先"))?;
    let arrived = stage.only_message(address)?;
    contains(&arrived, "Delivered-To: 山田@example.test")?;
    contains(&arrived, "漢字の宛先")?;
    stage.end()
}

/// A URL of a folder in IMAP.
fn imap(stage: &Stage, folder: &str) -> String {
    format!("imaps://localhost:{}/{folder}", stage.host.port(993))
}

/// Uploads, lists, fetches whole and in parts, searches, deletes.
fn imap_reads_and_writes(stage: &Stage) -> Result<()> {
    let user = Stage::user(TARO);
    let imap = |arguments: &[&str]| stage.curl(&[&["--user", &user], arguments].concat());
    let text = message("uploaded", "請求書の件").replace('\n', "\r\n");
    let file = stage.home.write("upload.eml", &text)?.display().to_string();
    imap(&["--request", "CREATE Drafts2", &imap_root(stage)])?.succeeded()?;
    imap(&["--upload-file", &file, &self::imap(stage, "Drafts2")])?.succeeded()?;
    let list = imap(&[&imap_root(stage)])?.succeeded()?;
    contains(&list.stdout, "Drafts2")?;
    // APPEND changes nothing in a message.
    let whole = imap(&[&self::imap(stage, "Drafts2;MAILINDEX=1")])?.succeeded()?;
    ensure!(
        whole.stdout == text.as_bytes(),
        "fetched {:?}",
        whole.text()
    );
    let header = imap(&[&self::imap(
        stage,
        "Drafts2;UID=1;SECTION=HEADER.FIELDS%20(SUBJECT)",
    )])?;
    ensure!(
        header.succeeded()?.stdout == b"Subject: uploaded\r\n\r\n",
        "not only the subject"
    );
    let found = imap(&[&self::imap(stage, "Drafts2?SUBJECT%20upload")])?.succeeded()?;
    ensure!(
        found.stdout == b"* SEARCH 1\r\n",
        "found {:?}",
        found.text()
    );
    let none = imap(&[&self::imap(stage, "Drafts2?SUBJECT%20other")])?.succeeded()?;
    ensure!(none.stdout == b"* SEARCH\r\n", "found {:?}", none.text());
    let store = "STORE 1 +FLAGS (\\Deleted \\Flagged)";
    imap(&["--request", store, &self::imap(stage, "Drafts2")])?
        .succeeded()?
        .says("\\Flagged")?;
    imap(&["--request", "EXPUNGE", &self::imap(stage, "Drafts2")])?.succeeded()?;
    let gone = imap(&[&self::imap(stage, "Drafts2?ALL")])?.succeeded()?;
    ensure!(
        gone.stdout == b"* SEARCH\r\n",
        "after EXPUNGE {:?}",
        gone.text()
    );
    // curl has no code of its own for a SELECT that is refused.
    imap(&[&self::imap(stage, "Nowhere;UID=1")])?.ended_with(LOGIN_DENIED)?;
    Ok(())
}

fn imap_root(stage: &Stage) -> String {
    imap(stage, "")
}

#[test]
fn imap_works() -> Result<()> {
    let stage = Stage::start()?;
    imap_reads_and_writes(&stage)?;
    stage.end()
}

#[test]
fn imap_works_on_postgres() -> Result<()> {
    let Some(stage) = Stage::start_on_postgres()? else {
        return Ok(());
    };
    imap_reads_and_writes(&stage)?;
    stage.end()
}

#[test]
fn health_and_metrics_are_served() -> Result<()> {
    let stage = Stage::start()?;
    stage.deliver(TARO, &message("counted", "x"))?;
    for (scheme, port) in [("http", 80), ("https", 443)] {
        let url = format!("{scheme}://localhost:{}", stage.host.port(port));
        let health = stage
            .curl(&["--fail", &format!("{url}/healthz")])?
            .succeeded()?;
        ensure!(health.stdout == b"ok\n", "health: {:?}", health.text());
        let metrics = stage
            .curl(&["--fail", &format!("{url}/metrics")])?
            .succeeded()?;
        contains(&metrics.stdout, "# EOF\n")?;
        let lines = String::from_utf8(metrics.stdout)?;
        ensure!(
            lines.lines().any(|line| line.starts_with("hikyaku_")),
            "no metric of ours"
        );
        // Nobody is known: not without TLS, and not without signing in.
        let api = format!("{url}/api/v1/accounts");
        let code = ["--output", "/dev/null", "--write-out", "%{http_code}", &api];
        let expected = if scheme == "https" { "401" } else { "403" };
        let answered = stage.curl(&code)?.succeeded()?.stdout;
        ensure!(answered == expected.as_bytes(), "{scheme}: {answered:?}");
    }
    stage.end()
}
