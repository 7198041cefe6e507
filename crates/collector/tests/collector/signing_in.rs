//! Ways to sign in, and what is never sent in clear.

use hikyaku_collector::{CollectError, Credentials, Job, Secrecy};
use hikyaku_net::Authorities;
use hikyaku_types::Secret;

use crate::{
    fixture::{World, job},
    imap_source::{Source, folder},
    pop_source::PopSource,
};

async fn world() -> World {
    let test = hikyaku_db::testing::fresh(hikyaku_db::Engine::Sqlite).await;
    World::new(test).await
}

/// The first command of a sign-in with these capabilities.
async fn signed_in_with(capabilities: &str, change: impl FnOnce(&mut Job)) -> String {
    let source = Source::start(vec![folder("INBOX", &["a"])]).await;
    source.model().capabilities = String::from(capabilities);
    let mut job = job(&source.url());
    change(&mut job);
    let report = world().await.run_folder(&job).await;
    assert_eq!(report.imported, 1);
    let model = source.model();
    let first = model
        .commands
        .iter()
        .find(|command| !command.starts_with("CAPABILITY"));
    first.unwrap().clone()
}

fn with_token(job: &mut Job) {
    job.credentials = Credentials::Token(Secret::from("token-1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_best_common_way_is_taken() {
    let login = signed_in_with("IMAP4rev1", |_| ()).await;
    assert!(login.starts_with("LOGIN \"taro\" "), "{login}");
    // Without TLS the way that does not tell the password comes first.
    let cram = signed_in_with("IMAP4rev1 AUTH=PLAIN AUTH=CRAM-MD5", |_| ()).await;
    assert_eq!(cram, "AUTHENTICATE CRAM-MD5");
    let plain = signed_in_with("IMAP4rev1 AUTH=PLAIN LOGINDISABLED", |_| ()).await;
    assert_eq!(plain, "AUTHENTICATE PLAIN");
    let at_once = signed_in_with("IMAP4rev1 SASL-IR AUTH=PLAIN", |_| ()).await;
    assert!(
        at_once.starts_with("AUTHENTICATE PLAIN AHRhcm8A"),
        "{at_once}"
    );
    let token = signed_in_with("IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2", with_token).await;
    assert!(token.starts_with("AUTHENTICATE XOAUTH2 "), "{token}");
    let asked = signed_in_with("IMAP4rev1 AUTH=XOAUTH2", with_token).await;
    assert_eq!(asked, "AUTHENTICATE XOAUTH2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_of_any_characters_are_sent() {
    let source = Source::start(vec![folder("INBOX", &["a"])]).await;
    let mut job = job(&source.url());
    job.credentials = Credentials::Password(Secret::from("open sesame\"\\ひらけ"));
    world().await.run_folder(&job).await;
    assert_eq!(source.count("LOGIN \"taro\" {"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_told_in_the_servers_words_and_end_the_run() {
    let source = Source::start(vec![folder("INBOX", &["a"])]).await;
    let mut job = job(&source.url());
    job.credentials = Credentials::Password(Secret::from("wrong"));
    let world = world().await;
    let error = world.try_run(&job).await.unwrap_err();
    assert_eq!(error.to_string(), "the server refuses the sign-in: wrong");
    assert_eq!(source.model().connections, 1);
    // The server's explanation of a refused token is part of it.
    source.model().capabilities = String::from("IMAP4rev1 AUTH=XOAUTH2 SASL-IR");
    job.credentials = Credentials::Token(Secret::from("old token"));
    let error = world.try_run(&job).await.unwrap_err().to_string();
    assert!(error.contains("{\"status\":\"401\"}"), "{error}");
    // No way that both know.
    source.model().capabilities = String::from("IMAP4rev1 LOGINDISABLED AUTH=GSSAPI");
    let error = world.try_run(&job).await.unwrap_err();
    assert!(matches!(error, CollectError::NoMechanism { .. }));
    assert!(error.to_string().contains("GSSAPI"), "{error}");
    assert!(!format!("{job:?}").contains("old token"));
}

/// Without TLS nothing is said that must stay secret, whatever the server offers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_password_is_sent_in_clear_by_accident() {
    for (greeting, capabilities) in [
        ("* OK ready", "IMAP4rev1"),
        ("* PREAUTH welcome", "IMAP4rev1 STARTTLS"),
        // STARTTLS is announced and refused.
        ("* OK ready", "IMAP4rev1 STARTTLS"),
    ] {
        let source = Source::start(vec![folder("INBOX", &["a"])]).await;
        source.model().greeting = String::from(greeting);
        source.model().capabilities = String::from(capabilities);
        for secrecy in [
            Secrecy::AnyCertificate,
            Secrecy::Verified(Authorities::System),
        ] {
            let mut job = job(&source.url());
            job.secrecy = secrecy;
            let error = world().await.try_run(&job).await.unwrap_err();
            assert!(
                matches!(error, CollectError::NoTls | CollectError::TlsSetup(_)),
                "{error}"
            );
        }
        assert_eq!(source.count("LOGIN") + source.count("AUTHENTICATE"), 0);
    }
}

/// What somebody says between the go-ahead and TLS is not taken for the server's (CVE-2021-33515).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_before_tls_end_the_connection() {
    let source = Source::start(vec![folder("INBOX", &["a"])]).await;
    source.model().capabilities = String::from("IMAP4rev1 STARTTLS");
    source.model().injects = true;
    let pop = PopSource::start(&["a"]).await;
    pop.model().capabilities.push(String::from("STLS"));
    pop.model().injects = true;
    for url in [source.url(), pop.url()] {
        let mut job = job(&url);
        job.secrecy = Secrecy::AnyCertificate;
        let error = world().await.try_run(&job).await.unwrap_err();
        assert!(matches!(error, CollectError::Injected), "{url}: {error}");
    }
    assert_eq!(source.count("LOGIN") + pop.count("PASS"), 0);
}
