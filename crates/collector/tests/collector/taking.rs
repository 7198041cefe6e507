//! Messages with all that belongs to them.

use hikyaku_collector::Ended;
use hikyaku_mailstore::{Fields, Flags, Keyword, QuotaKind, SystemFlags};

use crate::{
    fixture::{World, counts, job, path, scope},
    imap_source::{Source, folder},
};

hikyaku_db::on_both_engines! {
    async fn messages_keep_content_flags_and_dates(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["one", "two"])]).await;
        let content = {
            let mut model = source.model();
            let second = &mut model.folders[0].messages[1];
            second.flags = String::from("\\Flagged \\Recent $Forwarded");
            second.content.clone()
        };
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["one", "two"]);
        let rows = world.rows("INBOX", Fields::PLACEMENT).await;
        assert_eq!(rows[0].flags, Flags::from(SystemFlags::SEEN));
        let forwarded = Keyword::new("$Forwarded").unwrap();
        let expected = Flags::new(SystemFlags::FLAGGED, [forwarded]).unwrap();
        assert_eq!(rows[1].flags, expected);
        assert_eq!(rows[1].internal_date.at.seconds(), 1_721_151_865);
        assert_eq!(rows[1].internal_date.offset_minutes, 540);
        assert_eq!(rows[1].size, content.len() as u64);
        assert_eq!(report.bytes, rows.iter().map(|row| row.size).sum::<u64>());
        // Nothing is changed there: folders are only examined, messages only peeked at.
        let commands = source.model().commands.clone();
        for command in &commands {
            let word = command.split(' ').next().unwrap();
            let harmless = ["CAPABILITY", "LOGIN", "NAMESPACE", "LIST", "EXAMINE", "LOGOUT"];
            let peeks = command.starts_with("UID FETCH ") && !command.contains("BODY[");
            assert!(harmless.contains(&word) || peeks, "{command}");
        }
        world.check().await;
    }

    async fn bare_line_feeds_become_line_ends(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["x"])]).await;
        source.model().folders[0].messages[0].content = b"Subject: unix\n\nbody\n".to_vec();
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(report.bytes, "Subject: unix\r\n\r\nbody\r\n".len() as u64);
        assert_eq!(world.subjects("INBOX").await, ["unix"]);
        world.check().await;
    }

    /// The run ends, and goes on when there is room.
    async fn a_full_mailbox_ends_the_run(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b", "c"])]).await;
        world.set_quota(0, 2).await;
        let report = world.run(&job(&source.url())).await;
        assert!(matches!(report.ended, Ended::OverQuota(QuotaKind::Messages)));
        assert_eq!(counts(&report.folders[0]), [3, 2, 0, 0, 1]);
        world.set_quota(0, 0).await;
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [3, 1, 2, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["a", "b", "c"]);
        world.check().await;
    }

    async fn a_dry_run_writes_nothing(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a"]), folder("New", &["b"])]).await;
        let mut dry = job(&source.url());
        dry.dry_run = true;
        let report = world.run(&dry).await;
        assert_eq!(counts(&report.folders[1]), [1, 0, 0, 0, 1]);
        assert_eq!(report.folders[1].into, Some(path("New")));
        assert!(world.subjects("INBOX").await.is_empty());
        assert!(world.mail.mailbox(scope(), &path("New")).await.unwrap().is_none());
        assert_eq!(world.number("SELECT COUNT(*) FROM collected_folder").await, 0);
        assert_eq!(source.count("UID FETCH 1 "), 0);
        world.check().await;
    }

    /// Many messages, in several commands and transactions.
    async fn many_messages_come_in_order(test: TestDatabase) {
        let world = World::new(test).await;
        let subjects: Vec<String> = (0..450).map(|n| format!("m{n}")).collect();
        let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
        let source = Source::start(vec![folder("INBOX", &subjects)]).await;
        let mut told = Vec::new();
        let collector = hikyaku_collector::Collector::new(world.mail.clone(), world.limits);
        let job = job(&source.url());
        let report = collector.run(&job, |progress| told.push(progress)).await.unwrap();
        assert_eq!(counts(&report.folders[0]), [450, 450, 0, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, subjects);
        assert!(told.len() >= 3, "{told:?}");
        let messages: Vec<u64> = told.iter().map(|progress| progress.messages).collect();
        assert!(messages.is_sorted(), "{messages:?}");
        let last = told.last().unwrap();
        assert_eq!((last.messages, last.messages_total), (450, 450));
        assert_eq!(last.bytes, last.bytes_total);
        world.check().await;
    }
}
