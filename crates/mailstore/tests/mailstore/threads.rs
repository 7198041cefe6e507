//! Conversations.

use bytes::Bytes;
use hikyaku_mailstore::{Fields, Quota};
use hikyaku_types::ThreadId;

use crate::fixture::{World, scope};

fn message(id: &str, references: &[&str]) -> Bytes {
    let references: Vec<String> = references.iter().map(|id| format!("<{id}@x>")).collect();
    let references = match references.len() {
        0 => String::new(),
        _ => format!("References: {}\r\n", references.join(" ")),
    };
    Bytes::from(format!(
        "Subject: {id}\r\nMessage-ID: <{id}@x>\r\n{references}\r\nbody of {id}\r\n"
    ))
}

async fn deliver(world: &World, id: &str, references: &[&str]) -> ThreadId {
    world.deliver(message(id, references), id).await.thread
}

hikyaku_db::on_both_engines! {
    async fn answers_join_the_conversation(test: TestDatabase) {
        let world = World::new(test).await;
        let root = deliver(&world, "root", &[]).await;
        assert_eq!(deliver(&world, "answer", &["root"]).await, root);
        assert_eq!(deliver(&world, "answer2", &["root", "answer"]).await, root);
        assert_ne!(deliver(&world, "other", &[]).await, root);
        let rows = world.all_rows("INBOX", Fields::THREAD).await;
        assert_eq!(
            rows.iter().filter(|row| row.thread == Some(root)).count(),
            3
        );
        world.check().await;
    }

    async fn mail_out_of_order_still_joins(test: TestDatabase) {
        let world = World::new(test).await;
        let last = deliver(&world, "c", &["a", "b"]).await;
        assert_eq!(deliver(&world, "b", &["a"]).await, last);
        assert_eq!(deliver(&world, "a", &[]).await, last);
        // A sibling that names only the root.
        assert_eq!(deliver(&world, "d", &["a"]).await, last);
        world.check().await;
    }

    /// Two conversations that a later message connects stay two: a thread id never changes.
    async fn threads_never_merge(test: TestDatabase) {
        let world = World::new(test).await;
        let one = deliver(&world, "one", &[]).await;
        let two = deliver(&world, "two", &[]).await;
        assert_eq!(
            deliver(&world, "both", &["one", "two"]).await,
            two,
            "the nearest decides"
        );
        let rows = world.all_rows("INBOX", Fields::THREAD).await;
        let threads: Vec<_> = rows.iter().map(|row| row.thread.unwrap()).collect();
        assert_eq!(threads, [one, two, two]);
        world.check().await;
    }

    async fn messages_of_one_append_join_too(test: TestDatabase) {
        let world = World::new(test).await;
        let messages = [
            message("z", &["y"]),
            message("x", &[]),
            message("y", &["x"]),
        ];
        world
            .append_with("INBOX", messages, &hikyaku_mailstore::Flags::default())
            .await;
        let rows = world.all_rows("INBOX", Fields::THREAD).await;
        let threads: Vec<_> = rows.iter().map(|row| row.thread.unwrap()).collect();
        // `x` came when only `y` was known to belong to `z`: it opened a conversation of its own,
        // and `y`, whose own id `z` had registered, joined `z`.
        assert_eq!(threads[0], threads[2]);
        assert_ne!(threads[0], threads[1]);
        world.check().await;
    }

    async fn messages_without_ids_stand_alone(test: TestDatabase) {
        let world = World::new(test).await;
        let bare = Bytes::from_static(b"Subject: bare\r\n\r\nbody\r\n");
        let one = world.deliver(bare.clone(), "1").await.thread;
        let two = world.deliver(bare, "2").await.thread;
        assert_ne!(one, two);
        assert_eq!(world.number("SELECT COUNT(*) FROM thread_ref").await, 0);
        world.check().await;
    }

    async fn threads_do_not_cross_accounts(test: TestDatabase) {
        let world = World::new(test).await;
        world.create(scope(2), Quota::UNLIMITED).await;
        let one = deliver(&world, "root", &[]).await;
        let other = world
            .deliver_to(scope(2), message("answer", &["root"]), "a")
            .await
            .unwrap();
        let hikyaku_mailstore::delivery::Outcome::Delivered(other) = other else {
            panic!("{other:?}")
        };
        assert_ne!(other.thread, one);
        world.check().await;
    }

    /// However many ids a message names, few are kept.
    async fn references_are_bounded(test: TestDatabase) {
        let world = World::new(test).await;
        let ids: Vec<String> = (0..190).map(|n| format!("r{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let thread = deliver(&world, "long", &ids).await;
        let kept = world.number("SELECT COUNT(*) FROM thread_ref").await;
        assert_eq!(kept, hikyaku_mailstore::THREAD_REFERENCES_MAX as i64);
        assert_eq!(
            deliver(&world, "r0", &[]).await,
            thread,
            "the oldest is kept"
        );
        assert_eq!(
            deliver(&world, "r189", &[]).await,
            thread,
            "and the nearest"
        );
        world.check().await;
    }
}
