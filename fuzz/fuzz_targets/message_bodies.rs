//! Fuzzes transfer encodings and HTML.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_message::fuzz::bodies(data));
