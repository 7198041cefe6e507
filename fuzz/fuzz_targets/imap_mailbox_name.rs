//! Fuzzes mailbox names in modified UTF-7 and UTF-8.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_imap_proto::fuzz::mailbox_name(data));
