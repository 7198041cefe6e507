//! Fuzzes unstructured header text with encoded words.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_message::fuzz::encoded_words(data));
