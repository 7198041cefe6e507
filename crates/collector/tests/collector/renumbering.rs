//! Folders whose UIDs are given anew.

use crate::{
    fixture::{World, counts, job},
    imap_source::{Source, folder},
};

fn renumber(source: &Source) {
    let mut model = source.model();
    model.folders[0].validity += 1;
    let uids = (101..).zip(&mut model.folders[0].messages);
    for (uid, message) in uids {
        message.uid = uid;
    }
    model.commands.clear();
}

hikyaku_db::on_both_engines! {
    /// Known messages do not come again, not even over the wire; new ones do.
    async fn known_messages_are_known_again(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b", "c"])]).await;
        source.model().folders[0].messages[2].uid = 9;
        world.run_folder(&job(&source.url())).await;
        renumber(&source);
        let new = folder("x", &["d"]).messages.remove(0);
        source.model().folders[0].messages.push(crate::imap_source::Message { uid: 200, ..new });
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [4, 1, 3, 0, 0]);
        assert_eq!(source.count("UID FETCH 200 "), 1, "{:?}", source.model().commands);
        assert_eq!(world.subjects("INBOX").await, ["a", "b", "c", "d"]);
        // The old generation is forgotten, the new one known.
        assert_eq!(world.number("SELECT COUNT(*) FROM collected_folder").await, 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM collected_message").await, 4);
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [4, 0, 4, 0, 0]);
        world.check().await;
    }

    /// Without a Message-ID, or when the date is another one, the content tells.
    async fn the_content_tells_where_the_header_does_not(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b"])]).await;
        source.model().folders[0].messages[0].content = b"Subject: bare\r\n\r\nx\r\n".to_vec();
        world.run_folder(&job(&source.url())).await;
        renumber(&source);
        source.model().folders[0].messages[1].date = String::from(" 1-Jan-2020 00:00:00 +0000");
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [2, 0, 2, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["bare", "b"]);
        world.check().await;
    }

    /// Two messages with one Message-ID, size and date are still two.
    async fn lookalikes_stay_apart(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "a"])]).await;
        let other = String::from_utf8(crate::fixture::message("a")).unwrap();
        let other = other.replace("The body", "THE BODY").into_bytes();
        source.model().folders[0].messages[1].content = other;
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
        renumber(&source);
        let third = source.model().folders[0].messages[0].clone();
        let third = crate::imap_source::Message { uid: 300, ..third };
        let mut changed = third.clone();
        changed.content = String::from_utf8(third.content).unwrap().replace("The", "tHE").into();
        source.model().folders[0].messages.push(changed);
        let report = world.run_folder(&job(&source.url())).await;
        // Two rows for three that look alike: the third comes, and is new.
        assert_eq!(counts(&report), [3, 1, 2, 0, 0]);
        assert_eq!(world.subjects("INBOX").await.len(), 3);
        world.check().await;
    }

    /// A run that ends in the middle of a renumbering goes on in the next.
    async fn a_renumbering_survives_an_interruption(test: TestDatabase) {
        let world = World::new(test).await;
        let source = Source::start(vec![folder("INBOX", &["a", "b", "c"])]).await;
        world.run_folder(&job(&source.url())).await;
        renumber(&source);
        let new = folder("x", &["d"]).messages.remove(0);
        source.model().folders[0].messages.push(crate::imap_source::Message { uid: 200, ..new });
        source.model().cut_after = Some(0);
        let collector = hikyaku_collector::Collector::new(world.mail.clone(), world.limits);
        let away = source.clone();
        let tell = move |_| away.model().refuse_connections = 1_000;
        let report = collector.run(&job(&source.url()), tell).await.unwrap();
        assert_eq!(counts(&report.folders[0]), [4, 0, 3, 0, 1]);
        source.model().refuse_connections = 0;
        let report = world.run_folder(&job(&source.url())).await;
        assert_eq!(counts(&report), [4, 1, 3, 0, 0]);
        assert_eq!(world.subjects("INBOX").await, ["a", "b", "c", "d"]);
        world.check().await;
    }
}
