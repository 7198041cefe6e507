//! Fuzzes the stored forms of envelope and structure.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_message::fuzz::stored(data));
