//! Compressed connections over an in-memory pipe.

use std::net::SocketAddr;

use flate2::{Compress, Compression, FlushCompress};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;
use crate::{
    ClosedZone, CompressError, Connection, ConnectionOptions, INPUT_STEP, LineRule, ReadError,
};

const SECOND: Duration = Duration::from_secs(1);
const RULE: LineRule = LineRule::lenient(100);

async fn pair_of(octets: usize) -> (DuplexStream, Connection) {
    let (client, server) = duplex(octets);
    let address: SocketAddr = "192.0.2.1:4000".parse().unwrap();
    let options = ConnectionOptions::new(ClosedZone::default().peer(address));
    let mut connection = Connection::new(server, options);
    connection.compress().await.unwrap();
    (client, connection)
}

/// What a client sends: `octets` as one flushed piece of a stream.
fn deflated(stream: &mut Compress, octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + 1024);
    stream
        .compress_vec(octets, &mut out, FlushCompress::Sync)
        .unwrap();
    out
}

fn new_stream() -> Compress {
    Compress::new(Compression::best(), false)
}

/// Octets that do not repeat much (xorshift).
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Decompresses what a server sent.
struct Reader<R> {
    stream: Decompress,
    pipe: R,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    fn new(pipe: R) -> Self {
        Self {
            stream: Decompress::new(false),
            pipe,
        }
    }

    /// Reads until that many octets have come out, or the server closes.
    async fn read(&mut self, count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        let mut chunk = [0; 700];
        while out.len() < count {
            let read = self.pipe.read(&mut chunk).await.unwrap();
            if read == 0 {
                break;
            }
            let mut rest = &chunk[..read];
            while !rest.is_empty() {
                let before = self.stream.total_in();
                self.stream
                    .decompress_vec(rest, &mut out, FlushDecompress::None)
                    .unwrap();
                rest = &rest[(self.stream.total_in() - before) as usize..];
                out.reserve(1024);
            }
        }
        out
    }
}

#[tokio::test]
async fn both_directions_are_compressed() {
    for capacity in [1, 7, 64 * 1024] {
        let (client, mut connection) = pair_of(capacity).await;
        assert!(connection.is_compressed());
        let sent = [noise(40_000), vec![b'x'; 40_000]].concat();
        let bytes = deflated(&mut new_stream(), &sent);
        let (receiving, mut sending) = tokio::io::split(client);
        // The end of the last block is not read by a server that has all it waits for.
        let feeding = tokio::spawn(async move { sending.write_all(&bytes).await });
        assert_eq!(
            connection.read_exact(sent.len(), SECOND).await.unwrap(),
            sent
        );
        let mut reader = Reader::new(receiving);
        let answering = async {
            connection.write(b"small").await.unwrap();
            connection.write(&sent).await.unwrap();
            connection.close().await.unwrap();
        };
        let ((), received) = tokio::join!(answering, reader.read(usize::MAX));
        assert_eq!(received, [b"small".as_slice(), &sent].concat());
        feeding.abort();
    }
}

#[tokio::test]
async fn what_is_flushed_can_be_read_at_once() {
    let (client, mut connection) = pair_of(64 * 1024).await;
    let mut reader = Reader::new(client);
    for text in ["* 1 EXISTS\r\n", "* 2 EXISTS\r\n", "a OK\r\n"] {
        connection.write(text.as_bytes()).await.unwrap();
        connection.flush().await.unwrap();
        assert_eq!(reader.read(text.len()).await, text.as_bytes());
    }
}

#[tokio::test]
async fn what_expands_without_end_takes_no_memory() {
    const SIZE: usize = 50 << 20;
    let (mut client, mut connection) = pair_of(64 * 1024).await;
    let mut stream = new_stream();
    let bomb = deflated(&mut stream, &vec![0; SIZE]);
    assert!(bomb.len() < SIZE / 900, "{} octets", bomb.len());
    let feeding = client.write_all(&bomb);
    let reading = async {
        let mut seen = 0;
        while seen < SIZE {
            let count = connection.fill(SECOND).await.unwrap().len();
            assert!(count <= 2 * INPUT_STEP, "{count} octets at once");
            connection.consume(count);
            seen += count;
        }
        seen
    };
    let (fed, seen) = tokio::join!(feeding, reading);
    fed.unwrap();
    assert_eq!(seen, SIZE);
}

#[tokio::test]
async fn limits_hold_for_what_it_expands_to() {
    let (mut client, mut connection) = pair_of(64 * 1024).await;
    let mut stream = new_stream();
    let line = [vec![b'a'; 100_000], b"\r\nnext\r\n".to_vec()].concat();
    client
        .write_all(&deflated(&mut stream, &line))
        .await
        .unwrap();
    let refused = connection.read_line(RULE, SECOND).await;
    assert!(matches!(
        refused,
        Err(ReadError::LineTooLong(_) | ReadError::EndlessLine)
    ));
}

#[tokio::test]
async fn what_is_no_stream_ends_the_connection() {
    for garbage in [&b"a NOOP\r\n"[..], b"\xff\xff\xff\xff", b"\x07"] {
        let (mut client, mut connection) = pair_of(64 * 1024).await;
        client.write_all(garbage).await.unwrap();
        let read = connection.read_line(RULE, SECOND).await;
        assert!(
            matches!(read, Err(ReadError::Io(_))),
            "{garbage:?}: {read:?}"
        );
    }
}

#[tokio::test]
async fn a_stream_may_end_anywhere() {
    let mut stream = new_stream();
    let bytes = deflated(&mut stream, b"a NOOP\r\n");
    for length in 0..bytes.len() {
        let (mut client, mut connection) = pair_of(64 * 1024).await;
        client.write_all(&bytes[..length]).await.unwrap();
        drop(client);
        let end = loop {
            match connection.read_line(RULE, SECOND).await {
                Ok(line) => assert_eq!(line, b"a NOOP"),
                Err(error) => break error,
            }
        };
        assert!(matches!(end, ReadError::Closed | ReadError::Truncated));
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_gives_its_compressor_back() {
    let (client, server) = duplex(64 * 1024);
    let mut deflated = Deflated::new(Box::new(server));
    let mut reader = Reader::new(client);
    for round in 0..3 {
        let text = format!("* {round} EXISTS, and the same words in every round\r\n");
        deflated.write_all(text.as_bytes()).await.unwrap();
        deflated.flush().await.unwrap();
        assert_eq!(reader.read(text.len()).await, text.as_bytes());
        assert!(deflated.outgoing.deflate.is_some());
        assert_eq!(deflated.outgoing.leaving.capacity(), 0);
        // Waits for the client, who says nothing.
        let mut room = [0; 10];
        let waited = tokio::time::timeout(2 * COMPRESSOR_REST, deflated.read(&mut room)).await;
        assert!(waited.is_err());
        assert!(deflated.outgoing.deflate.is_none());
        assert_eq!(deflated.incoming.arrived.capacity(), 0);
    }
}

#[tokio::test]
async fn compression_begins_once_and_with_nothing_unread() {
    let (mut client, mut connection) = pair_of(64 * 1024).await;
    let again = connection.compress().await;
    assert!(matches!(again, Err(CompressError::Active)));
    let (mut other, server) = duplex(1000);
    let options = ConnectionOptions::new(connection.peer());
    let mut plain = Connection::new(server, options);
    other.write_all(b"ab\r\ncd").await.unwrap();
    assert_eq!(plain.read_line(RULE, SECOND).await.unwrap(), b"ab");
    let early = plain.compress().await;
    assert!(matches!(early, Err(CompressError::Early { octets: 2 })));
    // It goes on as it was.
    other.write_all(b"\r\n").await.unwrap();
    assert_eq!(plain.read_line(RULE, SECOND).await.unwrap(), b"cd");
    drop(connection);
    assert_eq!(client.read(&mut [0; 10]).await.unwrap(), 0);
}
