//! In-process server, typed clients, transcripts, fixtures.
