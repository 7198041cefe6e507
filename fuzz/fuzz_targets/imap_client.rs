//! Fuzzes what another IMAP server says to us.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_imap_proto::fuzz::client(data));
