//! How fast messages are read, next to mail-parser, which decodes every body as it parses.
//!
//! `cargo run --release -p hikyaku-message --example parse_speed`

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use hikyaku_message::{Envelope, ParsedMessage, Structure, body, charset, header};

/// How long each line is measured.
const SPAN: Duration = Duration::from_millis(700);

fn main() {
    let text = "いつもお世話になっております。来週の会議の件、下記の通りご案内いたします。\r\n";
    let jis = charset::encode(charset::Target::Iso2022Jp, &text.repeat(30)).bytes;
    let samples = [
        (
            "4 KiB, ISO-2022-JP text",
            plain("iso-2022-jp", &jis[..jis.len().min(3400)]),
        ),
        ("4 KiB, UTF-8 text and HTML", alternative(&text.repeat(12))),
        ("100 KiB, with attachment", attachment(96 * 1024)),
        ("10 MiB, with attachment", attachment(10 * 1024 * 1024)),
        (
            "100 KiB, plain text lines",
            plain("utf-8", &b"a line of plain text\r\n".repeat(4600)),
        ),
        (
            "100 KiB, only dashes",
            attachment_of(&b"--\r\n".repeat(25_000)),
        ),
    ];
    for (name, message) in &samples {
        println!("{name} ({} bytes)", message.len());
        report("  parse", message, || ParsedMessage::parse(message));
        report("  mail-parser", message, || {
            mail_parser::MessageParser::new().parse(message)
        });
        let parsed = ParsedMessage::parse(message);
        report("  preview", message, || parsed.preview(message));
        report("  all texts decoded", message, || {
            body::search_texts(message, &parsed.structure)
                .map(|text| text.as_str().len())
                .sum::<usize>()
        });
        let (envelope, structure) = (parsed.envelope.encode(), parsed.structure.encode());
        println!(
            "  stored: envelope {} + structure {} bytes",
            envelope.len(),
            structure.len()
        );
        report("  store", message, || {
            (parsed.envelope.encode(), parsed.structure.encode())
        });
        report("  load", message, || {
            (Envelope::decode(&envelope), Structure::decode(&structure))
        });
    }
    let list = "\"山田 太郎\" <taro@example.jp>, =?utf-8?B?5bGx55Sw?= <h@example.jp>, ".repeat(400);
    println!("800 addresses ({} bytes)", list.len());
    report("  parse", list.as_bytes(), || {
        header::address::parse(list.as_bytes())
    });
    let body = charset::encode(charset::Target::Iso2022Jp, &text.repeat(1000)).bytes;
    println!("ISO-2022-JP text ({} bytes)", body.len());
    report("  decode", &body, || charset::decode("iso-2022-jp", &body));
}

fn report<T>(name: &str, input: &[u8], mut run: impl FnMut() -> T) {
    let mut count = 0_u32;
    let start = Instant::now();
    while start.elapsed() < SPAN {
        for _ in 0..4 {
            black_box(run());
        }
        count += 4;
    }
    let each = start.elapsed().as_secs_f64() / f64::from(count);
    let speed = input.len() as f64 / each / 1e6;
    println!(
        "{name:24} {:9.2} µs {speed:9.0} MB/s {:10.0} /s",
        each * 1e6,
        1.0 / each
    );
}

const HEADER: &str = "Return-Path: <taro@example.jp>\r\n\
    Received: from mx.example.com (mx.example.com [192.0.2.1])\r\n \
    by mail.example.jp with ESMTPS id 4TqXyz;\r\n Fri, 5 Jan 2024 12:00:01 +0900 (JST)\r\n\
    DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;\r\n \
    h=from:to:subject:date; bh=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG=;\r\n \
    b=abcdefghijklmnopqrstuvwxyz0123456789\r\n\
    From: =?ISO-2022-JP?B?GyRCOzNFRBsoQiAbJEJCQE86GyhC?= <taro@example.jp>\r\n\
    To: =?UTF-8?B?6auY5qmLIOiKseWtkA==?= <hanako@example.jp>, sales@example.jp\r\n\
    Cc: =?UTF-8?B?57eP5YuZ6YOo?= <soumu@example.jp>\r\n\
    Subject: =?ISO-2022-JP?B?GyRCIVo9RU1XIVtNaD01JE4ycTVEJE43bxsoQg==?=\r\n\
    Date: Fri, 5 Jan 2024 12:00:00 +0900\r\nMessage-ID: <20240105.1@example.jp>\r\n\
    References: <a@example.jp> <b@example.jp>\r\nIn-Reply-To: <b@example.jp>\r\n\
    MIME-Version: 1.0\r\n";

fn plain(label: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{HEADER}Content-Type: text/plain; charset={label}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn alternative(text: &str) -> Vec<u8> {
    let html = format!("<html><body><p>{text}</p></body></html>");
    format!(
        "{HEADER}Content-Type: multipart/alternative; boundary=\"=_b1\"\r\n\r\n\
         --=_b1\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\
         \r\n{text}\r\n\
         --=_b1\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\
         \r\n{html}\r\n--=_b1--\r\n"
    )
    .into_bytes()
}

fn attachment(size: usize) -> Vec<u8> {
    let line = "TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsuTWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsuTWFu\r\n";
    attachment_of(line.repeat(size / line.len()).as_bytes())
}

fn attachment_of(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{HEADER}Content-Type: multipart/mixed; boundary=\"=_b1\"\r\n\r\n\
         --=_b1\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nsee the attachment\r\n\
         --=_b1\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\n\
         Content-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename*=UTF-8''%E8%A6%8B%E7%A9%8D%E6%9B%B8.pdf\r\n\r\n"
    );
    [head.as_bytes(), body, b"\r\n--=_b1--\r\n"].concat()
}
