//! Those who send: several connections at once, each until it is cut off or told to stop.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use anyhow::Result;
use hikyaku_testkit::{
    host::{Host, PASSWORD},
    imap::ImapClient,
    line::LineClient,
    mail::TestMail,
    seed::Seed,
    smtp::{SmtpClient, Verdict},
};

use crate::ledger::Ledger;

/// Bytes of a message at most.
const LARGEST: u64 = 20_000;
/// So many of 100 messages are so large that their contents are objects.
const OBJECTS_PERCENT: u64 = 15;
const OBJECT_AT_LEAST: usize = 100_000;
/// Recipients of a message at most.
const RECIPIENTS: u64 = 3;
/// Who sends; the address need not exist.
pub(crate) const SENDER: &str = "sender@remote.example";

/// How mail gets in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Door {
    /// Port 25.
    Smtp(SocketAddr),
    /// Port 24, one reply per recipient.
    Lmtp(SocketAddr),
    /// Port 143: a client that puts messages into its own mailbox.
    Append(SocketAddr),
}

impl Door {
    /// Connections that wear a server out: most by SMTP, some by LMTP and IMAP.
    pub(crate) fn several(host: &Host) -> Vec<Self> {
        let (smtp, lmtp) = (Self::Smtp(host.address(25)), Self::Lmtp(host.address(24)));
        vec![smtp, smtp, smtp, lmtp, Self::Append(host.address(143))]
    }
}

/// Sends to random ones of `people` until told to stop. An error is the end of the connection.
pub(crate) fn send_on(
    door: Door,
    people: &[String],
    ledger: &Ledger,
    seed: Seed,
    stop: &AtomicBool,
) -> Result<()> {
    let mut sender = Sender {
        people,
        ledger,
        seed,
    };
    match door {
        Door::Smtp(address) => {
            let mut client = SmtpClient::greet(LineClient::connect(address)?)?;
            while !stop.load(Relaxed) {
                sender.smtp(&mut client)?;
            }
        }
        Door::Lmtp(address) => {
            let mut client = SmtpClient::greet_lmtp(LineClient::connect(address)?)?;
            while !stop.load(Relaxed) {
                sender.lmtp(&mut client)?;
            }
        }
        Door::Append(address) => {
            let Some(owner) = sender.seed.pick(people).cloned() else {
                return Ok(());
            };
            let line = LineClient::connect(address)?;
            let mut client = ImapClient::sign_in(line, &owner, PASSWORD)?;
            while !stop.load(Relaxed) {
                sender.append(&mut client, &owner)?;
            }
        }
    }
    Ok(())
}

struct Sender<'a> {
    people: &'a [String],
    ledger: &'a Ledger,
    seed: Seed,
}

impl Sender<'_> {
    fn smtp(&mut self, client: &mut SmtpClient) -> Result<()> {
        let (mail, to) = self.next(RECIPIENTS);
        let verdict = client.offer(SENDER, &borrowed(&to), &mail)?;
        for person in &to {
            self.ledger.decide(&mail.id, person, &verdict);
        }
        Ok(())
    }

    fn lmtp(&mut self, client: &mut SmtpClient) -> Result<()> {
        let (mail, to) = self.next(RECIPIENTS);
        let verdicts = client.offer_each(SENDER, &borrowed(&to), &mail)?;
        for (person, verdict) in to.iter().zip(&verdicts) {
            self.ledger.decide(&mail.id, person, verdict);
        }
        Ok(())
    }

    fn append(&mut self, client: &mut ImapClient, owner: &str) -> Result<()> {
        let mail = self.mail();
        self.ledger.offer(&mail.id, owner);
        let answer = client.append("INBOX", &mail.bytes)?;
        let is_ok = answer.split(' ').nth(1) == Some("OK");
        let verdict = if is_ok {
            Verdict::Accepted(answer)
        } else {
            Verdict::Refused(answer)
        };
        self.ledger.decide(&mail.id, owner, &verdict);
        Ok(())
    }

    /// A message and who gets it, already in the ledger.
    fn next(&mut self, most: u64) -> (TestMail, Vec<String>) {
        let mail = self.mail();
        let mut to: Vec<String> = Vec::new();
        for _ in 0..=self.seed.below(most) {
            if let Some(person) = self.seed.pick(self.people)
                && !to.contains(person)
            {
                self.ledger.offer(&mail.id, person);
                to.push(person.clone());
            }
        }
        (mail, to)
    }

    fn mail(&mut self) -> TestMail {
        let size = usize::try_from(self.seed.below(LARGEST)).unwrap_or(0);
        if self.seed.percent(OBJECTS_PERCENT) {
            return TestMail::incompressible(OBJECT_AT_LEAST + size, &mut self.seed);
        }
        TestMail::of_size(size)
    }
}

fn borrowed(people: &[String]) -> Vec<&str> {
    people.iter().map(String::as_str).collect()
}
