//! IMAP sessions on both engines: transcripts per command, and what a transcript cannot show.
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod appending;
mod client;
mod conditions;
mod deflate;
mod hostile;
mod large;
mod messages;
mod model;
mod stage;
mod volume;

use std::path::Path;

use hikyaku_testkit::transcript;

use stage::Host;

/// Where the transcripts are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts");

/// One test per transcript and engine. Afterwards all counters are recomputed.
macro_rules! transcripts {
    ($($name:ident),+ $(,)?) => {$(
        hikyaku_db::on_both_engines! {
            /// See the transcript of this name.
            async fn $name(test: TestDatabase) {
                let mut host = Host::new(test).await;
                let path = Path::new(FOLDER).join(concat!(stringify!($name), ".txt"));
                transcript::play(&path, &mut host).await;
                host.check().await;
            }
        }
    )+};
}

transcripts! {
    append, append_refused, append_several, authenticate, bad_commands, bodystructure,
    capability, close, compress, condstore, copy, create, delete, drain, enable, esearch,
    examine, expunge, expunge_elsewhere, fetch, fetch_partial, fetch_sections, flags_elsewhere,
    id, idle, idle_ends, japanese, keywords, list, list_extended, list_recursive, list_status,
    literals, login, login_failures, login_needs_tls, logout, lsub, move_messages, namespace,
    noop, objectid, quota, quota_root, recent, rename, revoked, search, search_charset,
    search_dates, select, sign_in_rules, starttls, starttls_injection, states, status, store,
    subscribe, tls, uid, uid_expunge, unselect, utf8, utf8_append,
}

/// Every transcript in the folder is played.
#[test]
fn no_transcript_is_forgotten() {
    let list = include_str!("main.rs");
    for path in transcript::all_in(Path::new(FOLDER)) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let mut words = list.split(|c: char| !c.is_alphanumeric() && c != '_');
        assert!(words.any(|word| word == name), "{name} is not played");
    }
}

/// What is announced, and the transcripts that show it.
const CAPABILITIES: [(&str, &[&str]); 30] = [
    (
        "IMAP4rev1",
        &["select", "fetch", "search", "store", "append"],
    ),
    ("CHILDREN", &["list"]),
    ("CONDSTORE", &["condstore"]),
    ("CREATE-SPECIAL-USE", &["create"]),
    ("ESEARCH", &["esearch"]),
    ("MOVE", &["move_messages"]),
    ("ENABLE", &["enable"]),
    ("ID", &["id"]),
    ("IDLE", &["idle", "idle_ends"]),
    ("LIST-EXTENDED", &["list_extended", "list_recursive"]),
    ("LIST-STATUS", &["list_status"]),
    ("LITERAL-", &["literals"]),
    ("MULTIAPPEND", &["append_several"]),
    ("NAMESPACE", &["namespace"]),
    ("OBJECTID", &["objectid"]),
    ("QUOTA", &["quota_root", "quota"]),
    ("QUOTA=RES-MESSAGE", &["quota_root"]),
    ("QUOTA=RES-STORAGE", &["quota_root"]),
    ("SPECIAL-USE", &["list", "list_extended"]),
    ("STATUS=SIZE", &["status"]),
    ("UIDPLUS", &["append", "copy", "uid_expunge"]),
    ("UNSELECT", &["unselect"]),
    ("UTF8=ACCEPT", &["utf8", "utf8_append"]),
    ("APPENDLIMIT=100000", &["append_refused", "status"]),
    ("COMPRESS=DEFLATE", &["compress"]),
    ("STARTTLS", &["starttls", "starttls_injection"]),
    ("SASL-IR", &["authenticate"]),
    ("AUTH=PLAIN", &["authenticate"]),
    ("AUTH=LOGIN", &["authenticate"]),
    ("LOGINDISABLED", &["login_needs_tls"]),
];

/// Every capability that a transcript has seen announced is on the list above, and what is on the
/// list is announced and has its transcripts.
#[test]
fn every_capability_has_a_transcript() {
    let read = |name: &str| {
        std::fs::read_to_string(Path::new(FOLDER).join(format!("{name}.txt"))).unwrap()
    };
    let greetings = read("capability") + &read("login_needs_tls");
    let greetings = greetings
        .lines()
        .filter(|line| line.starts_with("S: * OK [CAPABILITY "));
    let announced: Vec<&str> = greetings
        .flat_map(|line| line.split_once(']').unwrap().0.split(' ').skip(4))
        .collect();
    assert!(!announced.is_empty());
    for name in &announced {
        assert!(
            CAPABILITIES.iter().any(|(known, _)| known == name),
            "{name} is not on the list"
        );
    }
    for (name, transcripts) in CAPABILITIES {
        assert!(announced.contains(&name), "{name} is not announced");
        assert!(
            transcripts
                .iter()
                .all(|transcript| !read(transcript).is_empty())
        );
    }
}
