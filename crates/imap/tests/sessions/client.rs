//! A client that tests drive line by line.

use bytes::Bytes;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    time::timeout,
};

use crate::{
    stage::Host,
    transcript::{PATIENCE, Pipe},
};

/// A client that reads lines.
pub(crate) struct Client(pub(crate) BufReader<Box<dyn Pipe>>);

impl Client {
    pub(crate) async fn stranger(host: &Host) -> Self {
        let mut client = Self(BufReader::new(host.dial("127.0.0.1:4000", false).await));
        assert!(client.line().await.starts_with("* OK"));
        client
    }

    pub(crate) async fn signed_in(host: &Host) -> Self {
        Self(BufReader::new(host.signed_in("taro").await))
    }

    pub(crate) async fn in_inbox(host: &Host) -> Self {
        let mut client = Self::signed_in(host).await;
        client.done("s SELECT INBOX").await;
        client
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// The next line without its end; empty at the end of the connection.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = Vec::new();
        timeout(PATIENCE, self.0.read_until(b'\n', &mut line))
            .await
            .expect("a line")
            .unwrap();
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    /// Sends a command and gives the lines before its OK.
    pub(crate) async fn done(&mut self, command: &str) -> Vec<String> {
        self.send(&format!("{command}\r\n")).await;
        let tag = command.split(' ').next().unwrap();
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            assert!(!line.is_empty(), "the connection ended");
            match line
                .strip_prefix(tag)
                .and_then(|rest| rest.strip_prefix(' '))
            {
                Some(answer) => {
                    assert!(answer.starts_with("OK"), "{command}: {line}");
                    return lines;
                }
                None => lines.push(line),
            }
        }
    }
}

/// A small message.
pub(crate) fn message(number: usize) -> Bytes {
    format!("From: a@example.test\r\nSubject: number {number}\r\n\r\nbody {number}\r\n").into()
}
