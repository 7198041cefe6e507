//! What the tests share: accounts, messages and short ways to the facade.

use bytes::Bytes;
use hikyaku_db::{Lane, testing::TestDatabase};
use hikyaku_directory::AccountScope;
use hikyaku_mailstore::{
    AppendMessage, Content, DeliveryId, Fields, FlagChange, Flags, Limits, MailError, Mailbox,
    MailboxPath, Mailstore, MessageRow, Overshoot, Quota, Recent, Snapshot, SystemFlags, UidSet,
    Which, accounts,
    delivery::{self, Delivered, Delivery, Outcome, Recipient, Target},
};
use hikyaku_types::{AccountId, ByteSize, Id as _, MailboxId, OffsetTimestamp, TenantId, Uid};

/// A mail store with accounts of tenant 1.
pub(crate) struct World {
    pub(crate) test: TestDatabase,
    pub(crate) mail: Mailstore,
}

pub(crate) fn scope(account: i64) -> AccountScope {
    scope_in(1, account)
}

pub(crate) fn scope_in(tenant: i64, account: i64) -> AccountScope {
    AccountScope {
        tenant: TenantId::from_i64(tenant),
        account: AccountId::from_i64(account),
    }
}

pub(crate) fn path(text: &str) -> MailboxPath {
    MailboxPath::parse(text).unwrap()
}

pub(crate) fn uid(raw: u32) -> Uid {
    Uid::new(raw).unwrap()
}

pub(crate) fn uids(raw: impl IntoIterator<Item = u32>) -> Vec<Uid> {
    raw.into_iter().map(uid).collect()
}

/// A message with a subject, unlike any other with the same one.
pub(crate) fn message(subject: &str) -> Bytes {
    Bytes::from(format!(
        "From: Taro <taro@example.test>\r\nTo: hanako@example.test\r\n\
         Subject: {subject}\r\nMessage-ID: <{subject}@example.test>\r\n\
         Date: Mon, 5 Jan 2026 09:00:00 +0900\r\n\r\nThe body of {subject}.\r\n"
    ))
}

/// A message of exactly so many bytes.
pub(crate) fn sized(subject: &str, bytes: usize) -> Bytes {
    let mut text = message(subject).to_vec();
    assert!(
        text.len() <= bytes,
        "the header alone has {} bytes",
        text.len()
    );
    text.resize(bytes, b'x');
    Bytes::from(text)
}

pub(crate) fn flags(system: SystemFlags) -> Flags {
    Flags::from(system)
}

impl World {
    /// A store with account 1.
    pub(crate) async fn new(test: TestDatabase) -> Self {
        Self::with_limits(test, Limits::default()).await
    }

    pub(crate) async fn with_limits(test: TestDatabase, limits: Limits) -> Self {
        let mail = Mailstore::new(test.db.clone(), limits);
        let world = Self { test, mail };
        world.create(scope(1), Quota::UNLIMITED).await;
        world
    }

    pub(crate) async fn create(&self, scope: AccountScope, quota: Quota) {
        self.write(move |tx| accounts::create(tx, scope, quota))
            .await
            .unwrap();
    }

    pub(crate) async fn set_quota(&self, scope: AccountScope, bytes: u64, messages: u64) {
        let quota = Quota {
            bytes: ByteSize(bytes),
            messages,
        };
        self.write(move |tx| accounts::set_quota(tx, scope, quota))
            .await
            .unwrap();
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&hikyaku_db::WriteTx<'_>) -> Result<T, MailError> + Send + 'static,
    ) -> Result<T, MailError> {
        self.test.db.write(Lane::Mail, work).await
    }

    /// Demands that nothing is wrong with any account.
    pub(crate) async fn check(&self) {
        let findings = self.mail.check_all().await.unwrap();
        let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(texts.is_empty(), "{}", texts.join("\n"));
        let engine = self.test.db.integrity_check().await.unwrap();
        assert!(engine.is_empty(), "{}", engine.join("\n"));
    }

    pub(crate) async fn mailbox(&self, scope: AccountScope, name: &str) -> Mailbox {
        let found = self.mail.mailbox(scope, &path(name)).await.unwrap();
        found.unwrap_or_else(|| panic!("no mailbox {name}"))
    }

    pub(crate) async fn id(&self, name: &str) -> MailboxId {
        self.mailbox(scope(1), name).await.id
    }

    /// Appends messages with these flags to a mailbox of account 1.
    pub(crate) async fn append_with(
        &self,
        mailbox: &str,
        messages: impl IntoIterator<Item = Bytes>,
        flags: &Flags,
    ) -> Vec<Uid> {
        let id = self.id(mailbox).await;
        let messages = messages.into_iter().map(|content| AppendMessage {
            content,
            flags: flags.clone(),
            internal_date: None,
        });
        let messages = messages.collect();
        self.mail.append(scope(1), id, messages).await.unwrap().uids
    }

    /// Appends a message of its own for each subject to a mailbox of account 1.
    pub(crate) async fn append(&self, mailbox: &str, subjects: &[&str]) -> Vec<Uid> {
        let messages = subjects.iter().map(|subject| message(subject));
        self.append_with(mailbox, messages, &Flags::default()).await
    }

    /// Appends so many messages to a mailbox of account 1.
    pub(crate) async fn fill(&self, mailbox: &str, count: usize) -> Vec<Uid> {
        let messages = (0..count).map(|n| message(&format!("{mailbox}-{n}")));
        self.append_with(mailbox, messages, &Flags::default()).await
    }

    pub(crate) async fn deliver_to(
        &self,
        scope: AccountScope,
        message: Bytes,
        id: &str,
    ) -> Result<Outcome, MailError> {
        deliver(&self.mail, scope, message, id, Overshoot::Refuse).await
    }

    /// Delivers to account 1, which must work.
    pub(crate) async fn deliver(&self, message: Bytes, id: &str) -> Delivered {
        match self.deliver_to(scope(1), message, id).await.unwrap() {
            Outcome::Delivered(delivered) => delivered,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn snapshot(&self, mailbox: &str) -> Snapshot {
        let id = self.id(mailbox).await;
        self.mail
            .snapshot(scope(1), id, Recent::Leave)
            .await
            .unwrap()
    }

    pub(crate) async fn all_rows(&self, mailbox: &str, fields: Fields) -> Vec<MessageRow> {
        let id = self.id(mailbox).await;
        let all = UidSet::all();
        self.mail
            .rows(scope(1), id, &all, None, 1000, fields)
            .await
            .unwrap()
    }

    /// The subjects of a mailbox in the order of its UIDs.
    pub(crate) async fn subjects(&self, mailbox: &str) -> Vec<String> {
        let rows = self.all_rows(mailbox, Fields::ENVELOPE).await;
        let subject = |row: MessageRow| row.envelope?.subject.map(|text| text.decoded().into());
        rows.into_iter()
            .map(|row| subject(row).unwrap_or_default())
            .collect()
    }

    pub(crate) async fn add_flags(&self, mailbox: &str, uids: &[Uid], system: SystemFlags) {
        let id = self.id(mailbox).await;
        let change = FlagChange::Add(system.into());
        self.mail.store(scope(1), id, uids, change).await.unwrap();
    }

    pub(crate) async fn expunge(&self, mailbox: &str, uids: &[Uid]) {
        let id = self.id(mailbox).await;
        let gone = self
            .mail
            .expunge(scope(1), id, Which::Exactly(uids))
            .await
            .unwrap();
        assert_eq!(gone, uids);
    }

    /// A number of the database, such as a count.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        let read = move |tx: &hikyaku_db::Tx<'_>| {
            Ok::<_, MailError>(tx.query_one(sql, hikyaku_db::params![], |row| row.get(0))?)
        };
        self.test.db.read(read).await.unwrap()
    }
}

pub(crate) fn delivery_id(name: &str) -> DeliveryId {
    DeliveryId::derive(&[name.as_bytes()])
}

pub(crate) async fn deliver(
    mail: &Mailstore,
    scope: AccountScope,
    message: Bytes,
    id: &str,
    overshoot: Overshoot,
) -> Result<Outcome, MailError> {
    let (content, id) = (Content::new(&message), delivery_id(id));
    mail.db()
        .write(Lane::Mail, move |tx| {
            let delivery = Delivery {
                content: &content,
                internal_date: OffsetTimestamp::utc(tx.now()),
            };
            let recipient = Recipient {
                scope,
                prefix: b"Return-Path: <taro@example.test>\r\n",
                mailbox: Target::Inbox,
                flags: &Flags::default(),
                id,
                overshoot,
            };
            delivery::deliver(tx, delivery, &recipient)
        })
        .await
}
