//! The messages that `@append NAME` brings.

/// The content of a message by its name in the transcripts.
pub(crate) fn named(name: &str) -> &'static [u8] {
    let found = ALL.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no message {name}")).1
}

const ALL: [(&str, &[u8]); 7] = [
    (
        "plain",
        b"Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n\
          From: Fred Foobar <foobar@example.test>\r\n\
          Subject: afternoon meeting\r\n\
          To: mooch@example.test\r\n\
          Message-Id: <B27397-0100000@example.test>\r\n\
          \r\n\
          Hello Joe, do you think we can meet at 3:30 tomorrow?\r\n",
    ),
    (
        "short",
        b"From: Jane <jane@example.test>\r\nSubject: short\r\n\r\nbody\r\n",
    ),
    (
        "reply",
        b"Date: Tue, 8 Feb 1994 09:00:00 +0900\r\n\
          From: Joe <joe@example.test>\r\n\
          Sender: assistant@example.test\r\n\
          Reply-To: office@example.test\r\n\
          To: team: a@example.test, \"B, C\" <b@example.test>;\r\n\
          Cc: Fred Foobar <foobar@example.test>\r\n\
          Bcc: secret@example.test\r\n\
          Subject: Re: afternoon meeting\r\n\
          In-Reply-To: <B27397-0100000@example.test>\r\n\
          Message-Id: <2@example.test>\r\n\
          X-Note: one\r\n\
          X-Note: two\r\n\
          \r\n\
          Yes.\r\n",
    ),
    (
        // Subject and body in ISO-2022-JP, the name in Shift_JIS without any label.
        "japanese",
        b"From: \x8e\x52\x93\x63 <yamada@example.test>\r\n\
          Subject: =?ISO-2022-JP?B?GyRCMnE1RCROJCpDTiRpJDsbKEI=?=\r\n\
          MIME-Version: 1.0\r\n\
          Content-Type: text/plain; charset=ISO-2022-JP\r\n\
          \r\n\
          \x1b$BL@F|$N2q5D\x1b(B\r\n",
    ),
    ("multipart", MULTIPART),
    ("nul", b"Subject: nul\r\n\r\na\0b\r\n"),
    ("headless", b"just text without any header\r\n"),
];

const MULTIPART: &[u8] = b"Subject: parts\r\n\
From: a@example.test\r\n\
MIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=\"outer\"\r\n\
\r\n\
This is the preamble.\r\n\
--outer\r\n\
Content-Type: text/plain; charset=utf-8\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\
Content-Language: ja, en\r\n\
\r\n\
=E6=97=A5\r\n\
\r\n\
--outer\r\n\
Content-Type: application/pdf; name=\"a.pdf\"\r\n\
Content-Disposition: attachment; filename*=utf-8''%E6%97%A5.pdf\r\n\
Content-Transfer-Encoding: base64\r\n\
Content-ID: <pdf@example.test>\r\n\
Content-Description: the plan\r\n\
\r\n\
JVBERg==\r\n\
--outer\r\n\
Content-Type: message/rfc822\r\n\
\r\n\
Subject: inner\r\n\
From: b@example.test\r\n\
Content-Type: multipart/alternative; boundary=inner\r\n\
\r\n\
--inner\r\n\
\r\n\
text\r\n\
--inner\r\n\
Content-Type: text/html\r\n\
\r\n\
<p>html\r\n\
--inner--\r\n\
--outer--\r\n\
The end.\r\n";
