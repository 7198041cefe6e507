//! Fuzzes the client side of a SASL exchange.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_sasl::fuzz::exchange(data));
