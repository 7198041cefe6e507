//! Fuzzes a whole stream of an SMTP client, pipelined in any way.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_smtp_proto::fuzz::session(data));
