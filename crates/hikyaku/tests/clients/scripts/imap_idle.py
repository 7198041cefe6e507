"""IDLE over a raw socket: what one session does is told to the other at once.

Arguments: the login.
"""

import socket

from stage import ARGUMENTS, BASE, HOST, PASSWORD, PATIENCE, equal, imap, ok, trust, within

(LOGIN,) = ARGUMENTS


class Watcher:
    """A session that idles in INBOX."""

    def __init__(self):
        plain = socket.create_connection((HOST, BASE + 993), timeout=PATIENCE)
        self.socket = trust().wrap_socket(plain, server_hostname=HOST)
        self.lines = self.socket.makefile("rb")
        within(b"OK", self.lines.readline(), "greeting")
        self.say("a", f'LOGIN {LOGIN} "{PASSWORD}"')
        self.say("b", "SELECT INBOX")
        self.socket.sendall(b"c IDLE\r\n")
        within(b"+", self.lines.readline(), "the answer to IDLE")

    def say(self, tag, command):
        self.socket.sendall(f"{tag} {command}\r\n".encode())
        while not (line := self.lines.readline()).startswith(tag.encode()):
            assert line, "the server closed the connection"
        within(b" OK", line, command)

    def hears(self, what):
        """The lines up to one that contains this; the socket's patience is the limit."""
        while what not in (line := self.lines.readline()):
            assert line, "the server closed the connection"
        return line

    def done(self):
        self.socket.sendall(b"DONE\r\n")
        within(b"c OK", self.hears(b"c "), "the end of IDLE")
        self.say("d", "LOGOUT")


watcher = Watcher()
other = imap(LOGIN)
ok(other.append("INBOX", "", None, b"Subject: new\r\n\r\nnew mail\r\n"))
equal(watcher.hears(b"EXISTS"), b"* 1 EXISTS\r\n", "new mail")
ok(other.select("INBOX"))
ok(other.store("1", "+FLAGS", r"(\Flagged)"))
within(rb"\Flagged", watcher.hears(b"FETCH"), "a flag")
ok(other.store("1", "+FLAGS.SILENT", r"(\Deleted)"))
within(rb"\Deleted", watcher.hears(b"FETCH"), "a flag of a silent STORE")
ok(other.expunge())
equal(watcher.hears(b"EXPUNGE"), b"* 1 EXPUNGE\r\n", "an expunged message")
watcher.done()
other.logout()
