//! The gate and TLS over real sockets.
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

#[path = "../support/client.rs"]
mod client;
#[path = "../support/echo.rs"]
mod echo;
mod gate;
mod tls;
