"""smtplib: mail with Japanese in every place, refusals as exceptions.

Arguments: the sender's login, the receiver's address.
"""

import smtplib
from email.message import EmailMessage

from stage import ARGUMENTS, BASE, HOST, PASSWORD, PATIENCE, equal, submission, trust, within

SENDER, RECEIVER = ARGUMENTS


def japanese_mail():
    mail = EmailMessage()
    mail["From"] = f"山田 花子 <{SENDER}>"
    mail["To"] = RECEIVER
    mail["Subject"] = "請求書（三月分）をお送りします"
    mail.set_content("いつもお世話になっております。\n.\n..\n")
    mail.add_attachment("合計 12,000円".encode(), "text", "plain", filename="請求書.txt")
    return mail


def sends():
    with submission(SENDER) as client:
        within("smtputf8", client.esmtp_features, "EHLO after TLS")
        within("PLAIN LOGIN", client.esmtp_features["auth"], "EHLO after TLS")
        equal(client.send_message(japanese_mail()), {}, "refused recipients")


def signs_in_with_each_mechanism():
    for mechanism in ("auth_plain", "auth_login"):
        with smtplib.SMTP_SSL(HOST, BASE + 465, context=trust(), timeout=PATIENCE) as client:
            client.ehlo()
            client.user, client.password = SENDER, PASSWORD
            code, _ = client.auth(mechanism[5:].upper(), getattr(client, mechanism))
            equal(code, 235, mechanism)


def learns_who_was_refused():
    with submission(SENDER) as client:
        refused = client.sendmail(
            SENDER,
            [RECEIVER, "unknown@example.test", "absent@example.test"],
            "Subject: refused\r\n\r\nto some\r\n",
        )
    equal(sorted(refused), ["absent@example.test", "unknown@example.test"], "refused")
    equal({code for code, _ in refused.values()}, {550}, "codes")


def is_refused_with_a_foreign_sender():
    with submission(SENDER) as client:
        try:
            client.sendmail(RECEIVER, [RECEIVER], "Subject: forged\r\n\r\nx\r\n")
        except smtplib.SMTPSenderRefused as refusal:
            equal(refusal.smtp_code, 553, "a foreign sender")
        else:
            raise AssertionError("a foreign sender was accepted")


def is_refused_with_a_wrong_password():
    client = smtplib.SMTP(HOST, BASE + 587, timeout=PATIENCE)
    client.starttls(context=trust())
    try:
        client.login(SENDER, "wrong")
    except smtplib.SMTPAuthenticationError as refusal:
        equal(refusal.smtp_code, 535, "a wrong password")
    else:
        raise AssertionError("a wrong password was accepted")
    finally:
        client.close()


def is_refused_by_the_size_it_announces():
    # smtplib announces the size in MAIL, so nothing is sent in vain.
    with submission(SENDER) as client:
        limit = int(client.esmtp_features["size"])
        try:
            client.sendmail(SENDER, [RECEIVER], "Subject: big\r\n\r\n" + "x" * 70 * (limit // 60))
        except smtplib.SMTPSenderRefused as refusal:
            equal(refusal.smtp_code, 552, "a message over the limit")
        else:
            raise AssertionError("a message over the limit was accepted")


sends()
signs_in_with_each_mechanism()
learns_who_was_refused()
is_refused_with_a_foreign_sender()
is_refused_with_a_wrong_password()
is_refused_by_the_size_it_announces()
