//! Fuzzes message content as BDAT carries it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_smtp_proto::fuzz::chunks(data));
