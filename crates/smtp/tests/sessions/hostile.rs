//! Sessions of random pieces: whatever a client sends, the session ends, and what it was told to
//! be accepted is stored, once, and nothing else.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    scene::Host,
    transcript::{self, Scene as _},
};

/// Sessions of one run.
const SESSIONS: usize = 150;

/// What sessions are made of: right pieces, so that they get somewhere, and wrong ones.
const PIECES: [&[u8]; 31] = [
    b"EHLO client.example\r\n",
    b"EHLO client.example\r\n",
    b"HELO x\r\n",
    b"MAIL FROM:<a@sender.example>\r\n",
    b"MAIL FROM:<a@sender.example>\r\n",
    b"MAIL FROM:<> SIZE=100 BODY=8BITMIME\r\n",
    b"RCPT TO:<taro@example.test>\r\n",
    b"RCPT TO:<taro@example.test>\r\n",
    b"RCPT TO:<taro@example.test>\r\n",
    b"RCPT TO:<nobody@example.test>\r\n",
    b"RSET\r\nMAIL FROM:<a@sender.example>\r\nRCPT TO:<taro@example.test>\r\nDATA\r\n",
    b"RSET\r\nMAIL FROM:<a@sender.example>\r\nRCPT TO:<taro@example.test>\r\nBDAT 2\r\n\r\n",
    b"HELO x\r\nMAIL FROM:<a@sender.example>\r\nRCPT TO:<taro@example.test>\r\n",
    b"DATA\r\n",
    b"DATA\r\n",
    b"Subject: x\r\n\r\ntext\r\n.\r\n",
    b".\r\n",
    b"..\r\n",
    b"a\nb\r\n.\r\n",
    b"BDAT 12\r\nSubject: x\r\n",
    b"BDAT 5 LAST\r\n\r\na\r\n",
    b"BDAT 0 LAST\r\n",
    b"BDAT x\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"AUTH PLAIN\r\nAHRhcm9AZXhhbXBsZS50ZXN0AHdyb25n\r\n",
    b"AUTH LOGIN\r\n*\r\n",
    b"STARTTLS\r\n",
    b"\xff\x00\r\r\n",
    b"QUIT\r\n",
    b"\r\n",
];

/// A message that is right, whatever came before it, if it is read as commands.
const WHOLE: &[u8] = b"RSET\r\nHELO x\r\nMAIL FROM:<a@sender.example>\r\n\
    RCPT TO:<taro@example.test>\r\nDATA\r\nSubject: x\r\n\r\nMAIL FROM:<x@y.example>\r\n.\r\n";

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).expect("below a usize")
    }
}

hikyaku_db::on_both_engines! {
    async fn what_was_accepted_is_stored_and_nothing_else(test: TestDatabase) {
        let mut host = Host::new(test).await;
        let mut numbers = Numbers(0x0123_4567_89ab_cdef);
        let words = ["smtp", "closed", "bad_commands=1000"].map(str::to_owned);
        let mut accepted = 0;
        for _ in 0..SESSIONS {
            let mut pipe = host.open(&words).await.expect("the port is open");
            let mut input = Vec::new();
            for _ in 0..numbers.next(40) {
                let piece = match numbers.next(3) {
                    0 => WHOLE,
                    _ => PIECES[numbers.next(PIECES.len())],
                };
                input.extend_from_slice(piece);
            }
            // Octets come in pieces that have nothing to do with lines. A session that has ended
            // takes no more of them.
            for piece in input.chunks(numbers.next(60) + 1) {
                if pipe.write_all(piece).await.is_err() {
                    break;
                }
                if numbers.next(3) == 0 {
                    tokio::task::yield_now().await;
                }
            }
            let _ = pipe.shutdown().await;
            let mut output = Vec::new();
            let reading = tokio::time::timeout(transcript::PATIENCE, pipe.read_to_end(&mut output));
            let _ = reading.await.expect("the session ends");
            let text = String::from_utf8_lossy(&output);
            assert!(text.starts_with("220 "), "{text}");
            accepted += text.matches("250 2.0.0 Accepted as ").count();
        }
        assert!(accepted > SESSIONS / 10, "the pieces should make messages too: {accepted}");
        let count = accepted.to_string();
        host.act("inbox", &["taro".to_owned(), count], &[], &mut transcript::Kept::new())
            .await
            .expect("what was accepted is stored");
        host.assert_consistent().await;
    }
}
