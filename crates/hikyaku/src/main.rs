//! The binary: command line.

fn main() {}
