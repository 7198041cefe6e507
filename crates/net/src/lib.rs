//! Listeners, TLS, zones, line reading with limits.
