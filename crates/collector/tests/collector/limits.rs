//! Each limit is crossed.

use hikyaku_collector::{CollectError, Ended, FOLDERS_MAX};

use crate::{
    fixture::{World, counts, job},
    imap_source::{Source, folder},
    pop_source::PopSource,
};

async fn world() -> World {
    let test = hikyaku_db::testing::fresh(hikyaku_db::Engine::Sqlite).await;
    World::new(test).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_without_end_are_refused() {
    let folders = (0..=FOLDERS_MAX).map(|n| folder(&format!("f{n}"), &[]));
    let source = Source::start(folders.collect()).await;
    let error = world()
        .await
        .try_run(&job(&source.url()))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            CollectError::TooMany {
                limit: FOLDERS_MAX,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_without_end_is_left() {
    let source = Source::start(vec![folder("INBOX", &["a"])]).await;
    // So many with each command: the limit is crossed before the first folder is read.
    source.model().noise = vec!["complete nonsense".to_owned(); 51];
    let error = world()
        .await
        .try_run(&job(&source.url()))
        .await
        .unwrap_err();
    assert!(matches!(error, CollectError::Protocol(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_without_end_is_left() {
    let source = Source::start(vec![folder("INBOX", &["a"])]).await;
    source.model().noise = vec!["x".repeat((1 << 20) + 1)];
    let error = world()
        .await
        .try_run(&job(&source.url()))
        .await
        .unwrap_err();
    assert!(matches!(error, CollectError::TooMuch(_)), "{error}");
}

/// Skipped messages are all counted, and the first of them listed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn skipped_messages_are_listed_up_to_a_limit() {
    let subjects: Vec<String> = (0..110).map(|n| format!("m{n}")).collect();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    let source = Source::start(vec![folder("INBOX", &subjects)]).await;
    for message in &mut source.model().folders[0].messages {
        message.content.clear();
    }
    let report = world().await.run_folder(&job(&source.url())).await;
    assert_eq!(counts(&report), [110, 0, 0, 110, 0]);
    assert_eq!(report.listed.len(), hikyaku_collector::LISTED_SKIPPED_MAX);
}

/// A command asks for so many messages, and so many bytes, at most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_bounded() {
    let subjects: Vec<String> = (0..101).map(|n| format!("m{n}")).collect();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    let source = Source::start(vec![
        folder("INBOX", &subjects),
        folder("Large", &["a", "b"]),
    ])
    .await;
    for message in &mut source.model().folders[1].messages {
        message.content.resize(3 << 20, b'x');
    }
    let world = world().await;
    let report = world.run(&job(&source.url())).await;
    assert_eq!(report.folders[0].imported + report.folders[1].imported, 103);
    assert_eq!(source.count("UID FETCH 1:100 "), 1);
    assert_eq!(source.count("UID FETCH 101 "), 1);
    assert_eq!(source.count("UID FETCH 1 "), 1);
    assert_eq!(source.count("UID FETCH 2 "), 1);
    world.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_talks_without_end_is_left() {
    let source = Source::start(vec![folder("INBOX", &["a"])]).await;
    source.model().noise = vec!["* 9 RECENT".to_owned(); 40];
    let mut world = world().await;
    world.limits.unasked = 50;
    // The listing passes; the command after it does not: both count for themselves.
    let report = world.run_folder(&job(&source.url())).await;
    assert_eq!(report.imported, 1);
    world.limits.unasked = 30;
    let report = world.run(&job(&source.url())).await;
    let Ended::Early(CollectError::Protocol(said)) = report.ended else {
        panic!("{:?}", report.ended)
    };
    assert_eq!(said, "it talks without end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_of_too_many_messages_are_told() {
    let source = Source::start(vec![folder("INBOX", &["a", "b", "c"]), folder("B", &["x"])]).await;
    let mut world = world().await;
    world.limits.listed_messages = 2;
    let report = world.run(&job(&source.url())).await;
    assert!(
        report.folders[0]
            .failed
            .as_deref()
            .unwrap()
            .contains("more than 2 messages")
    );
    assert_eq!(counts(&report.folders[1]), [1, 1, 0, 0, 0]);
    let source = PopSource::start(&["a", "b", "c"]).await;
    let report = world.run_folder(&job(&source.url())).await;
    assert!(report.failed.unwrap().contains("more than 2 messages"));
}

/// Capabilities beyond the limit are not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capabilities_without_end_are_cut() {
    let source = PopSource::start(&["a"]).await;
    let mut lines = vec!["X-MORE".to_owned(); 1_000];
    lines.push("SASL PLAIN".to_owned());
    source.model().capabilities = lines;
    world().await.run_folder(&job(&source.url())).await;
    assert_eq!((source.count("AUTH"), source.count("USER")), (0, 1));
}

/// A line within a message that is longer than is read ends the connection, and is skipped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_one_endless_line_is_skipped() {
    let source = PopSource::start(&["a", "b"]).await;
    source.model().messages[0].content = vec![b'x'; (16 << 20) + 70_000];
    let report = world().await.run_folder(&job(&source.url())).await;
    assert_eq!(counts(&report), [2, 1, 0, 1, 0]);
}
