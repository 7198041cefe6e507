//! Fuzzes a whole message: parsing it, and everything made of what comes out.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_message::fuzz::message(data));
