//! Fuzzes encoding of text into charsets; the first byte chooses which.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_message::fuzz::text_encoding(data));
