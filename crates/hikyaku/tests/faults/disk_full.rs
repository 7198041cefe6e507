//! The disk fills up: mail is deferred (452 4.3.1), reading goes on, and with room it flows again.
//!
//! The disk is a tmpfs of its own ([`hikyaku_testkit::disk`]), as root and as an ordinary user:
//! limits on a process (RLIMIT_FSIZE) fail in other ways than a disk does. PostgreSQL's disk is
//! PostgreSQL's; what the server does when it says so is tested in `db`.

use anyhow::{Context as _, Result, bail, ensure};
use hikyaku_testkit::{
    disk::SmallDisk,
    host::{Host, HostDatabase, PASSWORD, Place},
    imap::ImapClient,
    line::LineClient,
    mail::TestMail,
    seed::Seed,
    smtp::{SmtpClient, Verdict},
};

use crate::{
    ledger::Ledger,
    scene::{BINARY, mailboxes, people, read_mail},
    senders::SENDER,
};

/// The size of the disk.
const DISK_KIB: u64 = 64 * 1024;
/// What the clients hear.
const STORAGE_LOW: &str = "452 4.3.1";

struct Scene {
    host: Host,
    people: Vec<String>,
    ledger: Ledger,
    seed: Seed,
}

impl Scene {
    /// A host on a small disk, with mail in it.
    fn new(limits: &str) -> Result<Self> {
        let place = Place::Disk(SmallDisk::of_kib(DISK_KIB)?);
        let mut host = Host::bare_at(BINARY, &HostDatabase::Embedded, place)?;
        host.limit(limits)?;
        host.add_domain()?;
        let people = people(&host, &["alice", "bob"])?;
        host.start()?;
        let mut scene = Self {
            host,
            people,
            ledger: Ledger::default(),
            seed: Seed::of_run("disk full"),
        };
        for _ in 0..5 {
            let verdict = scene.offer(10_000)?;
            ensure!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
        }
        Ok(scene)
    }

    fn disk(&self) -> Result<&SmallDisk> {
        self.host.disk().context("no disk of its own")
    }

    /// Offers a message of this size to everybody.
    fn offer(&mut self, size: usize) -> Result<Verdict> {
        let mail = TestMail::incompressible(size, &mut self.seed);
        let to: Vec<&str> = self.people.iter().map(String::as_str).collect();
        for person in &to {
            self.ledger.offer(&mail.id, person);
        }
        let mut client = SmtpClient::greet(self.host.connect(25)?)?;
        let verdict = client.offer(SENDER, &to, &mail)?;
        for person in &to {
            self.ledger.decide(&mail.id, person, &verdict);
        }
        Ok(verdict)
    }

    /// A refusal that says that storage is low.
    fn is_deferred(&mut self, size: usize) -> Result<()> {
        let verdict = self.offer(size)?;
        ensure!(verdict.reply().starts_with(STORAGE_LOW), "{verdict:?}");
        Ok(())
    }

    fn is_accepted(&mut self, size: usize) -> Result<()> {
        let verdict = self.offer(size)?;
        ensure!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
        Ok(())
    }

    /// Everything promised is there, by both ways of reading it.
    fn can_read(&self) -> Result<()> {
        let found = mailboxes(self.host.address(110), &self.people)?;
        self.ledger.verify(&found)?;
        let mut client = self.imap()?;
        client.select("INBOX")?;
        // Without PEEK: that would set \\Seen, for which there may be no room.
        let body = client.command("FETCH 1 BODY[TEXT]")?;
        ensure!(body.len() > 10, "{body:?}");
        let by_imap = client.message_ids(1)?;
        ensure!(
            by_imap.len() == found.get(&self.people[0]).map_or(0, Vec::len),
            "{by_imap:?}"
        );
        client.log_out()
    }

    /// Sets and removes a flag of Bob's until not even that is possible: what is left of the log
    /// would otherwise hide who needs to write.
    fn use_up_the_log(&self) -> Result<()> {
        let line = LineClient::connect(self.host.address(143))?;
        let mut client = ImapClient::sign_in(line, &self.people[1], PASSWORD)?;
        client.select("INBOX")?;
        for change in ["+", "-"].iter().cycle().take(1_000) {
            let tried = client.command(&format!("STORE 1 {change}FLAGS (\\Flagged)"));
            if let Err(error) = tried {
                let answer = format!("{error:#}");
                ensure!(answer.contains("NO [UNAVAILABLE]"), "{answer}");
                return client.log_out();
            }
        }
        bail!("flags can be stored for ever on a full disk")
    }

    /// APPEND is refused for the time being, and the session goes on.
    fn cannot_append(&self) -> Result<()> {
        let mut client = self.imap()?;
        let mail = TestMail::of_size(10_000);
        self.ledger.offer(&mail.id, &self.people[0]);
        let answer = client.append("INBOX", &mail.bytes)?;
        ensure!(answer.contains(" NO [UNAVAILABLE]"), "{answer}");
        client.log_out()
    }

    /// To delete something takes a little room too. POP3 says whether it was done, and that is so.
    fn delete_one(&self) -> Result<()> {
        let mut client = read_mail(self.host.address(110), &self.people[1])?;
        let id = client.message_id(1)?;
        client.delete(1)?;
        client.line.send("QUIT")?;
        let answer = client.line.line()?;
        eprintln!("deleting on a full disk: {answer}");
        if answer.starts_with("+OK") {
            self.ledger.delete(&id, &self.people[1]);
            return Ok(());
        }
        ensure!(answer.starts_with("-ERR [SYS/TEMP]"), "{answer}");
        Ok(())
    }

    fn imap(&self) -> Result<ImapClient> {
        let line = LineClient::connect(self.host.address(143))?;
        ImapClient::sign_in(line, &self.people[0], PASSWORD)
    }
}

/// Below the mark mail is deferred while there is still room for everything else.
#[test]
fn below_the_mark_only_new_mail_waits() -> Result<()> {
    let mut scene = Scene::new("min_free_percent = 50\nmin_free_bytes = \"1GB\"")?;
    scene.disk()?.fill_up_to(DISK_KIB / 4)?;
    for size in [100, 10_000, 1_000_000] {
        scene.is_deferred(size)?;
    }
    // LMTP hears it too.
    let mut lmtp = SmtpClient::greet_lmtp(scene.host.connect(24)?)?;
    let verdicts = lmtp.offer_each(SENDER, &[&scene.people[0]], &TestMail::default())?;
    ensure!(verdicts[0].reply().starts_with(STORAGE_LOW), "{verdicts:?}");
    scene.cannot_append()?;
    scene.can_read()?;
    scene.host.check()?;
    let mut client = read_mail(scene.host.address(110), &scene.people[1])?;
    let before = client.list()?.len();
    client.delete(1)?;
    client.quit()?;
    let mut client = read_mail(scene.host.address(110), &scene.people[1])?;
    ensure!(
        client.list()?.len() == before - 1,
        "what was deleted is still there"
    );
    client.quit()?;
    let mut client = scene.imap()?;
    client.select("INBOX")?;
    client.command("STORE 1 +FLAGS (\\Deleted)")?;
    let expunged = client.command("EXPUNGE")?;
    ensure!(expunged.contains(&"* 1 EXPUNGE".to_owned()), "{expunged:?}");
    client.log_out()?;
    scene.disk()?.make_room()?;
    scene.is_accepted(10_000)?;
    ensure!(scene.host.stop()?.success(), "the server did not end well");
    scene.host.check()
}

/// Without a mark the disk is filled to its last page: that is an error of the database, and the
/// client hears the same.
#[test]
fn on_a_full_disk_nothing_acknowledged_is_lost() -> Result<()> {
    let mut scene = Scene::new("min_free_percent = 0\nmin_free_bytes = \"0\"")?;
    scene.disk()?.fill_up_to(2 * 1024)?;
    let mut accepted = 0;
    while matches!(scene.offer(200_000)?, Verdict::Accepted(_)) {
        accepted += 1;
        ensure!(accepted < 100, "the disk does not fill up");
    }
    // The rest of the room, in smaller pieces.
    for size in [100_000, 50_000, 20_000, 5_000, 1_000, 100] {
        while matches!(scene.offer(size)?, Verdict::Accepted(_)) {}
    }
    for refusal in scene.ledger.refusals() {
        ensure!(refusal.starts_with(STORAGE_LOW), "refused with {refusal:?}");
    }
    // And not one page more.
    scene.disk()?.fill_up_to(0)?;
    scene.is_deferred(100)?;
    scene.cannot_append()?;
    scene.delete_one()?;
    scene.use_up_the_log()?;
    scene.can_read()?;
    scene.host.check()?;
    scene.disk()?.make_room()?;
    scene.is_accepted(200_000)?;
    scene.can_read()?;
    scene.host.check()?;
    // And after a crash on a full disk.
    scene.disk()?.fill_up_to(1024)?;
    while matches!(scene.offer(100_000)?, Verdict::Accepted(_)) {}
    scene.host.kill()?;
    scene.disk()?.make_room()?;
    scene.host.start()?;
    scene.can_read()?;
    scene.host.check()
}
