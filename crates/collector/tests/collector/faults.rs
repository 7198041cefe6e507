//! Sources that cut, stall, lie and talk nonsense.

use std::time::Duration;

use hikyaku_collector::{CollectError, Ended, SkipReason};
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

use crate::{
    fixture::{World, counts, job},
    imap_source::{Fault, Source, folder},
};

hikyaku_db::on_both_engines! {
    /// The connection is lost, the source refuses for a while, and everything comes all the same.
    async fn a_lost_connection_is_made_anew(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![
            folder("INBOX", &["a", "b", "c", "d"]),
            folder("B", &["e", "f"]),
        ])
        .await;
        source.model().cut_after = Some(2);
        source.model().bye_after = Some(4);
        let report = world.run(&job(&source.url())).await;
        assert!(matches!(report.ended, Ended::Complete));
        assert_eq!(report.reconnects, 2);
        assert_eq!(counts(&report.folders[0]), [4, 4, 0, 0, 0]);
        assert_eq!(counts(&report.folders[1]), [2, 2, 0, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["a", "b", "c", "d"]);
        world.check().await;
    }

    /// After so many attempts the run ends with a report of what was done, and can be run again.
    async fn a_source_that_stays_away_ends_the_run(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b"]), folder("B", &["c"])]).await;
        // B, after INBOX's two.
        source.model().cut_after = Some(2);
        let collector = hikyaku_collector::Collector::new(world.mail.clone(), world.limits);
        let away = source.clone();
        let tell = move |progress: hikyaku_collector::Progress| {
            if progress.folder == "B" {
                away.model().refuse_connections = 1_000;
            }
        };
        let report = collector.run(&job(&source.url()), tell).await.unwrap();
        let Ended::Early(CollectError::Lost(_)) = report.ended else {
            panic!("{:?}", report.ended)
        };
        assert_eq!(counts(&report.folders[0]), [2, 2, 0, 0, 0]);
        assert_eq!(counts(&report.folders[1]), [1, 0, 0, 0, 1]);
        assert_eq!(report.reconnects, u64::from(world.limits.attempts) - 1);
        source.model().refuse_connections = 0;
        let report = world.run(&job(&source.url())).await;
        assert_eq!(counts(&report.folders[1]), [1, 1, 0, 0, 0]);
        world.check().await;
    }

    async fn a_silent_source_is_left(test: TestDatabase) {
        let mut world = World::new(test).await;
        world.limits.silence = Duration::from_millis(300);
        let source = Source::start(vec![folder("INBOX", &["a", "b", "c"])]).await;
        source.model().stall_after = Some(1);
        let report = world.run(&job(&source.url())).await;
        assert_eq!(report.reconnects, 1);
        assert_eq!(counts(&report.folders[0]), [3, 3, 0, 0, 0]);
        world.check().await;
    }

    /// One message that ends every connection does not keep the others away.
    async fn a_message_that_ends_connections_is_skipped(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b", "c", "d"])]).await;
        source.model().folders[0].messages[2].fault = Some(Fault::Cut);
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [4, 3, 0, 1, 0]);
        assert_eq!(report.listed[0].number, 3);
        assert_eq!(report.listed[0].reason, SkipReason::EndsConnection(3));
        assert_eq!(world.subjects("INBOX").await, ["a", "b", "d"]);
        // It is tried again in the next run, and comes when it can.
        source.model().folders[0].messages[2].fault = None;
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [4, 1, 3, 0, 0]);
        world.check().await;
    }

    async fn messages_that_are_not_given_are_told(test: TestDatabase) {
        let mut world = World::new(test).await;
        world.limits.message_bytes = 1_000;
        let subjects = ["a", "refused", "unsent", "nil", "lies", "large", "empty", "b"];
        let source = Source::start(vec![folder("INBOX", &subjects)]).await;
        {
            let mut model = source.model();
            let messages = &mut model.folders[0].messages;
            messages[1].fault = Some(Fault::Refused);
            messages[2].fault = Some(Fault::Unsent);
            messages[3].fault = Some(Fault::Nil);
            // Listed as small, and then larger than may be taken.
            messages[4].fault = Some(Fault::SizeLie(10));
            messages[4].content.resize(1_001, b'x');
            messages[5].content.resize(2_000, b'x');
            messages[6].content.clear();
        }
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [8, 2, 0, 6, 0]);
        let mut reasons: Vec<_> = report.listed.iter().map(|s| (s.number, &s.reason)).collect();
        reasons.sort_unstable_by_key(|(number, _)| *number);
        let too_large = |size| SkipReason::TooLarge { size, limit: 1_000 };
        assert_eq!(reasons, [
            (2, &SkipReason::Refused("cannot read it".to_owned())),
            (3, &SkipReason::NotSent),
            (4, &SkipReason::Empty),
            (5, &too_large(1_001)),
            (6, &too_large(2_000)),
            (7, &SkipReason::Empty),
        ]);
        // What is too large by its listed size is not even asked for.
        assert_eq!(source.count("UID FETCH 6 "), 0);
        assert_eq!(world.subjects("INBOX").await, ["a", "b"]);
        world.check().await;
    }

    /// Sizes that are lies cost nothing but the wrong estimate.
    async fn wrong_sizes_do_not_matter(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b"])]).await;
        source.model().folders[0].messages[0].fault = Some(Fault::SizeLie(0));
        source.model().folders[0].messages[1].fault = Some(Fault::SizeLie(40_000_000));
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
        world.check().await;
    }

    async fn what_is_said_beside_the_point_is_passed_over(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b"])]).await;
        source.model().noise = [
            "* 99 EXISTS",
            "* 1 EXPUNGE",
            "* OK [ALERT] buy more",
            "* 1 FETCH (FLAGS (\\Deleted))",
            "* 1 FETCH (UID 77 BODY[] \"never asked for\")",
            "* 1 FETCH (UID 1 BODY[",
            "complete nonsense",
            "",
        ]
        .map(str::to_owned)
        .to_vec();
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["a", "b"]);
        world.check().await;
    }

    async fn a_folder_that_cannot_be_read_is_told(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![
            folder("INBOX", &["a"]),
            folder("numberless", &["x"]),
            folder("B", &["b"]),
        ])
        .await;
        source.model().folders[1].validity = 0;
        let report = world.run(&job(&source.url())).await;
        assert!(report.folders[1].failed.as_deref().unwrap().contains("UIDVALIDITY"));
        assert_eq!(counts(&report.folders[2]), [1, 1, 0, 0, 0]);
        world.check().await;
    }
}

/// What a server that says this, and then nothing more, makes of a run.
async fn begun_with(said: &'static str) -> CollectError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
    });
    let test = hikyaku_db::testing::fresh(hikyaku_db::Engine::Sqlite).await;
    let world = World::new(test).await;
    let job = job(&format!("imap://127.0.0.1:{port}/"));
    world.try_run(&job).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_imap_server_is_told() {
    for said in [
        "220 mail.old.test ESMTP\r\n",
        "+OK POP3\r\n",
        "HTTP/1.1 400\r\n\r\n",
    ] {
        let error = begun_with(said).await;
        assert!(
            matches!(error, CollectError::NotAServer { .. }),
            "{said:?}: {error}"
        );
        assert!(!error.is_temporary());
    }
    let error = begun_with("* BYE too busy\r\n").await;
    assert!(matches!(error, CollectError::Bye(_)), "{error}");
    let error = begun_with("").await;
    assert!(matches!(error, CollectError::Lost(_)), "{error}");
    assert!(error.is_temporary());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_is_told_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let test = hikyaku_db::testing::fresh(hikyaku_db::Engine::Sqlite).await;
    let world = World::new(test).await;
    let error = world
        .try_run(&job(&format!("imap://127.0.0.1:{port}/")))
        .await
        .unwrap_err();
    assert!(matches!(error, CollectError::Connect { .. }), "{error}");
}
