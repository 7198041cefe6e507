//! Fuzzes the values of structured header fields.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_message::fuzz::headers(data));
