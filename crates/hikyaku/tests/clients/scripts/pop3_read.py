"""poplib: reads what smtp_send.py and the test handed in, deletes, is alone in the mailbox.

Arguments: the login, the number of messages.
"""

import poplib

from stage import ARGUMENTS, BASE, HOST, PASSWORD, PATIENCE, equal, pop3, trust, within

LOGIN, COUNT = ARGUMENTS[0], int(ARGUMENTS[1])


def reads():
    client = pop3(LOGIN)
    count, octets = client.stat()
    equal(count, COUNT, "STAT")
    _, listed, _ = client.list()
    sizes = [int(line.split()[1]) for line in listed]
    equal((len(sizes), sum(sizes)), (count, octets), "LIST agrees with STAT")
    _, ids, _ = client.uidl()
    equal(len(set(line.split()[1] for line in ids)), count, "different unique ids")
    for number in range(1, count + 1):
        _, lines, _ = client.retr(number)
        equal(sum(len(line) + 2 for line in lines), sizes[number - 1], f"size of {number}")
        _, header, _ = client.top(number, 0)
        equal(lines[: len(header)], header, f"TOP of {number} begins RETR")
    client.quit()
    return [line.split()[1] for line in ids]


def finds_its_ids_again(ids):
    client = pop3(LOGIN)
    equal([client.uidl(n).split()[2] for n in range(1, COUNT + 1)], ids, "ids of another session")
    client.quit()


def is_alone_in_the_mailbox():
    first = pop3(LOGIN)
    try:
        pop3(LOGIN)
    except poplib.error_proto as refusal:
        within(b"[IN-USE]", refusal.args[0], "a second session")
    else:
        raise AssertionError("two sessions in one mailbox")
    first.quit()


def deletes_only_at_quit():
    client = pop3(LOGIN)
    client.dele(1)
    client.rset()
    client.dele(2)
    # Gone without QUIT: nothing is deleted (RFC 1939 section 6).
    client.close()
    client = wait_for_mailbox()
    equal(client.stat()[0], COUNT, "after a session without QUIT")
    client.dele(1)
    client.quit()
    client = pop3(LOGIN)
    equal(client.stat()[0], COUNT - 1, "after QUIT")
    client.quit()


def wait_for_mailbox():
    """The server notices only by and by that a client has gone."""
    for _ in range(1000):
        try:
            return pop3(LOGIN)
        except poplib.error_proto as refusal:
            within(b"[IN-USE]", refusal.args[0], "while the old session ends")
    raise AssertionError("the old session does not end")


def upgrades():
    client = poplib.POP3(HOST, BASE + 110, timeout=PATIENCE)
    within("STLS", client.capa(), "CAPA in plain text")
    client.stls(context=trust())
    equal("STLS" in client.capa(), False, "CAPA after STLS offers it again")
    client.utf8()
    client.user(LOGIN)
    client.pass_(PASSWORD)
    equal(client.stat()[0], COUNT - 1, "after STLS")
    client.quit()


unique_ids = reads()
finds_its_ids_again(unique_ids)
is_alone_in_the_mailbox()
deletes_only_at_quit()
upgrades()
