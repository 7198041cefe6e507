//! Which folders come, and where they go.

use hikyaku_collector::Pattern;

use crate::{
    fixture::{World, job, path},
    imap_source::{Folder, Source, folder},
};

fn with(name: &str, attributes: &str) -> Folder {
    Folder {
        attributes: attributes.to_owned(),
        ..folder(name, &["x"])
    }
}

/// The folders of a report as `there -> here`.
fn ways(report: &hikyaku_collector::Report) -> Vec<String> {
    let way = |folder: &hikyaku_collector::FolderReport| {
        format!("{} -> {}", folder.folder, folder.into.as_ref().unwrap())
    };
    report.folders.iter().map(way).collect()
}

hikyaku_db::on_both_engines! {
    async fn a_courier_like_source_is_understood(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![
            with("INBOX", ""),
            with("INBOX.Sent", "\\HasNoChildren"),
            with("INBOX.&TtVOiw-.2024/25", ""),
            with("INBOX.container", "\\Noselect"),
            with("shared.team", ""),
        ])
        .await;
        source.model().delimiter = '.';
        source.model().namespace = String::from("((\"INBOX.\" \".\")) NIL ((\"shared.\" \".\"))");
        let report = world.run(&job(&source.url())).await;
        assert_eq!(
            ways(&report),
            ["INBOX -> INBOX", "INBOX.Sent -> Sent", "INBOX.仕事.2024/25 -> 仕事/2024_25"]
        );
        assert_eq!(report.passed[0].folder, "shared.team");
        assert_eq!(world.subjects("仕事/2024_25").await, ["x"]);
        world.check().await;
    }

    /// Gmail shows every message a second time in All Mail, and some a third time.
    async fn a_gmail_like_source_is_understood(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![
            with("INBOX", ""),
            with("[Gmail]", "\\Noselect"),
            with("[Gmail]/All Mail", "\\All"),
            with("[Gmail]/Starred", "\\Flagged"),
            with("[Gmail]/&kAFP4W4IMH8w4TD8MOs-", "\\Sent"),
            with("[Gmail]/Bin", "\\Trash"),
        ])
        .await;
        let report = world.run(&job(&source.url())).await;
        assert_eq!(
            ways(&report),
            ["INBOX -> INBOX", "[Gmail]/送信済みメール -> Sent", "[Gmail]/Bin -> Trash"]
        );
        let passed: Vec<&str> = report.passed.iter().map(|p| p.folder.as_str()).collect();
        assert_eq!(passed, ["[Gmail]/All Mail", "[Gmail]/Starred"]);
        let mut named = job(&source.url());
        named.selection.folders = vec![Pattern::new("*/all mail")];
        named.selection.into = Some(path("Gmail"));
        let report = world.run(&named).await;
        assert_eq!(ways(&report), ["[Gmail]/All Mail -> Gmail/[Gmail]/All Mail"]);
        world.check().await;
    }

    async fn the_operators_map_decides(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![with("INBOX", ""), with("a", ""), with("a/b", "")]).await;
        let mut job = job(&source.url());
        job.selection.map = vec![("a".to_owned(), path("Old/A"))];
        job.selection.exclude = vec![Pattern::new("INBOX")];
        let report = world.run(&job).await;
        assert_eq!(ways(&report), ["a -> Old/A", "a/b -> Old/A/b"]);
        world.check().await;
    }

    /// New folders are subscribed to, so that mail programs show them.
    async fn folders_are_subscribed_to(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![with("Projects", "")]).await;
        world.run(&job(&source.url())).await;
        let count = "SELECT COUNT(*) FROM subscription";
        assert!(world.number(count).await >= 1);
        world.check().await;
    }
}
