//! Fuzzes building of messages from any text.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_message::fuzz::building(data));
