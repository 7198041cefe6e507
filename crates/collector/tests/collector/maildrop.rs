//! POP3: everything comes once, and stays there.

use hikyaku_collector::{CollectError, Credentials, Ended, Secrecy, SkipReason};
use hikyaku_mailstore::{Fields, Flags};
use hikyaku_types::Secret;
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

use crate::{
    fixture::{World, counts, job, path},
    pop_source::{PopSource, message},
};

hikyaku_db::on_both_engines! {
    async fn a_maildrop_comes_once_and_stays(test: TestDatabase) {
        let world = World::new(test).await;
        let source = PopSource::start(&["a", "b"]).await;
        let expected = source.model().messages[0].content.len() as u64;
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["a", "b"]);
        let rows = world.rows("INBOX", Fields::PLACEMENT).await;
        // The dots in front of lines are gone again.
        assert_eq!(rows[0].size, expected);
        assert_eq!(rows[0].flags, Flags::default());
        // The header tells when it came.
        assert_eq!(rows[0].internal_date.at.seconds(), 1_767_571_200);
        source.model().messages.insert(0, message("c"));
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [3, 1, 2, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["a", "b", "c"]);
        assert_eq!(source.count("DELE"), 0);
        assert_eq!(source.count("RETR"), 3);
        world.check().await;
    }

    async fn a_lost_connection_is_made_anew(test: TestDatabase) {
        let world = World::new(test).await;
        let source = PopSource::start(&["a", "b", "c", "d"]).await;
        source.model().cut_after = Some(2);
        source.model().messages[3].ends = true;
        source.model().capabilities.push("PIPELINING".to_owned());
        let mut into = job(&source.url());
        into.selection.into = Some(path("Old/POP"));
        let report = world.run(&into).await;
        assert!(matches!(report.ended, Ended::Complete));
        assert_eq!(counts(&report.folders[0]), [4, 3, 0, 1, 0]);
        assert_eq!(report.folders[0].listed[0].reason, SkipReason::EndsConnection(3));
        assert_eq!(world.subjects("Old/POP").await, ["a", "b", "c"]);
        world.check().await;
    }

    async fn messages_over_the_limit_are_told(test: TestDatabase) {
        let mut world = World::new(test).await;
        world.limits.message_bytes = 300;
        let source = PopSource::start(&["a", "b"]).await;
        let long = format!("Subject: b\r\n\r\n{}", "x\r\n".repeat(200));
        source.model().messages[1].content = long.into_bytes();
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [2, 1, 0, 1, 0]);
        let reason = SkipReason::TooLarge { size: 614, limit: 300 };
        assert_eq!(report.listed[0].reason, reason);
        world.check().await;
    }

    /// RFC 1939 forbids it, and some servers do it all the same.
    async fn messages_with_one_id_are_still_two(test: TestDatabase) {
        let world = World::new(test).await;
        let source = PopSource::start(&["a", "b"]).await;
        source.model().messages[1].id = String::from("id-a");
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
        world.check().await;
    }
}

async fn world() -> World {
    let test = hikyaku_db::testing::fresh(hikyaku_db::Engine::Sqlite).await;
    World::new(test).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ways_to_sign_in_are_known() {
    let source = PopSource::start(&["a"]).await;
    let mut job = job(&source.url());
    world().await.run_folder(&job).await;
    assert_eq!(source.count("USER taro"), 1);
    source.model().capabilities = vec!["SASL PLAIN XOAUTH2".to_owned()];
    world().await.run_folder(&job).await;
    assert_eq!(source.count("AUTH PLAIN"), 1);
    // A server that knows no CAPA.
    source.model().capabilities.clear();
    world().await.run_folder(&job).await;
    assert_eq!(source.count("USER taro"), 2);
    let error = {
        job.credentials = Credentials::Token(Secret::from("token-1"));
        world().await.try_run(&job).await.unwrap_err()
    };
    assert!(matches!(error, CollectError::NoMechanism { .. }), "{error}");
    source.model().capabilities = vec!["SASL PLAIN XOAUTH2".to_owned()];
    world().await.run_folder(&job).await;
    assert_eq!(source.count("AUTH XOAUTH2"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_told() {
    let source = PopSource::start(&["a"]).await;
    let mut job = job(&source.url());
    let world = world().await;
    source.model().knows_ids = false;
    let report = world.run_folder(&job).await;
    assert!(report.failed.unwrap().contains("UIDL"));
    source.model().refusal = Some("[IN-USE] locked".to_owned());
    let error = world.try_run(&job).await.unwrap_err();
    assert!(matches!(error, CollectError::Busy(_)), "{error}");
    source.model().refusal = None;
    job.credentials = Credentials::Password(Secret::from("wrong"));
    let error = world.try_run(&job).await.unwrap_err();
    assert!(matches!(error, CollectError::SignIn(_)), "{error}");
    // Neither does a password go out without TLS by accident.
    let passwords = source.count("PASS");
    job.secrecy = Secrecy::AnyCertificate;
    let error = world.try_run(&job).await.unwrap_err();
    assert!(matches!(error, CollectError::NoTls), "{error}");
    source.model().capabilities.push("STLS".to_owned());
    let error = world.try_run(&job).await.unwrap_err();
    assert!(matches!(error, CollectError::NoTls), "{error}");
    assert_eq!(source.count("PASS"), passwords);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_pop3_server_is_told() {
    for (said, is_temporary) in [
        ("220 mail.old.test ESMTP\r\n".to_owned(), false),
        (format!("+OK {}", "x".repeat(9_000)), true),
        ("-ERR [SYS/TEMP] not now\r\n".to_owned(), true),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
        });
        let job = job(&format!("pop3://127.0.0.1:{port}/"));
        let error = world().await.try_run(&job).await.unwrap_err();
        assert_eq!(error.is_temporary(), is_temporary, "{error}");
    }
}
