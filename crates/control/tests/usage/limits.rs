//! What a contract says of messages (C-04, K-06).

use hikyaku_directory::plans::{OverQuotaReply, Terms};
use hikyaku_mailstore::Quota;
use hikyaku_transport::Via;
use hikyaku_types::ByteSize;

use crate::world::{World, address};

hikyaku_db::on_both_engines! {
    async fn a_message_may_be_as_large_as_the_recipients_contract_says(test: TestDatabase) {
        let terms = Terms { max_message_bytes: Some(ByteSize(2000)), ..Terms::standard() };
        let world = World::new(test, terms).await;
        let taro = address("taro@example.test");
        let check = |size| world.transport.check_recipient(&taro, size, Via::Smtp);
        check(2000).await.unwrap();
        let refused = check(2001).await.unwrap_err();
        assert_eq!((refused.code, refused.enhanced), (552, "5.3.4"));
        let send = |size| world.send_as(&["taro@example.test"], Via::Smtp, None, size);
        send(2000).await.unwrap();
        let refused = send(2001).await.unwrap_err();
        assert_eq!((refused.code, refused.enhanced), (552, "5.3.4"));

        // In force with the next message.
        let larger = Terms { max_message_bytes: Some(ByteSize(3000)), ..Terms::standard() };
        world.contract(larger).await;
        send(3000).await.unwrap();
        send(3001).await.unwrap_err();
    }

    async fn a_sender_keeps_to_the_own_contract(test: TestDatabase) {
        let terms = Terms {
            max_message_bytes: Some(ByteSize(2000)),
            max_recipients: Some(2),
            ..Terms::standard()
        };
        let world = World::new(test, terms).await;
        let scope = world.scope("taro@example.test").await;
        let in_force = world.transport.check_sender(scope).await.unwrap();
        assert_eq!((in_force.max_message, in_force.max_recipients), (ByteSize(2000), 2));
        let to = ["taro@example.test"; 3];
        let send = |count: usize, size| {
            world.send_as(to.get(..count).unwrap(), Via::Submission, Some(scope), size)
        };
        send(2, 100).await.unwrap();
        let refused = send(3, 100).await.unwrap_err();
        assert_eq!((refused.code, refused.enhanced), (452, "4.5.3"));
        assert_eq!(send(1, 2001).await.unwrap_err().enhanced, "5.3.4");
    }

    /// A contract cannot allow more than the host.
    async fn the_host_has_the_last_word(test: TestDatabase) {
        let terms = Terms {
            max_message_bytes: Some(ByteSize::mib(1 << 20)),
            max_recipients: Some(100_000),
            ..Terms::standard()
        };
        let world = World::new(test, terms).await;
        let scope = world.scope("taro@example.test").await;
        let in_force = world.transport.check_sender(scope).await.unwrap();
        let host = world.transport.policy();
        assert_eq!(in_force.max_message, host.max_message);
        assert_eq!(in_force.max_recipients, host.max_recipients);
    }

    /// N-15: 552, or 452 where the contract wants senders to try again.
    async fn a_full_mailbox_answers_as_the_contract_says(test: TestDatabase) {
        let world = World::new(test, Terms::standard()).await;
        let small = Quota { bytes: ByteSize(1), messages: 0 };
        world.account("small@example.test", small).await;
        let refused = world.send("small@example.test").await.unwrap_err();
        assert_eq!((refused.code, refused.enhanced), (552, "5.2.2"));
        let terms = Terms { over_quota_reply: OverQuotaReply::Temporary, ..Terms::standard() };
        world.contract(terms).await;
        let refused = world.send("small@example.test").await.unwrap_err();
        assert_eq!((refused.code, refused.enhanced), (452, "4.2.2"));
        let small = address("small@example.test");
        let refused = world.transport.check_recipient(&small, 10, Via::Smtp).await.unwrap_err();
        assert_eq!((refused.code, refused.enhanced), (452, "4.2.2"));
    }
}
