//! Whole conversations on both engines: one file per command or feature in `tests/transcripts/`.

mod hostile;
mod scene;
mod service;

use std::path::Path;

use hikyaku_db::testing::TestDatabase;
use hikyaku_testkit::transcript;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts"))
}

async fn play(name: &str, test: TestDatabase) {
    let mut host = scene::Host::new(test).await;
    transcript::play(&folder().join(name).with_extension("txt"), &mut host).await;
    host.assert_consistent().await;
}

macro_rules! transcripts {
    ($($name:ident)+) => {
        hikyaku_db::on_both_engines! {
            $(async fn $name(test: TestDatabase) {
                super::play(stringify!($name), test).await;
            })+
        }

        #[test]
        fn every_transcript_is_played() {
            let names = [$(stringify!($name)),+];
            for path in transcript::all_in(folder()) {
                let name = path.file_stem().expect("a file has a name").to_string_lossy();
                assert!(names.contains(&name.as_ref()), "{name} is not in the list");
            }
        }
    };
}

transcripts! {
    auth
    auth_needs_tls
    auth_refused
    bdat
    bdat_refused
    data
    drain
    dsn
    early_talkers
    error_limits
    greeting
    lmtp
    long_input
    long_lines
    loops
    mail_and_rcpt
    memory
    null_sender_and_postmaster
    pipelining
    quota
    recipients
    revoked
    simple_commands
    size
    smtputf8
    smuggling
    starttls
    starttls_injection
    submission
    submission_author
    timeouts
    zones
}
