//! The fuzz targets, run over seeds and mutations of them in the ordinary build.

use hikyaku_smtp_proto::fuzz;

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).expect("below a usize")
    }
}

/// Runs the target over the seeds and over `rounds` mutations, built from the seeds' own pieces.
fn run(target: fn(&[u8]), seeds: &[&[u8]], rounds: usize) {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for seed in seeds {
        target(seed);
    }
    for _ in 0..rounds {
        let mut input = seeds[numbers.next(seeds.len())].to_vec();
        for _ in 0..=numbers.next(4) {
            let at = numbers.next(input.len() + 1);
            let other = seeds[numbers.next(seeds.len())];
            let from = numbers.next(other.len() + 1);
            let to = (from + numbers.next(12)).min(other.len());
            match numbers.next(4) {
                0 => drop(input.splice(at..at, other[from..to].iter().copied())),
                1 => input.truncate(at),
                2 => drop(input.splice(at..(at + 3).min(input.len()), [])),
                _ => {
                    let byte = b"\r\n.<>@\"\\ =+;:[]\0\xff\xe3"[numbers.next(18)];
                    input.insert(at, byte);
                }
            }
        }
        target(&input);
    }
}

#[test]
fn command_lines() {
    let seeds: [&[u8]; 14] = [
        b"EHLO [IPv6:2001:db8::1]",
        b"MAIL FROM:<taro@example.test> SIZE=100 BODY=8BITMIME RET=FULL ENVID=a+2Bb AUTH=<>",
        "MAIL FROM:<太郎@日本語.jp> SMTPUTF8".as_bytes(),
        b"MAIL FROM:<>",
        b"MAIL FROM: taro@example.test",
        b"RCPT TO:<@a.example,@b.example:taro@example.test> NOTIFY=SUCCESS,FAILURE",
        br#"RCPT TO:<"a\"b c"@[192.0.2.1]> ORCPT=rfc822;a+2Bb@c"#,
        br"RCPT TO:<Postmaster> ORCPT=utf-8;\x{3042}\x{1F600}@d",
        b"BDAT 18446744073709551615 LAST",
        b"AUTH PLAIN AHRpbQB0YW5zdGFhZg==",
        b"DATA",
        b"VRFY taro",
        b"STARTTLS ",
        b"NOOP \xff\0",
    ];
    run(fuzz::command, &seeds, 20_000);
}

#[test]
fn messages_behind_data() {
    let seeds: [&[u8]; 8] = [
        b"\x01a\r\n..b\r\n.\r\nMAIL FROM:<>\r\n",
        b"\x02\r\n\r\n.\r\n",
        b"\x03.\r\n",
        b"\x07a\n.\r\nb\r.\rc\r\n.\r\n",
        b"\xff.a\r\n.\rb\r\n..\r\n...\r\n.\r\n.\r\n",
        b"\x05\r\r\n.\r\r\n\r\n.\r\n",
        b"\x10Subject: x\r\n\r\nLorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eius\
          mod tempor incididunt ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis nos\
          trud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat.\r\n.\r\n",
        b"\x0412345\r\n.\r\n.\r\n",
    ];
    run(fuzz::data, &seeds, 50_000);
}

#[test]
fn messages_in_chunks() {
    let seeds: [&[u8]; 6] = [
        b"\x03a\r\n\x00",
        b"\x02a\r\x02\nb\x00",
        b"\x05\r\n.\r\n\x02..\x00",
        b"\x04a\nb\r\x01\n\x00",
        b"\x3caaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x00",
        b"\xc8aaaaaaaaaaaaaaaaaaaaaa\r\naaaaaaaaaaaaaaaaaaa\r\n",
    ];
    run(fuzz::chunks, &seeds, 50_000);
}

#[test]
fn sessions() {
    let seeds: [&[u8]; 5] = [
        b"EHLO x\nSTARTTLS\nEHLO x\nAUTH PLAIN AA==\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\nQUIT",
        b"STARTTLS\nHELO x\nAUTH PLAIN\nEHLO x\nAUTH PLAIN\nMAIL FROM:<>\nBDAT 5\nBDAT 0 LAST\n",
        b"EHLO x\nSTARTTLS\nMAIL FROM:<>\nEHLO y\nAUTH X\nMAIL FROM:<>\nRCPT TO:<aa@d>\nRSET\n",
        b"RCPT TO:<c@d>\nRCPT TO:<cc@d>\nRCPT TO:<ccc@d>\nBDAT 5\nDATA\nBDAT 5 LAST\nBDAT 1\n",
        b"LHLO x\nHELO x\nNOOP\nHELP\nVRFY x\nEXPN x\nTURN\n\n\n",
    ];
    run(fuzz::session, &seeds, 20_000);
}

#[test]
fn replies_of_servers() {
    let seeds: [&[u8]; 6] = [
        b"220 mx.example.test ESMTP",
        b"250-mx.example.test hello\n250-SIZE 52428800\n250-AUTH PLAIN LOGIN\n250 DSN",
        b"550-5.1.1 no such user\n550 5.1.1 <a@example.test>",
        b"421",
        b"451-4.7.1 \xe3\x81\x82\xff\n451 4.7.1 later\r",
        b"250-a\n251 b",
    ];
    run(fuzz::server_reply, &seeds, 20_000);
}

#[test]
fn messages_of_ours() {
    let seeds: [&[u8]; 5] = [
        b"\x01a\r\n.b\r\n.\r\n",
        b"\x02\r\n\r\n..\r\n",
        b"\x03.\n.\r.\r\n",
        b"\x07a\n.\r\nMAIL FROM:<>\r\n",
        b"\xff\r\r\n\n\n.",
    ];
    run(fuzz::stuffing, &seeds, 50_000);
}
