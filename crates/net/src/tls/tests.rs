//! Certificates: loading, reloading, choosing.
