//! Fuzzes one line of SMTP or LMTP, as a command.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_smtp_proto::fuzz::command(data));
