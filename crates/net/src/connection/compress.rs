//! Compression: the same connection goes on as two DEFLATE streams (RFC 4978).

use super::{CompressError, Connection, deflated::Deflated};

impl Connection {
    /// Sends what is pending (the reply that announces it), then compresses both directions from
    /// here on. Every layer below stays: over TLS, what is encrypted is the compressed stream.
    ///
    /// Refused while there are unread octets: nobody could say whether they are compressed. May
    /// not be cancelled.
    pub async fn compress(&mut self) -> Result<(), CompressError> {
        if self.compressed {
            return Err(CompressError::Active);
        }
        let octets = self.input.len();
        if octets > 0 {
            return Err(CompressError::Early { octets });
        }
        self.flush().await?;
        let below = std::mem::replace(&mut self.transport, Box::new(super::upgrade::closed()));
        self.transport = Box::new(Deflated::new(below));
        self.compressed = true;
        Ok(())
    }

    /// Whether it is compressed.
    pub fn is_compressed(&self) -> bool {
        self.compressed
    }
}
