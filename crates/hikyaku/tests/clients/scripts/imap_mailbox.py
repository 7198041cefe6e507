"""imaplib: folders with Japanese names, APPEND, SEARCH, FETCH of parts, flags, COPY, UIDPLUS.

Arguments: the login.
"""

import functools
import imaplib
import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from stage import ARGUMENTS, equal, imap, modified_utf7, ok, within

(LOGIN,) = ARGUMENTS
FOLDER = "請求書/2026年"
ARCHIVE = "保管 & 控え"
QUOTE = '"'


@functools.cache
def mail(number):
    """A message with an attachment, lines ending in CRLF; its boundary is random."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "鈴木 一郎 <ichiro@remote.example>"
    message["To"] = LOGIN
    message["Subject"] = f"第{number}号 お見積もりの件"
    message["Date"] = "Sat, 21 Nov 2026 09:00:00 +0900"
    message["Message-ID"] = f"<{number}@remote.example>"
    message.set_content(f"{number}番の見積もりです。\n", cte="base64")
    message.add_attachment(f"内訳 {number}".encode("cp932"), "text", "csv", filename="内訳.csv")
    return message.as_bytes()


def code(client, name):
    """The response code of the last command, as imaplib keeps it."""
    _, data = client.response(name)
    return data[-1].decode().split() if data and data[-1] else None


def makes_folders(client):
    for name in (FOLDER, ARCHIVE):
        ok(client.create(modified_utf7(name)))
        ok(client.subscribe(modified_utf7(name)))
    lines = [line.decode() for line in ok(client.list())]
    for name in (FOLDER, ARCHIVE, "請求書"):
        wanted = modified_utf7(name)
        count = sum(line.endswith((f" {wanted}", f" {wanted.strip(QUOTE)}")) for line in lines)
        equal(count, 1, f"LIST {name}")
    subscribed = b"\n".join(ok(client.lsub())).decode()
    within(modified_utf7(FOLDER).strip('"'), subscribed, "LSUB")
    kind, _ = client.create(modified_utf7(FOLDER))
    equal(kind, "NO", "CREATE of a folder that exists")
    within(b'(("" "/"))', ok(client.namespace())[0], "NAMESPACE")


def appends(client):
    """Returns the UIDs that the server told (UIDPLUS)."""
    uids = []
    for number in (1, 2, 3):
        answer = client.append(
            modified_utf7(FOLDER), r"(\Seen)" if number == 1 else "",
            '"21-Nov-2026 09:00:00 +0900"', mail(number),
        )
        told = re.search(rb"\[APPENDUID (\d+) (\d+)\]", ok(answer)[0])
        uids.append((int(told[1]), int(told[2])))
    equal(len({validity for validity, _ in uids}), 1, "UIDVALIDITY of three APPENDs")
    count = ok(client.select(modified_utf7(FOLDER)))
    equal(count, [b"3"], "EXISTS")
    equal(int(code(client, "UIDVALIDITY")[0]), uids[0][0], "UIDVALIDITY of SELECT")
    kind, data = client.append('"nowhere"', "", None, mail(9))
    equal(kind, "NO", "APPEND to a folder that does not exist")
    within(b"TRYCREATE", data[0], "APPEND to a folder that does not exist")
    return [uid for _, uid in uids]


def searches(client, uids):
    def find(*criteria, text=None):
        if text is not None:
            client.literal = text.encode()
        kind = ("CHARSET", "UTF-8", *criteria) if text is not None else criteria
        return [int(uid) for uid in ok(client.uid("SEARCH", *kind))[0].split()]

    equal(find("SUBJECT", text="お見積もり"), uids, "a word of every subject")
    equal(find("SUBJECT", text="第2号"), uids[1:2], "a word of one subject")
    equal(find("BODY", text="3番の"), uids[2:], "a word in a base64 body")
    equal(find("FROM", text="鈴木"), uids, "a sender's name")
    equal(find("TEXT", text="存在しない"), [], "a word of none")
    equal(find("SEEN"), uids[:1], "SEEN")
    equal(find("UNSEEN", "SINCE", "21-Nov-2026"), uids[1:], "UNSEEN SINCE")
    equal(find("ON", "21-Nov-2026"), uids, "the internal date")
    equal(find("OR", "UID", str(uids[0]), "UID", str(uids[2])), [uids[0], uids[2]], "OR")
    equal(find("NOT", "SMALLER", "10"), uids, "NOT SMALLER")


def fetches_parts(client, uids):
    whole = mail(2)
    uid = str(uids[1])
    fetched = ok(client.uid("FETCH", uid, "(RFC822.SIZE INTERNALDATE BODY.PEEK[])"))
    equal(fetched[0][1], whole, "the message byte for byte")
    within(f"RFC822.SIZE {len(whole)}".encode(), fetched[0][0], "its size")
    within(b"21-Nov-2026", fetched[0][0] + fetched[1], "its date")
    part = ok(client.uid("FETCH", uid, "(BODY.PEEK[2])"))[0][1]
    message = message_from_bytes(whole, policy=policy.SMTP)
    attachment = list(message.iter_attachments())[0]
    equal(part.strip(), attachment.get_payload().strip().encode(), "the attachment")
    header = ok(client.uid("FETCH", uid, "(BODY.PEEK[2.MIME])"))[0][1]
    within(b"text/csv", header.lower(), "the attachment's header")
    partial = ok(client.uid("FETCH", uid, "(BODY.PEEK[]<10.20>)"))
    equal(partial[0][1], whole[10:30], "a piece of the message")
    structure = ok(client.uid("FETCH", uid, "(BODYSTRUCTURE ENVELOPE)"))
    text = b"".join(item if isinstance(item, bytes) else b"".join(item) for item in structure)
    for wanted in (b'"TEXT" "CSV"', b'"MIXED"', b'"ichiro" "remote.example"', b"<2@remote.example>"):
        within(wanted.lower(), text.lower(), "BODYSTRUCTURE and ENVELOPE")
    flags = ok(client.uid("FETCH", uid, "(FLAGS)"))[0]
    equal(rb"\Seen" in flags, False, "PEEK marks nothing as read")
    ok(client.uid("FETCH", uid, "(BODY[1])"))
    within(rb"\Seen", ok(client.uid("FETCH", uid, "(FLAGS)"))[0], "reading marks as read")


def copies_and_moves(client, uids):
    ok(client.uid("COPY", f"{uids[0]}:{uids[1]}", modified_utf7(ARCHIVE)))
    _, originals, copies = code(client, "COPYUID")
    equal((originals, copies), (f"{uids[0]}:{uids[1]}", "1:2"), "COPYUID")
    # A move as clients without MOVE make it: copy, delete, expunge exactly these (UIDPLUS).
    ok(client.uid("STORE", str(uids[2]), "+FLAGS", r"(\Deleted)"))
    ok(client.uid("STORE", str(uids[0]), "+FLAGS", r"(\Deleted)"))
    ok(client.uid("EXPUNGE", str(uids[0])))
    left = [int(uid) for uid in ok(client.uid("SEARCH", "ALL"))[0].split()]
    equal(left, uids[1:], "UID EXPUNGE removes only what it names")
    ok(client.close())
    status = ok(client.status(modified_utf7(FOLDER), "(MESSAGES UNSEEN)"))[0]
    within(b"MESSAGES 1", status, "CLOSE removes what is marked")
    status = ok(client.status(modified_utf7(ARCHIVE), "(MESSAGES UIDNEXT)"))[0]
    within(b"MESSAGES 2", status, "the copies")
    ok(client.select(modified_utf7(ARCHIVE), readonly=True))
    flags = b"".join(ok(client.fetch("1:*", "(FLAGS)")))
    equal(flags.count(rb"\Seen"), 2, "copies keep their flags")
    kind, _ = client.store("1", "+FLAGS", r"(\Flagged)")
    equal(kind, "NO", "STORE in a folder that was only EXAMINEd")


def renames_and_deletes(client):
    ok(client.select('"INBOX"'))
    ok(client.rename(modified_utf7("請求書"), modified_utf7("請求書控え")))
    names = b"\n".join(ok(client.list())).decode()
    within(modified_utf7("請求書控え/2026年").strip('"'), names, "a child moves with its parent")
    ok(client.delete(modified_utf7(ARCHIVE)))
    kind, _ = client.select(modified_utf7(ARCHIVE))
    equal(kind, "NO", "SELECT of a deleted folder")


def keeps_keywords(client):
    ok(client.append('"INBOX"', "($Forwarded)", None, mail(4)))
    ok(client.select('"INBOX"'))
    ok(client.store("1:*", "+FLAGS", r"($Label1 \Answered)"))
    flags = b"".join(ok(client.fetch("1:*", "(FLAGS)")))
    for flag in (rb"\Answered", b"$Label1", b"$Forwarded"):
        within(flag, flags, "flags and keywords")
    ok(client.store("1:*", "-FLAGS.SILENT", "($Label1)"))
    equal(b"$Label1" in b"".join(ok(client.fetch("1:*", "(FLAGS)"))), False, "a keyword removed")


session = imap(LOGIN)
assert isinstance(session, imaplib.IMAP4)
makes_folders(session)
appended = appends(session)
searches(session, appended)
fetches_parts(session, appended)
copies_and_moves(session, appended)
renames_and_deletes(session)
keeps_keywords(session)
session.logout()
