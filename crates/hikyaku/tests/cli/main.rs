//! The command line against the real binary: every command while the server runs (over its socket)
//! and while it does not (on the store itself), for people and for scripts.
