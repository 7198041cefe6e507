//! Fuzzes one line of IMAP, as a command.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hikyaku_imap_proto::fuzz::command(data));
