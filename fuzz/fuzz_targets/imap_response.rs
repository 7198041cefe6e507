//! Fuzzes IMAP responses written from any strings.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_imap_proto::fuzz::response(data));
