//! Fuzzes a stream of IMAP commands with literals, in any pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_imap_proto::fuzz::reader(data));
