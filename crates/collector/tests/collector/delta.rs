//! Runs after the first: only what is new.

use hikyaku_mailstore::{Fields, FlagChange, Flags, Keyword, SystemFlags, Which};
use hikyaku_types::Uid;

use crate::{
    fixture::{World, counts, job, path, scope},
    imap_source::{Message, Source, folder},
};

fn new_message(uid: u32, subject: &str) -> Message {
    let mut message = folder("x", &[subject]).messages.remove(0);
    message.uid = uid;
    message
}

hikyaku_db::on_both_engines! {
    async fn only_what_is_new_comes(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b"])]).await;
        world.run_folder(&job(&source.url())).await;
        source.model().folders[0].messages.push(new_message(9, "c"));
        source.model().commands.clear();
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [3, 1, 2, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["a", "b", "c"]);
        assert_eq!(source.count("UID FETCH 9 "), 1, "{:?}", source.model().commands);
        // A third run finds nothing to do.
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [3, 0, 3, 0, 0]);
        world.check().await;
    }

    /// What is deleted or moved here does not come back, and what is deleted there stays here.
    async fn what_users_do_here_stays(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b", "c"])]).await;
        world.run_folder(&job(&source.url())).await;
        let inbox = world.mail.mailbox(scope(), &path("INBOX")).await.unwrap().unwrap().id;
        let first = [Uid::new(1).unwrap()];
        world.mail.expunge(scope(), inbox, Which::Exactly(&first)).await.unwrap();
        source.model().folders[0].messages.remove(1);
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [2, 0, 2, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["b", "c"]);
        world.check().await;
    }

    async fn the_same_message_in_one_folder_comes_once(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "a"]), folder("B", &["a"])]).await;
        let report = world.run(&job(&source.url())).await;
        assert_eq!(counts(&report.folders[0]), [2, 1, 1, 0, 0]);
        assert_eq!(counts(&report.folders[1]), [1, 1, 0, 0, 0]);
        world.check().await;
    }

    async fn two_runs_at_once_double_nothing(test: TestDatabase) {
        let world = World::new(test).await;
        let subjects: Vec<String> = (0..300).map(|n| format!("m{n}")).collect();
        let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
        let source = Source::start(vec![folder("INBOX", &subjects)]).await;
        let job = job(&source.url());
        let (one, other) = tokio::join!(world.run_folder(&job), world.run_folder(&job));
        assert_eq!(one.imported + other.imported, 300);
        assert_eq!(world.subjects("INBOX").await.len(), 300);
        world.check().await;
    }

    /// Flags follow where they changed there; what was changed here only stays.
    async fn flags_follow_when_asked(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b"])]).await;
        let mut job = job(&source.url());
        world.run_folder(&job).await;
        let inbox = world.mail.mailbox(scope(), &path("INBOX")).await.unwrap().unwrap().id;
        let first = [Uid::new(1).unwrap()];
        let here = Flags::new(SystemFlags::NONE, [Keyword::new("here").unwrap()]).unwrap();
        let change = FlagChange::Add(here);
        world.mail.store(scope(), inbox, &first, change).await.unwrap();
        source.model().folders[0].messages[0].flags = String::from("\\Answered");
        // Not unless asked for.
        world.run_folder(&job).await;
        let rows = world.rows("INBOX", Fields::PLACEMENT).await;
        assert!(rows[0].flags.is_seen());
        job.follow_flags = true;
        let report = world.run_folder(&job).await;
        assert_eq!(report.flags_changed, 1);
        let rows = world.rows("INBOX", Fields::PLACEMENT).await;
        let here = Keyword::new("here").unwrap();
        assert_eq!(rows[0].flags, Flags::new(SystemFlags::ANSWERED, [here]).unwrap());
        assert_eq!(rows[1].flags, Flags::from(SystemFlags::SEEN));
        // Changed here meanwhile, and not there: left alone.
        let seen = FlagChange::Add(SystemFlags::SEEN.into());
        world.mail.store(scope(), inbox, &first, seen).await.unwrap();
        let report = world.run_folder(&job).await;
        assert_eq!(report.flags_changed, 0);
        assert!(world.rows("INBOX", Fields::PLACEMENT).await[0].flags.is_seen());
        world.check().await;
    }

    /// Arrival counts, in the date's own zone; not the Date field.
    async fn older_mail_is_left_out_when_asked(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b", "c"])]).await;
        {
            let mut model = source.model();
            let messages = &mut model.folders[0].messages;
            messages[0].date = String::from("30-Jun-2024 23:59:59 +0900");
            messages[1].date = String::from(" 1-Jul-2024 00:00:00 +0900");
            messages[2].date = String::from("nonsense");
        }
        let mut job = job(&source.url());
        // 2024-07-01.
        job.selection.since_day = Some(19_905);
        let report = world.run_folder(&job).await;
        assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["b", "c"]);
        world.check().await;
    }

    /// A run that is dropped anywhere loses nothing and doubles nothing.
    async fn a_run_can_be_dropped_anywhere(test: TestDatabase) {
        let world = World::new(test).await;
        let subjects: Vec<String> = (0..500).map(|n| format!("m{n}")).collect();
        let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
        let source = Source::start(vec![folder("INBOX", &subjects)]).await;
        let job = job(&source.url());
        let collector = hikyaku_collector::Collector::new(world.mail.clone(), world.limits);
        let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
        let running = {
            let (collector, job) = (collector.clone(), job.clone());
            tokio::spawn(async move {
                let tell = |progress: hikyaku_collector::Progress| {
                    // Nobody listens any more once the run is dropped.
                    let _ = sender.send(progress.messages);
                };
                collector.run(&job, tell).await
            })
        };
        while told.recv().await.is_some_and(|messages| messages == 0) {}
        running.abort();
        let _ = running.await;
        let before = world.number("SELECT COUNT(*) FROM message").await;
        let remembered = world.number("SELECT COUNT(*) FROM collected_message").await;
        assert!(before >= 1);
        assert_eq!(before, remembered);
        world.run_folder(&job).await;
        assert_eq!(world.subjects("INBOX").await, subjects);
        world.check().await;
    }

    async fn an_erased_account_leaves_no_records(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b"])]).await;
        world.run_folder(&job(&source.url())).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM collected_message").await, 2);
        world.mail.erase(scope()).await.unwrap();
        assert_eq!(world.number("SELECT COUNT(*) FROM collected_message").await, 0);
        assert_eq!(world.number("SELECT COUNT(*) FROM collected_folder").await, 0);
    }
}
