//! DATA and BDAT: dots, ends, smuggling, limits; in pieces of every size.

use hikyaku_smtp_proto::{ChunkReader, ContentLimits, DataReader, Fault, LineLimit, Progress};

const LIMITS: ContentLimits = ContentLimits {
    size: 1_000,
    line: LineLimit::Unlimited,
};

type Outcome = (Option<usize>, Result<Vec<u8>, Fault>);

/// Feeds the pieces; says how many octets belonged to the message, if it ended, and what it was.
fn read<'a>(limits: ContentLimits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut reader = DataReader::new(limits);
    let mut before = 0;
    for piece in pieces {
        match reader.push(piece) {
            Progress::More => before += piece.len(),
            Progress::Done(octets) => return (Some(before + octets), reader.finish()),
        }
    }
    (None, reader.finish())
}

/// Reads the input whole, byte by byte and cut at every position and pair of positions; all must
/// agree.
fn read_every_way(input: &[u8]) -> Outcome {
    let whole = read(LIMITS, [input]);
    assert_eq!(read(LIMITS, input.chunks(1)), whole, "byte by byte");
    for first in 0..=input.len() {
        for second in first..=input.len() {
            let pieces = [&input[..first], &input[first..second], &input[second..]];
            assert_eq!(read(LIMITS, pieces), whole, "cut at {first} and {second}");
        }
    }
    whole
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the type of what it is compared with"
)]
fn message(text: &str) -> Result<Vec<u8>, Fault> {
    Ok(text.as_bytes().to_vec())
}

#[test]
fn messages_end_at_the_lone_dot_only() {
    for (input, consumed, content) in [
        (".\r\n", Some(3), ""),
        ("a\r\n.\r\n", Some(6), "a\r\n"),
        ("a\r\n.\r\nQUIT\r\n", Some(6), "a\r\n"),
        ("\r\n.\r\n", Some(5), "\r\n"),
        ("a\r\nb\r\n\r\n.\r\n.\r\n", Some(11), "a\r\nb\r\n\r\n"),
        ("a.\r\n.\r\n", Some(7), "a.\r\n"),
        ("a\r\n", None, "a\r\n"),
    ] {
        assert_eq!(
            read_every_way(input.as_bytes()),
            (consumed, message(content)),
            "{input:?}"
        );
    }
}

#[test]
fn stuffed_dots_are_removed() {
    for (input, content) in [
        ("..\r\n.\r\n", ".\r\n"),
        ("..a\r\n.\r\n", ".a\r\n"),
        ("a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
        ("...\r\n.\r\n", "..\r\n"),
        ("..\r\n..\r\n..\r\n.\r\n", ".\r\n.\r\n.\r\n"),
        // RFC 5321 §4.5.2: the first dot goes even when it was not stuffed.
        (".a\r\n.\r\n", "a\r\n"),
        ("a..b\r\n.c\r\n.\r\n", "a..b\r\nc\r\n"),
    ] {
        let expected = (Some(input.len()), message(content));
        assert_eq!(read_every_way(input.as_bytes()), expected, "{input:?}");
    }
}

#[test]
fn nothing_that_looks_like_the_end_is_one() {
    // The known ways to smuggle a second message (CVE-2023-51764, -51765, -51766). Each must be
    // refused and end at the real end, so that "MAIL" is never a command.
    for (fake, fault) in [
        ("\n.\n", Fault::BareLf),
        ("\n.\r\n", Fault::BareLf),
        ("\r\n.\n", Fault::BareLf),
        ("\r.\r", Fault::BareCr),
        ("\r.\r\n", Fault::BareCr),
        ("\r\n.\r", Fault::BareCr),
        ("\r\n.\r\r\n", Fault::BareCr),
        ("\r\r\n.\n", Fault::BareCr),
        ("\r\r\n.\r\r\n", Fault::BareCr),
        ("\n\n.\r\n", Fault::BareLf),
        ("\n.\r", Fault::BareLf),
    ] {
        let input = format!("a{fake}MAIL FROM:<x@example.test>\r\n.\r\nNOOP\r\n");
        let end = input.len() - 6;
        assert_eq!(
            read_every_way(input.as_bytes()),
            (Some(end), Err(fault)),
            "{fake:?}"
        );
    }
}

#[test]
fn bare_newlines_anywhere_refuse_the_message() {
    for (input, fault) in [
        ("a\nb\r\n.\r\n", Fault::BareLf),
        ("\n\r\n.\r\n", Fault::BareLf),
        ("a\rb\r\n.\r\n", Fault::BareCr),
        ("a\r\r\n.\r\n", Fault::BareCr),
        (".\rb\r\n.\r\n", Fault::BareCr),
        ("..\n\r\n.\r\n", Fault::BareLf),
        // The first fault is the one that is told.
        ("a\rb\nc\r\n.\r\n", Fault::BareCr),
    ] {
        let expected = (Some(input.len()), Err(fault));
        assert_eq!(read_every_way(input.as_bytes()), expected, "{input:?}");
    }
}

#[test]
fn blocks_and_lines_agree_wherever_something_stands() {
    // A limit for lines, however high, has them looked at one by one.
    let blocks = ContentLimits {
        size: 10_000,
        line: LineLimit::Unlimited,
    };
    let lines = ContentLimits {
        size: 10_000,
        line: LineLimit::Octets(u32::MAX),
    };
    let text = "0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRST\r\n".repeat(45);
    for odd in [
        "\r",
        "\n",
        "\r\n",
        "\r\n.",
        "\r\n..",
        "\n.",
        "\r\n.\r\n",
        "\r\n.\r",
        "\r\n.\n",
    ] {
        for at in (0..60)
            .chain(1_000..1_080)
            .chain(2_020..2_080)
            .chain(3_000..text.len())
        {
            let input = [&text[..at], odd, &text[at..], ".\r\n"].concat();
            let input = input.as_bytes();
            let expected = read(lines, [input]);
            assert_eq!(read(blocks, [input]), expected, "{odd:?} at {at}");
            assert_eq!(
                read(blocks, input.chunks(1_023)),
                expected,
                "{odd:?} at {at}"
            );
        }
    }
}

#[test]
fn a_message_over_the_limit_is_read_to_its_end_and_not_kept() {
    let limits = ContentLimits {
        size: 10,
        line: LineLimit::Unlimited,
    };
    assert_eq!(
        read(limits, [&b"12345678\r\n.\r\n"[..]]),
        (Some(13), message("12345678\r\n"))
    );
    // Stuffed dots do not count.
    assert_eq!(
        read(limits, [&b"..345678\r\n.\r\n"[..]]).1,
        message(".345678\r\n")
    );
    let mut reader = DataReader::new(limits);
    let over = b"123456789\r\nmore\r\n.\r\nNOOP\r\n";
    assert_eq!(reader.push(&over[..11]), Progress::More);
    assert_eq!((reader.received(), reader.capacity()), (11, 0));
    assert_eq!(reader.push(&over[11..]), Progress::Done(9));
    assert_eq!(reader.received(), 17);
    assert_eq!(reader.finish(), Err(Fault::TooBig));
}

#[test]
fn long_lines_are_refused_by_policy_only() {
    let limits = ContentLimits {
        size: 1_000,
        line: LineLimit::Octets(5),
    };
    let fits = b"12345\r\n..2345\r\n\r\n.\r\n";
    assert_eq!(
        read(limits, [&fits[..]]).1,
        message("12345\r\n.2345\r\n\r\n")
    );
    let over = &b"1\r\n123456\r\n.\r\n"[..];
    for size in 1..over.len() {
        assert_eq!(
            read(limits, over.chunks(size)),
            (Some(14), Err(Fault::LineTooLong))
        );
    }
    assert_eq!(
        read(LIMITS, [&[b'a'; 900][..], b"\r\n.\r\n"])
            .1
            .unwrap()
            .len(),
        902
    );
}

#[test]
fn a_message_given_up_is_read_on() {
    let mut reader = DataReader::new(LIMITS);
    reader.push(b"a\r\nb");
    assert!(reader.capacity() >= 4);
    reader.abandon();
    assert_eq!(reader.capacity(), 0);
    assert_eq!(reader.push(b"\r\n.\r\nNOOP"), Progress::Done(5));
    assert_eq!(reader.finish(), Err(Fault::Abandoned));
}

/// Reads the chunks, each handed over in pieces of `piece` octets with more input behind it.
fn read_chunks(limits: ContentLimits, chunks: &[&str], piece: usize) -> Result<Vec<u8>, Fault> {
    let mut reader = ChunkReader::new(limits);
    for chunk in chunks {
        reader.begin(chunk.len() as u64);
        let wire = [chunk.as_bytes(), b"BDAT 0 LAST\r\n"].concat();
        let mut at = 0;
        while reader.remaining() > 0 {
            let end = wire.len().min(at + piece);
            at += reader.push(&wire[at..end]);
        }
        assert_eq!(at, chunk.len());
    }
    reader.finish()
}

#[test]
fn chunks_are_counted_and_joined() {
    for piece in 1..20 {
        for (chunks, content) in [
            (&["a\r\nb\r\n"][..], "a\r\nb\r\n"),
            (&["a\r\n", "b\r\n"], "a\r\nb\r\n"),
            (&["a\r", "\nb\r\n", ""], "a\r\nb\r\n"),
            (&["a", "", "b"], "ab\r\n"),
            (&[""], ""),
            // Dots have no meaning here.
            (&["a\r\n.\r\nb\r\n"], "a\r\n.\r\nb\r\n"),
            (&[".\r\n", "..\r\n"], ".\r\n..\r\n"),
        ] {
            assert_eq!(
                read_chunks(LIMITS, chunks, piece),
                message(content),
                "{chunks:?}"
            );
        }
    }
}

#[test]
fn chunks_are_lines_too() {
    for piece in 1..8 {
        for (chunks, fault) in [
            (&["a\nb\r\n"][..], Fault::BareLf),
            (&["a\r\n", "\nb"], Fault::BareLf),
            (&["a\r", "b\r\n"], Fault::BareCr),
            (&["a\r"], Fault::BareCr),
            (&["12345678901"], Fault::TooBig),
            (&["123456\r\n", "123456\r\n"], Fault::TooBig),
        ] {
            let limits = ContentLimits {
                size: 10,
                line: LineLimit::Unlimited,
            };
            assert_eq!(read_chunks(limits, chunks, piece), Err(fault), "{chunks:?}");
        }
        let limits = ContentLimits {
            size: 100,
            line: LineLimit::Octets(5),
        };
        assert_eq!(
            read_chunks(limits, &["123", "45\r\n"], piece),
            message("12345\r\n")
        );
        assert_eq!(
            read_chunks(limits, &["123", "456\r\n"], piece),
            Err(Fault::LineTooLong)
        );
    }
}

#[test]
fn faults_of_chunks_are_known_before_the_last_one() {
    let mut reader = ChunkReader::new(LIMITS);
    reader.begin(3);
    assert_eq!(reader.push(b"a\nbNOOP"), 3);
    assert_eq!(
        (reader.fault(), reader.received(), reader.capacity()),
        (Some(Fault::BareLf), 3, 0)
    );
    let mut reader = ChunkReader::new(LIMITS);
    reader.begin(u64::MAX);
    assert_eq!(reader.push(b"abc"), 3);
    reader.abandon();
    assert_eq!(
        (reader.fault(), reader.remaining()),
        (Some(Fault::Abandoned), u64::MAX - 3)
    );
}
