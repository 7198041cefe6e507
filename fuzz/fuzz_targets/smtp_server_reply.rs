//! Fuzzes the replies of a server, as a client reads them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_smtp_proto::fuzz::server_reply(data));
