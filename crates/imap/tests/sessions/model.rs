//! Several sessions in one mailbox, doing at random what clients do: what each of them was told
//! must be what is there.

use std::collections::BTreeSet;

use hikyaku_mailstore::{Fields, Limits as MailLimits, UidSet};

use crate::{
    client::{Client, message},
    stage::{Host, quick_limits},
};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

/// What a client knows of one message, if it was told.
type Known = Option<(u32, BTreeSet<String>)>;

/// A client that believes what it is told, and nothing else.
struct Believer {
    client: Client,
    picture: Vec<Known>,
}

/// Whether messages may disappear during a command.
#[derive(PartialEq)]
enum Expunges {
    Allowed,
    Forbidden,
}

impl Believer {
    async fn new(host: &Host, select: &str) -> Self {
        let mut believer = Self {
            client: Client::signed_in(host).await,
            picture: Vec::new(),
        };
        believer.command(select, &Expunges::Forbidden).await;
        believer
            .command("a UID FETCH 1:* (UID FLAGS)", &Expunges::Allowed)
            .await;
        believer
    }

    async fn command(&mut self, command: &str, expunges: &Expunges) {
        for line in self.client.done(command).await {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            match words.as_slice() {
                ["*", count, "EXISTS"] => {
                    let count: usize = count.parse().unwrap();
                    assert!(count >= self.picture.len(), "{line}");
                    self.picture.resize(count, None);
                }
                ["*", number, "EXPUNGE"] => {
                    assert!(*expunges == Expunges::Allowed, "{command}: {line}");
                    let number: usize = number.parse().unwrap();
                    self.picture.remove(number - 1);
                }
                ["*", number, "FETCH", items] => {
                    let number: usize = number.parse().unwrap();
                    self.fetched(number, items, &line);
                }
                _ => {}
            }
        }
    }

    fn fetched(&mut self, number: usize, items: &str, line: &str) {
        let known = &mut self.picture[number - 1];
        let after = |name: &str| Some(items.split_once(name)?.1);
        let uid = after("UID ").map(|rest| {
            let digits = rest.split([' ', ')']).next().unwrap();
            digits.parse().unwrap()
        });
        let flags = after("FLAGS (").map(|rest| {
            let words = rest.split_once(')').unwrap().0.split_whitespace();
            words
                .filter(|word| *word != "\\Recent")
                .map(str::to_owned)
                .collect()
        });
        match (known.as_mut(), uid, flags) {
            (None, Some(uid), Some(flags)) => *known = Some((uid, flags)),
            (Some((before, known)), uid, flags) => {
                assert!(
                    uid.is_none_or(|uid| uid == *before),
                    "{line} is about another message"
                );
                *known = flags.unwrap_or_default();
            }
            (None, _, _) => panic!("{line} tells too little"),
        }
    }

    /// Something that a client may do.
    async fn act(&mut self, dice: &mut Dice) {
        let count = self.picture.len();
        let number = 1 + dice.roll(count.max(1));
        let range = format!("{number}:{}", 1 + dice.roll(count.max(1)));
        let flag = ["\\Seen", "\\Deleted", "\\Flagged", "$Work", "later"][dice.roll(5)];
        let sign = ["+", "-", ""][dice.roll(3)];
        let (command, expunges) = match dice.roll(if count == 0 { 3 } else { 12 }) {
            0 => ("c NOOP".to_owned(), Expunges::Allowed),
            1 => ("c EXPUNGE".to_owned(), Expunges::Allowed),
            2 => ("c UID SEARCH UNSEEN".to_owned(), Expunges::Allowed),
            3..=5 => (
                format!("c STORE {range} {sign}FLAGS ({flag})"),
                Expunges::Forbidden,
            ),
            6 => (
                format!("c SEARCH 1:{number} NOT DELETED"),
                Expunges::Forbidden,
            ),
            7 => (
                format!("c FETCH {range} (UID FLAGS BODY[TEXT])"),
                Expunges::Forbidden,
            ),
            8 => (format!("c COPY {number} INBOX"), Expunges::Allowed),
            9 => (format!("c MOVE {number} Archive"), Expunges::Allowed),
            10 => (format!("c MOVE {number} INBOX"), Expunges::Allowed),
            _ => (format!("c FETCH {range} (UID FLAGS)"), Expunges::Forbidden),
        };
        self.command(&command, &expunges).await;
    }

    /// What is not known is asked for; then everything must be as it is.
    async fn compare(&mut self, truth: &[(u32, BTreeSet<String>)]) {
        self.command("z NOOP", &Expunges::Allowed).await;
        let unknown = self
            .picture
            .iter()
            .enumerate()
            .filter(|(_, known)| known.is_none());
        let unknown: Vec<String> = unknown.map(|(at, _)| (at + 1).to_string()).collect();
        if !unknown.is_empty() {
            let fetch = format!("z FETCH {} (UID FLAGS)", unknown.join(","));
            self.command(&fetch, &Expunges::Forbidden).await;
        }
        let picture: Vec<_> = self.picture.iter().flatten().cloned().collect();
        assert_eq!(picture, truth);
    }
}

/// What is in the mailbox.
async fn truth(host: &Host) -> Vec<(u32, BTreeSet<String>)> {
    let mailbox = host.mailbox("taro", "INBOX").await.id;
    let scope = host.scopes["taro"];
    let all = UidSet::all();
    let rows = host
        .mail
        .rows(scope, mailbox, &all, None, 1000, Fields::PLACEMENT);
    let mut truth = Vec::new();
    for row in rows.await.unwrap() {
        let system = [(1, "\\Seen"), (4, "\\Flagged"), (8, "\\Deleted")];
        let bits = row.flags.system().bits();
        let system = system
            .iter()
            .filter(|(bit, _)| bits & bit != 0)
            .map(|(_, name)| *name);
        let keywords = row
            .flags
            .keywords()
            .iter()
            .map(hikyaku_mailstore::Keyword::as_str);
        let flags = system.chain(keywords).map(str::to_owned).collect();
        truth.push((row.uid.get(), flags));
    }
    truth
}

async fn play(host: &Host, seed: u64) {
    let mut dice = Dice(seed);
    let mut believers = Vec::new();
    for round in 0..120 {
        if believers.len() < 4 && dice.roll(4) == 0 {
            let select = ["s SELECT INBOX", "s SELECT INBOX (CONDSTORE)"][dice.roll(2)];
            believers.push(Believer::new(host, select).await);
        }
        match dice.roll(6) {
            0 | 1 => {
                let mail = (0..=dice.roll(3)).map(|n| message(round * 10 + n));
                host.append("taro", "INBOX", mail.collect()).await;
            }
            // A session that is far behind.
            2 if dice.roll(10) == 0 => {
                host.mail.purge().await.unwrap();
            }
            _ if !believers.is_empty() => {
                let chosen = dice.roll(believers.len());
                believers[chosen].act(&mut dice).await;
            }
            _ => {}
        }
    }
    let truth = truth(host).await;
    assert!(!believers.is_empty(), "seed {seed} makes a session");
    for believer in &mut believers {
        believer.compare(&truth).await;
    }
    host.check().await;
}

hikyaku_db::on_both_engines! {
    /// With a change log that remembers everything.
    async fn sessions_know_what_is_there(test: TestDatabase) {
        let host = Host::new(test).await;
        for seed in [1, 77, 4242] {
            play(&host, seed).await;
        }
    }

    /// With one that forgets, so that sessions have to compare the whole mailbox.
    async fn sessions_far_behind_know_what_is_there(test: TestDatabase) {
        let mail_limits = MailLimits { change_history: 5, ..MailLimits::default() };
        let host = Host::with(test, quick_limits(), mail_limits).await;
        for seed in [5, 99, 31337] {
            play(&host, seed).await;
        }
    }
}
