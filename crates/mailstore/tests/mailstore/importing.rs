//! Importing again: after a kill, after changes at either side, and when there is no room.

use std::{fs, time::Duration};

use hikyaku_mailstore::{
    Fields, Limits, QuotaKind,
    transfer::{
        Ended, FolderNames, Gone, ImportOptions, MaildirSource, RUNS_KEPT_MAX, RunState,
        SkipReason, Start, TransferError, WhenFull,
    },
};
use tempfile::TempDir;

use crate::{
    fixture::{World, path, scope, uids},
    transfers::{
        Cut, counts, import, import_with, imported, many, mbox, numbered, put, try_import,
    },
};

const AGAIN: ImportOptions = ImportOptions {
    start: Start::Continue,
    gone: Gone::BringBack,
    when_full: WhenFull::Stop,
    names: FolderNames::Mapped,
};

const OVER: ImportOptions = ImportOptions {
    start: Start::Over,
    ..KEPT
};

const KEPT: ImportOptions = ImportOptions {
    start: Start::Continue,
    gone: Gone::LeaveOut,
    when_full: WhenFull::Stop,
    names: FolderNames::Kept,
};

fn small_chunks() -> Limits {
    Limits {
        chunk_messages: 10,
        ..Limits::default()
    }
}

hikyaku_db::on_both_engines! {
    /// A killed import goes on where it stood, and a second whole run finds everything there.
    async fn an_import_is_resumed_without_duplicates(test: TestDatabase) {
        let world = World::with_limits(test, small_chunks()).await;
        let folder = TempDir::new().unwrap();
        let file = put(&folder, "in", many(95));
        let cut = Cut {
            source: mbox(&file, "in"),
            left: 38,
        };
        let killed = try_import(&world, cut).await;
        assert!(
            matches!(killed, Err(TransferError::File { .. })),
            "{killed:?}"
        );
        let there = world.mailbox(scope(1), "in").await.total;
        assert_eq!(there, 30, "whole batches");
        world.check().await;
        assert_eq!(states(&world).await, [(RunState::Unfinished, 30)]);
        let mut progress = Vec::new();
        let report = world
            .mail
            .import(scope(1), mbox(&file, "in"), ImportOptions::default(), |report| {
                progress.push((report.counts.found, report.percent()));
            })
            .await
            .unwrap();
        assert_eq!(counts(&report), (65, 30, 0));
        assert_eq!(imported(&report), [(path("in"), 65)].into());
        assert_eq!(report.ended, Ended::Complete);
        assert_eq!(progress.last(), Some(&(95, Some(100))));
        assert!(progress.is_sorted(), "{progress:?}");
        let subjects: Vec<String> = (0..95).map(|n| format!("m{n}")).collect();
        assert_eq!(world.subjects("in").await, subjects);
        let again = import(&world, mbox(&file, "in")).await;
        assert_eq!(counts(&again), (0, 95, 0));
        let expected = [
            (RunState::Complete, 0),
            (RunState::Complete, 65),
            (RunState::Unfinished, 30),
        ];
        assert_eq!(states(&world).await, expected);
        world.check().await;
    }

    /// What came to the source since comes in, wherever it stands; what is gone from it stays.
    async fn a_source_that_changed_brings_what_is_new(test: TestDatabase) {
        let world = World::with_limits(test, small_chunks()).await;
        let folder = TempDir::new().unwrap();
        let file = put(&folder, "in", numbered(0..25));
        import(&world, mbox(&file, "in")).await;
        // Appended.
        put(&folder, "in", numbered(0..30));
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (5, 25, 0));
        // Compacted in front, and appended.
        put(&folder, "in", numbered((7..30).chain(30..33)));
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (3, 23, 0));
        // The same at another place is the same mail.
        let other = put(&folder, "copy", numbered(0..34));
        assert_eq!(counts(&import(&world, mbox(&other, "in")).await), (1, 33, 0));
        // A last message that was half written is another one when it is whole.
        let whole = numbered(40..42);
        put(&folder, "in", &whole[..whole.len() - 4]);
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (2, 0, 0));
        put(&folder, "in", &whole);
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (1, 1, 0));
        world.check().await;
    }

    /// Copies of one message in a folder are as many as they were, however often it is read.
    async fn equal_messages_are_counted(test: TestDatabase) {
        let world = World::with_limits(test, small_chunks()).await;
        let folder = TempDir::new().unwrap();
        let file = put(&folder, "in", numbered([1, 1, 2, 1]));
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (4, 0, 0));
        assert_eq!(counts(&import_with(&world, mbox(&file, "in"), OVER).await), (0, 4, 0));
        put(&folder, "in", numbered([1, 1, 2, 1, 2, 1]));
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (2, 4, 0));
        assert_eq!(counts(&import_with(&world, mbox(&file, "in"), OVER).await), (0, 6, 0));
        // Copies on both sides of a kill.
        let file = put(&folder, "cut", numbered((0..12).chain([3, 4, 5]).chain(12..20)));
        let source = Cut {
            source: mbox(&file, "cut"),
            left: 15,
        };
        assert!(try_import(&world, source).await.is_err());
        assert_eq!(counts(&import(&world, mbox(&file, "cut")).await), (13, 10, 0));
        world.check().await;
    }

    /// A Maildir whose files are as they were is not read again; one that changed is, as a whole.
    async fn a_maildir_is_read_again_where_it_changed(test: TestDatabase) {
        let world = World::with_limits(test, small_chunks()).await;
        let folder = TempDir::new().unwrap();
        for n in 0..25 {
            put(&folder, &format!("cur/{}.x:2,", 1_700_000_000 + n), format!("Subject: {n}\n\n"));
        }
        let open = || MaildirSource::open(folder.path()).unwrap();
        let cut = Cut {
            source: open(),
            left: 15,
        };
        assert!(try_import(&world, cut).await.is_err());
        assert_eq!(counts(&import(&world, open()).await), (15, 10, 0));
        // What stands before the position is not looked at: nobody notices the change.
        put(&folder, "cur/1700000003.x:2,", "Subject: other\n\n");
        assert_eq!(counts(&import(&world, open()).await), (0, 25, 0));
        assert_eq!(counts(&import_with(&world, open(), OVER).await), (1, 24, 0));
        fs::remove_file(folder.path().join("cur/1700000007.x:2,")).unwrap();
        put(&folder, "new/1700000099.x", "Subject: new\n\n");
        assert_eq!(counts(&import(&world, open()).await), (1, 24, 0));
        world.check().await;
    }

    /// What was deleted since stays deleted, unless it is asked for; what was moved is there.
    async fn what_was_deleted_since_comes_back_when_asked(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        let file = put(&folder, "in", many(4));
        import(&world, mbox(&file, "in")).await;
        let before = world.all_rows("in", Fields::PLACEMENT).await;
        let (from, trash) = (world.id("in").await, world.id("Trash").await);
        world.expunge("in", &uids([1, 2])).await;
        world
            .mail
            .move_messages(scope(1), from, &uids([3]), trash)
            .await
            .unwrap();
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (0, 4, 0));
        assert_eq!(counts(&import_with(&world, mbox(&file, "in"), OVER).await), (0, 4, 0));
        let report = import_with(&world, mbox(&file, "in"), AGAIN).await;
        assert_eq!(counts(&report), (2, 2, 0));
        let after = world.all_rows("in", Fields::PLACEMENT).await;
        let messages: Vec<_> = after.iter().map(|row| row.message).collect();
        assert_eq!(
            messages,
            [before[3].message, before[0].message, before[1].message]
        );
        world.check().await;
        // A purged one is another message.
        world.expunge("in", &[after[0].uid]).await;
        world.test.clock.advance(Duration::from_hours(24 * 15));
        world.mail.purge().await.unwrap();
        assert_eq!(counts(&import_with(&world, mbox(&file, "in"), AGAIN).await), (1, 3, 0));
        assert_eq!(counts(&import_with(&world, mbox(&file, "in"), AGAIN).await), (0, 4, 0));
        world.check().await;
    }

    async fn an_import_stops_at_the_quota_or_passes_over(test: TestDatabase) {
        let world = World::with_limits(test, small_chunks()).await;
        let folder = TempDir::new().unwrap();
        let file = put(&folder, "in", many(50));
        world.set_quota(scope(1), 0, 25).await;
        let report = import(&world, mbox(&file, "in")).await;
        assert_eq!(report.ended, Ended::OverQuota(QuotaKind::Messages));
        assert_eq!(counts(&report), (25, 0, 1));
        let reason = SkipReason::OverQuota(QuotaKind::Messages);
        assert_eq!(report.skips[0].reason, reason);
        assert_eq!(states(&world).await, [(RunState::Full, 25)]);
        world.check().await;
        let pass_over = ImportOptions {
            when_full: WhenFull::PassOver,
            ..ImportOptions::default()
        };
        let report = import_with(&world, mbox(&file, "in"), pass_over).await;
        assert_eq!((counts(&report), report.ended), ((0, 25, 25), Ended::Complete));
        let places: Vec<_> = report.skips.iter().map(|skip| skip.place.offset).collect();
        assert!(places.is_sorted() && places.len() == 25, "{places:?}");
        world.set_quota(scope(1), 0, 0).await;
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (25, 25, 0));
        world.check().await;
    }

    /// A large message that finds no room does not keep small ones out.
    async fn what_is_smaller_may_still_fit(test: TestDatabase) {
        let world = World::with_limits(test, small_chunks()).await;
        let folder = TempDir::new().unwrap();
        let large = format!("{}\n\n", "x".repeat(5000));
        let text = format!("{}{large}{}", many(1).trim_end(), numbered(1..4));
        let file = put(&folder, "in", text);
        world.set_quota(scope(1), 4000, 0).await;
        let pass_over = ImportOptions {
            when_full: WhenFull::PassOver,
            ..ImportOptions::default()
        };
        let report = import_with(&world, mbox(&file, "in"), pass_over).await;
        assert_eq!(counts(&report), (3, 0, 1));
        assert_eq!(world.subjects("in").await, ["m1", "m2", "m3"]);
        world.check().await;
    }

    async fn names_are_kept_when_asked(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        let file = put(&folder, "in", many(2));
        let report = import_with(&world, mbox(&file, "送信済み"), KEPT).await;
        assert_eq!(imported(&report), [(path("送信済み"), 2)].into());
        let report = import(&world, mbox(&file, "送信済み/2025")).await;
        assert_eq!(imported(&report), [(path("Sent/2025"), 2)].into());
        world.check().await;
    }

    async fn so_many_runs_are_kept(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        let file = put(&folder, "in", many(1));
        for _ in 0..=RUNS_KEPT_MAX {
            import(&world, mbox(&file, "in")).await;
        }
        let runs = world.mail.import_runs(scope(1)).await.unwrap();
        assert_eq!(runs.len() as i64, RUNS_KEPT_MAX);
        assert!(runs.iter().all(|run| run.counts.imported == 0), "the first is gone");
        assert!(runs[0].source.starts_with("mbox:/"), "{}", runs[0].source);
    }
}

/// The runs, newest first: how they ended, and how many they imported.
async fn states(world: &World) -> Vec<(RunState, u64)> {
    let runs = world.mail.import_runs(scope(1)).await.unwrap();
    let state = |run: &hikyaku_mailstore::transfer::ImportRun| (run.state, run.counts.imported);
    runs.iter().map(state).collect()
}
