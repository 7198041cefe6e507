//! One connection to the source: bytes with a patience, and TLS.

use std::{io, time::Duration};

use bytes::{Buf as _, BytesMut};
use hikyaku_net::{TlsClient, Transport};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{CollectError, Endpoint, Limits, Secrecy, job::Job};

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;

/// The TLS of a job, made once for all its connections.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    client: TlsClient,
}

impl Tls {
    /// Reads the authorities' files.
    pub(crate) async fn of(job: &Job) -> Result<Self, CollectError> {
        let secrecy = job.secrecy.clone();
        let load = move || match secrecy {
            Secrecy::Verified(authorities) => TlsClient::verified(&authorities),
            Secrecy::AnyCertificate | Secrecy::Plaintext => TlsClient::opportunistic(),
        };
        let loaded = tokio::task::spawn_blocking(load).await;
        let client = loaded.map_err(|_| hikyaku_mailstore::MailError::Interrupted)??;
        Ok(Self { client })
    }
}

/// A connection.
pub(crate) struct Wire {
    transport: Box<dyn Transport>,
    buffer: BytesMut,
    silence: Duration,
    is_secret: bool,
}

impl Wire {
    /// Connects, without TLS yet.
    pub(crate) async fn connect(
        endpoint: &Endpoint,
        limits: &Limits,
    ) -> Result<Self, CollectError> {
        let failed = |source| CollectError::Connect {
            host: endpoint.host.clone(),
            source,
        };
        let connecting = TcpStream::connect((endpoint.host.as_str(), endpoint.port));
        let stream = match timeout(limits.connect, connecting).await {
            Ok(stream) => stream.map_err(failed)?,
            Err(_) => return Err(failed(io::ErrorKind::TimedOut.into())),
        };
        stream.set_nodelay(true).map_err(failed)?;
        Ok(Self {
            transport: Box::new(stream),
            buffer: BytesMut::new(),
            silence: limits.silence,
            is_secret: false,
        })
    }

    /// Begins TLS. What was sent before it must have been read: more would be somebody's who
    /// speaks in the name of the server.
    pub(crate) async fn secure(
        self,
        tls: &Tls,
        host: &str,
        limit: Duration,
    ) -> Result<Self, CollectError> {
        if !self.buffer.is_empty() {
            return Err(CollectError::Injected);
        }
        let connected = tls.client.connect(self.transport, host, limit).await;
        let (transport, _) = connected.map_err(|source| CollectError::Tls {
            host: host.to_owned(),
            source,
        })?;
        Ok(Self {
            transport,
            is_secret: true,
            ..self
        })
    }

    /// Whether TLS protects it.
    pub(crate) const fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// What has come and was not consumed.
    pub(crate) fn received(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes so many bytes away from what has come.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.buffer.advance(bytes.min(self.buffer.len()));
    }

    /// Waits for more.
    pub(crate) async fn fill(&mut self) -> Result<(), CollectError> {
        self.buffer.reserve(READ_BYTES);
        let reading = self.transport.read_buf(&mut self.buffer);
        match timeout(self.silence, reading).await {
            Ok(Ok(0)) => Err(CollectError::Lost(None)),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(CollectError::Lost(Some(error))),
            Err(_) => Err(self.silent()),
        }
    }

    /// Sends bytes.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), CollectError> {
        let sending = async {
            self.transport.write_all(bytes).await?;
            self.transport.flush().await
        };
        match timeout(self.silence, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(CollectError::Lost(Some(error))),
            Err(_) => Err(self.silent()),
        }
    }

    fn silent(&self) -> CollectError {
        CollectError::Silent {
            seconds: self.silence.as_secs(),
        }
    }
}
