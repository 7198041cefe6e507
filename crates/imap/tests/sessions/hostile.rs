//! Conversations with mistakes in them: whatever comes, a session ends and nothing breaks.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{client::message, stage::Host};

/// A conversation with every command, to be damaged.
const TALK: &[u8] = b"a CREATE a/b\r\nb LIST \"\" %\r\nc LSUB \"\" *\r\nd SELECT INBOX\r\n\
    e UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (Subject)] BODY[1]<0.9> ENVELOPE)\r\n\
    f STORE 1:2 +FLAGS (\\Deleted $x)\r\ng SEARCH OR FROM a (BODY {4+}\r\nbody UNSEEN)\r\n\
    h COPY 1:* a/b\r\ni EXPUNGE\r\nj APPEND INBOX (\\Seen) {12+}\r\nSubject: x\r\n\r\n\
    k IDLE\r\nDONE\r\nl STATUS a/b (MESSAGES UNSEEN RECENT)\r\nm RENAME a/b c\r\n\
    n UID EXPUNGE 1:*\r\no SUBSCRIBE c\r\np DELETE c\r\nq CLOSE\r\nr EXAMINE INBOX\r\n\
    s FETCH 1 FULL\r\n\
    S LIST (RECURSIVEMATCH SUBSCRIBED) \"\" (% a/*) RETURN (STATUS (SIZE DELETED-STORAGE))\r\n\
    Q GETQUOTAROOT a/b\r\nA APPEND INBOX {12+}\r\nSubject: x\r\n (\\Seen) UTF8 (~{3+}\r\nx: )\r\n\
    E ENABLE UTF8=ACCEPT\r\nO SEARCH OR EMAILID M1 THREADID T2\r\n\
    t UNSELECT\r\nu NAMESPACE\r\nv ID NIL\r\nw LOGOUT\r\n";

/// Pieces that mean something in this grammar.
const PIECES: [&[u8]; 16] = [
    b"\r\n",
    b"\n",
    b"\0",
    b"\"",
    b"(",
    b")",
    b"{5}\r\n",
    b"{5+}\r\n",
    b"*",
    b"1:4294967295",
    b"\xff",
    b"NOT ",
    b"&",
    b"/",
    b"INBOX",
    b"x IDLE\r\n",
];

/// How many damaged conversations are tried.
const CONVERSATIONS: usize = 150;

/// A small generator of numbers (xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 as usize) % limit.max(1)
    }
}

fn damaged(random: &mut Random) -> Vec<u8> {
    let mut talk = TALK.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(talk.len());
        let piece = PIECES[random.below(PIECES.len())];
        let end = (at + random.below(6)).min(talk.len());
        talk.splice(at..end, piece.iter().copied());
    }
    talk
}

hikyaku_db::on_both_engines! {
    /// Every session ends, nothing is left inconsistent, and others go on.
    async fn damaged_conversations_end(test: TestDatabase) {
        let host = Host::new(test).await;
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for _ in 0..CONVERSATIONS {
            host.append("taro", "INBOX", vec![message(1), message(2)]).await;
            let mut pipe = host.signed_in("taro").await;
            let talk = damaged(&mut random);
            pipe.write_all(&talk).await.unwrap();
            pipe.shutdown().await.unwrap();
            let mut answers = Vec::new();
            pipe.read_to_end(&mut answers).await.unwrap();
            assert!(answers.ends_with(b"\r\n"), "{}", talk.escape_ascii());
        }
        host.until_sessions(0).await;
        host.check().await;
    }
}
