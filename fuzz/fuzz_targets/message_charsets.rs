//! Fuzzes decoding of charsets; the first byte chooses the label.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_message::fuzz::charsets(data));
