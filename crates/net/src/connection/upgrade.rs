//! STARTTLS: the same connection goes on under TLS, whichever side we are.

use std::time::Duration;

use tokio::io;

use super::{Connection, StartTlsError, input::Input};
use crate::{TlsClient, TlsInfo};

impl Connection {
    /// Sends what is pending (the "go ahead" reply), then performs the server's side of a TLS
    /// handshake on this very connection.
    ///
    /// A session checks [`Connection::buffered`] *before* it replies "go ahead": octets that came
    /// behind the upgrade command were sent in plain text, perhaps by an attacker, and must not
    /// be taken for commands sent under TLS. This method refuses when there are any. After any
    /// error of the handshake the connection is dead.
    pub async fn start_tls(&mut self, timeout: Duration) -> Result<&TlsInfo, StartTlsError> {
        if self.tls.is_some() {
            return Err(StartTlsError::NotOffered);
        }
        let Some(server) = self.options.upgrade.clone() else {
            return Err(StartTlsError::NotOffered);
        };
        let octets = self.input.len();
        if octets > 0 {
            return Err(StartTlsError::Injected { octets });
        }
        self.flush().await?;
        self.input = Input::default();
        let plain = std::mem::replace(&mut self.transport, Box::new(closed()));
        match server.accept(plain, timeout).await {
            Ok((transport, info)) => {
                self.options.metrics.tls_succeeded();
                self.transport = transport;
                Ok(self.tls.insert(info))
            }
            Err(error) => {
                self.options.metrics.tls_failed();
                Err(error.into())
            }
        }
    }

    /// The same as the client of `host`, behind the server's "go ahead": octets that came with that
    /// reply were sent in plain text, and the upgrade is refused when there are any. After any
    /// error the connection is dead.
    pub async fn start_tls_as_client(
        &mut self,
        client: &TlsClient,
        host: &str,
        timeout: Duration,
    ) -> Result<&TlsInfo, StartTlsError> {
        if self.tls.is_some() {
            return Err(StartTlsError::NotOffered);
        }
        let octets = self.input.len();
        if octets > 0 {
            return Err(StartTlsError::Injected { octets });
        }
        self.flush().await?;
        self.input = Input::default();
        let plain = std::mem::replace(&mut self.transport, Box::new(closed()));
        let (transport, info) = client.connect(plain, host, timeout).await?;
        self.transport = transport;
        Ok(self.tls.insert(info))
    }
}

/// A transport that has ended: what stands there while the real one is being wrapped, and what is
/// left of a connection whose handshake failed.
pub(super) fn closed() -> io::Join<io::Empty, io::Empty> {
    io::join(io::empty(), io::empty())
}
