"""What the scripts share: the host they are told of, trust in its certificate, claims."""

import base64
import imaplib
import poplib
import smtplib
import ssl
import sys

BASE = int(sys.argv[1])
CERTIFICATE, PASSWORD = sys.argv[2:4]
ARGUMENTS = sys.argv[4:]
HOST = "localhost"
# Seconds that any single wait may take.
PATIENCE = 60


def trust():
    """A context that trusts the host's certificate and nothing else, and checks its name."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    assert context.check_hostname and context.verify_mode == ssl.CERT_REQUIRED
    return context


def imap(login):
    """A session over TLS, signed in."""
    client = imaplib.IMAP4_SSL(HOST, BASE + 993, ssl_context=trust(), timeout=PATIENCE)
    client.login(login, PASSWORD)
    return client


def pop3(login):
    """A session over TLS, signed in."""
    client = poplib.POP3_SSL(HOST, BASE + 995, context=trust(), timeout=PATIENCE)
    client.user(login)
    client.pass_(PASSWORD)
    return client


def submission(login):
    """A session with STARTTLS, signed in."""
    client = smtplib.SMTP(HOST, BASE + 587, timeout=PATIENCE)
    client.starttls(context=trust())
    client.login(login, PASSWORD)
    return client


def modified_utf7(name):
    """A folder's name as IMAP4rev1 writes it (RFC 3501 section 5.1.3), in quotes."""
    out, pending = [], []

    def shift():
        if pending:
            octets = "".join(pending).encode("utf-16-be")
            text = base64.b64encode(octets).decode("ascii").rstrip("=").replace("/", ",")
            out.append("&" + text + "-")
            pending.clear()

    for letter in name:
        if " " <= letter <= "~":
            shift()
            out.append("&-" if letter == "&" else letter)
        else:
            pending.append(letter)
    shift()
    return '"' + "".join(out).replace("\\", "\\\\").replace('"', '\\"') + '"'


def ok(answer):
    """The data of an answer that must be OK."""
    kind, data = answer
    if kind != "OK":
        raise AssertionError(f"the server answered {kind}: {data}")
    return data


def equal(found, wanted, what):
    """A claim."""
    if found != wanted:
        raise AssertionError(f"{what}: found {found!r} instead of {wanted!r}")


def within(part, whole, what):
    """A claim."""
    if part not in whole:
        raise AssertionError(f"{what}: {part!r} is not in {whole!r}")
