//! POP3 sessions on both engines: transcripts per command, and what a transcript cannot show.
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod conditions;
mod stage;

use std::path::Path;

use hikyaku_testkit::transcript;

use stage::Host;

/// Where the transcripts are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts");

/// One test per transcript and engine.
macro_rules! transcripts {
    ($($name:ident),+ $(,)?) => {$(
        hikyaku_db::on_both_engines! {
            /// See the transcript of this name.
            async fn $name(test: TestDatabase) {
                let mut host = Host::new(test).await;
                let path = Path::new(FOLDER).join(concat!(stringify!($name), ".txt"));
                transcript::play(&path, &mut host).await;
            }
        }
    )+};
}

transcripts! {
    auth, bad_commands, capa, dele, drain, in_use, list, long_lines, noop, pipelining, quit,
    read_ahead, retr, revoked, rset, sign_in_forms, sign_in_policy, stat, stls, stls_injection, tls,
    top, uidl,
    user_pass, utf8, zones,
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
