//! What the tests share: an account, jobs, and ways to look at the mail.

use std::time::Duration;

use hikyaku_collector::{
    CollectError, Collector, Credentials, FolderReport, Job, Limits, Report, Secrecy, Selection,
};
use hikyaku_db::{Lane, testing::TestDatabase};
use hikyaku_directory::AccountScope;
use hikyaku_mailstore::{
    Fields, MailError, MailboxPath, Mailstore, MessageRow, Quota, UidSet, accounts,
};
use hikyaku_types::{AccountId, ByteSize, Id as _, Secret, TenantId};

/// The password of every scripted server.
pub(crate) const PASSWORD: &str = "open sesame";

/// A mail store with account 1 of tenant 1.
pub(crate) struct World {
    pub(crate) test: TestDatabase,
    pub(crate) mail: Mailstore,
    pub(crate) limits: Limits,
}

pub(crate) fn scope() -> AccountScope {
    AccountScope {
        tenant: TenantId::from_i64(1),
        account: AccountId::from_i64(1),
    }
}

pub(crate) fn path(text: &str) -> MailboxPath {
    MailboxPath::parse(text).unwrap()
}

/// A job that reads from `url`, without TLS where the server has none.
pub(crate) fn job(url: &str) -> Job {
    Job {
        scope: scope(),
        endpoint: url.parse().unwrap(),
        user: "taro".to_owned(),
        credentials: Credentials::Password(Secret::from(PASSWORD)),
        secrecy: Secrecy::Plaintext,
        selection: Selection::default(),
        follow_flags: false,
        dry_run: false,
    }
}

/// A message with a subject, unlike any other with the same one.
pub(crate) fn message(subject: &str) -> Vec<u8> {
    format!(
        "From: Taro <taro@old.test>\r\nSubject: {subject}\r\nMessage-ID: <{subject}@old.test>\r\n\
         Date: Mon, 5 Jan 2026 09:00:00 +0900\r\n\r\n.The body of {subject}.\r\n"
    )
    .into_bytes()
}

impl World {
    pub(crate) async fn new(test: TestDatabase) -> Self {
        let mail = Mailstore::new(test.db.clone(), hikyaku_mailstore::Limits::default());
        let limits = Limits {
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(4),
            ..Limits::default()
        };
        let world = Self { test, mail, limits };
        let create =
            move |tx: &hikyaku_db::WriteTx<'_>| accounts::create(tx, scope(), Quota::UNLIMITED);
        world.test.db.write(Lane::Mail, create).await.unwrap();
        world
    }

    pub(crate) async fn set_quota(&self, bytes: u64, messages: u64) {
        let quota = Quota {
            bytes: ByteSize(bytes),
            messages,
        };
        let set = move |tx: &hikyaku_db::WriteTx<'_>| accounts::set_quota(tx, scope(), quota);
        self.test.db.write(Lane::Mail, set).await.unwrap();
    }

    pub(crate) async fn try_run(&self, job: &Job) -> Result<Report, CollectError> {
        let collector = Collector::new(self.mail.clone(), self.limits);
        collector.run(job, |_| ()).await
    }

    /// Runs a job, which must begin.
    pub(crate) async fn run(&self, job: &Job) -> Report {
        self.try_run(job).await.unwrap()
    }

    /// Runs a job of one folder.
    pub(crate) async fn run_folder(&self, job: &Job) -> FolderReport {
        let mut report = self.run(job).await;
        assert!(
            matches!(report.ended, hikyaku_collector::Ended::Complete),
            "{:?}",
            report.ended
        );
        assert_eq!(report.folders.len(), 1);
        report.folders.remove(0)
    }

    pub(crate) async fn rows(&self, mailbox: &str, fields: Fields) -> Vec<MessageRow> {
        let found = self.mail.mailbox(scope(), &path(mailbox)).await.unwrap();
        let id = found.unwrap_or_else(|| panic!("no mailbox {mailbox}")).id;
        let all = UidSet::all();
        let rows = self.mail.rows(scope(), id, &all, None, 1_000, fields);
        rows.await.unwrap()
    }

    /// The subjects of a mailbox in the order of its UIDs.
    pub(crate) async fn subjects(&self, mailbox: &str) -> Vec<String> {
        let rows = self.rows(mailbox, Fields::ENVELOPE).await;
        let subject = |row: MessageRow| row.envelope?.subject.map(|text| text.decoded().into());
        rows.into_iter()
            .map(|row| subject(row).unwrap_or_default())
            .collect()
    }

    /// A number of the database, such as a count.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        let read = move |tx: &hikyaku_db::Tx<'_>| {
            Ok::<_, MailError>(tx.query_one(sql, hikyaku_db::params![], |row| row.get(0))?)
        };
        self.test.db.read(read).await.unwrap()
    }

    /// Demands that nothing is wrong with any account.
    pub(crate) async fn check(&self) {
        let findings = self.mail.check_all().await.unwrap();
        let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(texts.is_empty(), "{}", texts.join("\n"));
    }
}

/// What a folder's report counts: found, imported, already, skipped, remaining.
pub(crate) fn counts(report: &FolderReport) -> [u64; 5] {
    [
        report.found,
        report.imported,
        report.already,
        report.skipped,
        report.remaining,
    ]
}
