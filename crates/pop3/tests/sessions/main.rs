//! POP3 sessions on both engines: transcripts per command, and what a transcript cannot show.
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod conditions;
mod stage;
mod transcript;

use stage::Host;

/// One test per transcript and engine.
macro_rules! transcripts {
    ($($name:ident),+ $(,)?) => {$(
        hikyaku_db::on_both_engines! {
            /// See the transcript of this name.
            async fn $name(test: TestDatabase) {
                let text = include_str!(concat!("../transcripts/", stringify!($name), ".txt"));
                let host = Host::new(test).await;
                transcript::play(stringify!($name), text, &host).await;
            }
        }
    )+};
}

transcripts! {
    auth, bad_commands, capa, dele, drain, in_use, list, long_lines, noop, pipelining, quit, retr,
    rset, sign_in_forms, sign_in_policy, stat, stls, stls_injection, tls, top, uidl, user_pass,
    utf8, zones,
}

/// Every transcript in the folder is played.
#[test]
fn no_transcript_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts");
    let list = include_str!("main.rs");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = name.strip_suffix(".txt").unwrap();
        let words = list.split(|c: char| !c.is_alphanumeric() && c != '_');
        assert!(
            words.into_iter().any(|word| word == name),
            "{name} is not played"
        );
        count += 1;
    }
    assert!(count > 20, "{count}");
}
