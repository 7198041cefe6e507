//! The client's side of a compressed connection (RFC 4978).

use std::time::Duration;

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use hikyaku_imap::Limits;
use hikyaku_mailstore::Limits as MailLimits;
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader, duplex, split,
};

use crate::{
    client::{Client, message},
    stage::{Host, quick_limits},
    transcript::Pipe,
};

/// Octets moved at once.
const CHUNK: usize = 4096;

/// What is written goes out compressed, what comes in is decompressed; both at once and without
/// looking at it.
pub(crate) fn deflated(server: Box<dyn Pipe>) -> Box<dyn Pipe> {
    let (near, far) = duplex(64 * 1024);
    let (from_server, to_server) = split(server);
    let (from_test, to_test) = split(far);
    tokio::spawn(compress(from_test, to_server));
    tokio::spawn(decompress(from_server, to_test));
    Box::new(near)
}

async fn compress(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut stream = Compress::new(Compression::default(), false);
    let mut chunk = [0; CHUNK];
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        let mut out = Vec::with_capacity(2 * CHUNK);
        stream
            .compress_vec(&chunk[..count], &mut out, FlushCompress::Sync)
            .unwrap();
        if to.write_all(&out).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

async fn decompress(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut stream = Decompress::new(false);
    let mut chunk = [0; CHUNK];
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        let mut rest = &chunk[..count];
        loop {
            let mut out = Vec::with_capacity(CHUNK);
            let before = stream.total_in();
            stream
                .decompress_vec(rest, &mut out, FlushDecompress::None)
                .unwrap();
            rest = &rest[(stream.total_in() - before) as usize..];
            if to.write_all(&out).await.is_err() {
                return;
            }
            if rest.is_empty() && out.len() < CHUNK {
                break;
            }
        }
    }
    let _ = to.shutdown().await;
}

async fn compressed(host: &Host) -> Client {
    let mut client = Client::in_inbox(host).await;
    client.done("z COMPRESS DEFLATE").await;
    Client(BufReader::new(deflated(client.0.into_inner())))
}

hikyaku_db::on_both_engines! {
    /// Large answers, large messages and many small commands survive compression.
    async fn mail_survives_compression(test: TestDatabase) {
        let host = Host::new(test).await;
        let noise = |n: u32| b' ' + (n.wrapping_mul(n) % 94) as u8;
        let large: Vec<u8> = (0..90_000).map(noise).collect();
        host.append("taro", "INBOX", vec![Bytes::from(large.clone())]).await;
        let mut client = compressed(&host).await;
        let lines = client.done("a FETCH 1 BODY.PEEK[]").await;
        let start = std::str::from_utf8(&large[..500]).unwrap();
        assert!(lines.iter().any(|line| line.contains(start)));
        for number in 0..50 {
            let text = message(number);
            let text = std::str::from_utf8(&text).unwrap();
            client.send(&format!("b APPEND INBOX {{{}+}}\r\n{text}\r\n", text.len())).await;
            while !client.line().await.starts_with("b OK") {}
        }
        assert_eq!(client.done("c FETCH 2:* (UID FLAGS)").await.len(), 50);
        host.check().await;
    }

    /// The limits of commands hold for what they expand to, and nonsense ends the session.
    async fn hostile_streams_end(test: TestDatabase) {
        let limits = Limits { command: Duration::from_secs(20), ..quick_limits() };
        let host = Host::with(test, limits, MailLimits::default()).await;
        let mut bomb = compressed(&host).await;
        // The server does not read all of it.
        let _ = bomb.0.write_all("a".repeat(3 << 20).as_bytes()).await;
        assert!(bomb.line().await.contains("BAD line longer than"));
        assert!(bomb.line().await.starts_with("* BYE [CLIENTBUG]"));
        let mut plain = Client::signed_in(&host).await;
        plain.done("a COMPRESS DEFLATE").await;
        plain.send("b NOOP\r\nb NOOP\r\n").await;
        let mut rest = Vec::new();
        plain.0.read_to_end(&mut rest).await.unwrap();
        drop((bomb, plain));
        host.until_sessions(0).await;
    }
}
