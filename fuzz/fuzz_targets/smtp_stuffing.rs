//! Fuzzes the framing of a message that a client sends.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_smtp_proto::fuzz::stuffing(data));
