#!/usr/bin/env python3
"""Makes the corpus: <topic>/<name>.eml and what is known of it in <topic>/<name>.json.

Each sample is written here by hand, with the values that a correct reader must find ("given":
a key of the parsed form, or a JSON pointer into it). The other half of the JSON file ("parsed")
is the reader's whole result, kept by `UPDATE=1 cargo test -p hikyaku-message --test corpus` and
reviewed as a diff. Files have LF line ends; the test also reads them with CRLF.
"""

import base64
import json
import pathlib

HERE = pathlib.Path(__file__).parent
ESC = b"\x1b"
DATE = b"Date: Fri, 5 Jan 2024 12:00:00 +0900\n"
HEAD = DATE + b"From: taro@example.jp\nTo: hanako@example.jp\n"
NOTICE = "いつもお世話になっております。株式会社見本の山田です。\n来週の会議の件、下記の通りご案内いたします。\n"
made = set()


def sample(path, content, **given):
    """Writes one sample. Keyword `p0_text` means the JSON pointer /parts/0/text."""
    if isinstance(content, str):
        content = content.encode()
    target = HERE / (path + ".eml")
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content)
    facts = {}
    for key, value in given.items():
        if key[0] == "p" and key[1].isdigit():
            index, field = key[1:].split("_", 1)
            key = f"/parts/{index}/{field}"
        facts[key] = value
    record = HERE / (path + ".json")
    parsed = json.loads(record.read_text()).get("parsed") if record.exists() else None
    record.write_text(json.dumps({"given": facts, "parsed": parsed}, ensure_ascii=False, indent=1) + "\n")
    assert path not in made, path
    made.add(path)


def text(path, charset, body, expected, subject=b"Subject: test\n", cte=None, kind=b"plain", decoded_subject=None):
    """A message with one text part."""
    given = {"subject": decoded_subject} if decoded_subject else {}
    label = b"" if charset is None else b"; charset=" + charset.encode()
    head = HEAD + subject + b"MIME-Version: 1.0\nContent-Type: text/" + kind + label + b"\n"
    if cte:
        head += b"Content-Transfer-Encoding: " + cte + b"\n"
    sample(path, head + b"\n" + body, p0_text=expected, **given)


def b64(data):
    return base64.encodebytes(data)


def word(charset, data):
    return b"=?" + charset + b"?B?" + base64.b64encode(data) + b"?="


def jis(value):
    return value.encode("iso2022_jp")


def iso_2022_jp():
    p = "iso-2022-jp/"
    text(p + "rfc1468", "iso-2022-jp", jis(NOTICE), NOTICE, b"Subject: " + word(b"iso-2022-jp", jis("会議の件")) + b"\n", decoded_subject="会議の件")
    text(p + "back-to-back-escapes", "ISO-2022-JP", ESC + b"(B" + ESC + b"$B;3" + ESC + b"(B" + ESC + b"$BED" + ESC + b"(B\n", "山田\n")
    text(p + "empty-runs", "iso-2022-jp", ESC + b"$B" + ESC + b"(B" + ESC + b"$B$\"" + ESC + b"(B" + ESC + b"$B" + ESC + b"(Bx\n", "あx\n")
    text(p + "line-end-in-two-byte-text", "iso-2022-jp", ESC + b"$B$\"\nabc\n", "あ\nabc\n")
    text(p + "two-byte-text-broken-over-lines", "iso-2022-jp",
         ESC + b"$B$\"$$$&$(\n$*$+$-$/\n$1$3" + ESC + b"(B end\n", "あいうえ\nおかきく\nけこ end\n")
    text(p + "jis-x-0212", "iso-2022-jp-1", ESC + b"$(D0!" + ESC + b"(B and " + ESC + b"$B;3" + ESC + b"(B\n", "丂 and 山\n")
    text(p + "jp-2-other-languages", "iso-2022-jp-2",
         ESC + b"$A<,\x3a\x3a" + ESC + b"$(C0!" + ESC + b"(B caf" + ESC + b".A" + ESC + b"Ni\n", "辑汉가 caf\u00e9\n".replace("辑汉", (b"\xbc\xac\xba\xba").decode("gb2312")))
    text(p + "old-sets", "iso-2022-jp", ESC + b"$@;3ED" + ESC + b"(J C:\\temp ~x\n" + ESC + b"&@" + ESC + b"$B;3" + ESC + b"(H\n", "山田 C:\\temp ~x\n山\n")
    text(p + "jp-3-escapes", "iso-2022-jp-3", ESC + b"$(O;3" + ESC + b"(B" + ESC + b"$(QED" + ESC + b"(B\n", "山田\n")
    text(p + "blanks-in-two-byte-text", "iso-2022-jp", ESC + b"$B;3 ED\t$5$s" + ESC + b"(B\n", "山 田\tさん\n")
    text(p + "base64-body", "iso-2022-jp", b64(jis(NOTICE)), NOTICE, cte=b"base64")
    text(p + "quoted-printable-body", "iso-2022-jp", b"=1B$B;3ED=1B(B=\n=1B$B$5$s=1B(B\n", "山田さん\n", cte=b"quoted-printable")
    text(p + "cut-in-a-character", "iso-2022-jp", ESC + b"$B;3E", "山\ufffd")
    text(p + "flowed", "iso-2022-jp; format=flowed; delsp=yes", ESC + b"$B;3ED" + ESC + b"(B \n" + ESC + b"$B$5$s" + ESC + b"(B\n", "山田 \nさん\n")


def cp5022x():
    p = "cp5022x/"
    nec = ESC + b"$B-!-j|bFb!A" + ESC + b"(B"
    text(p + "nec-and-ibm-characters", "iso-2022-jp", nec + b"\n", "①㈱髙内～\n", b"Subject: " + word(b"ISO-2022-JP", nec) + b"\n", decoded_subject="①㈱髙内～")
    text(p + "cp50221-katakana", "cp50221", ESC + b"(I1264" + ESC + b"(B " + ESC + b"(B" + ESC + b"(I^_" + ESC + b"(B\n", "ｱｲｶｴ ﾞﾟ\n")
    text(p + "cp50222-shift-out", "cp50222", b"\x0e123\x0f abc \x0e456\x0f\n", "ｱｲｳ abc ｴｵｶ\n")
    text(p + "eight-bit-katakana", "iso-2022-jp", ESC + b"$B;3" + ESC + b"(B\xb1\xb2\xb3 " + ESC + b"$BED" + ESC + b"(B\n", "山ｱｲｳ 田\n")
    text(p + "iso-2022-jp-ms", "iso-2022-jp-ms", ESC + b"$(Dt+" + ESC + b"(B" + ESC + b"$(?!!" + ESC + b"(B" + ESC + b"$B-!" + ESC + b"(B\n", "㈱\ue000①\n")
    text(p + "raw-katakana-header", "iso-2022-jp", jis("本文\n"), "本文\n", b"Subject: " + ESC + b"(I1" + ESC + b"(B" + ESC + b"$B-!" + ESC + b"(B\n", decoded_subject="ｱ①")
    text(p + "x-windows-label", "x-windows-iso2022jp", nec + b"\n", "①㈱髙内～\n")


def shift_jis():
    p = "shift-jis/"
    odd = "①㈱髙～ⅲ№℡纊"
    text(p + "cp932-characters", "Shift_JIS", (odd + "\n").encode("cp932"), odd + "\n", b"Subject: " + word(b"Shift_JIS", odd.encode("cp932")) + b"\n", cte=b"8bit", decoded_subject=odd)
    text(p + "backslash-in-characters", "x-sjis", "表示能力ソ十\n".encode("cp932"), "表示能力ソ十\n",
         b"Subject: =?shift_jis?Q?=95\\=8E=A6?=\n", cte=b"8bit", decoded_subject="表示")
    text(p + "half-width-katakana", "windows-31j", "ｱｲｳ ﾃｽﾄです\n".encode("cp932"), "ｱｲｳ ﾃｽﾄです\n", cte=b"8bit")
    text(p + "ms-kanji-label", "ms_kanji", NOTICE.encode("cp932"), NOTICE, cte=b"8bit")
    text(p + "shift-hyphen-jis-base64", "shift-jis", b64(NOTICE.encode("cp932")), NOTICE, cte=b"base64")
    text(p + "quoted-printable", '"CP932"', b"=8E=52=93c=82=B3=82=F1=\n=81B\n", "山田さん。\n", cte=b"quoted-printable")
    text(p + "user-defined", "cp932", b"\xf0\x40\xf9\xfc\n", "\ue000\ue757\n", cte=b"8bit")


def euc_jp():
    p = "euc-jp/"
    text(p + "plain", "EUC-JP", NOTICE.encode("euc_jp"), NOTICE, b"Subject: " + word(b"euc-jp", "会議".encode("euc_jp")) + b"\n", cte=b"8bit", decoded_subject="会議")
    text(p + "katakana-and-jis-x-0212", "x-euc-jp", b"\x8e\xb1\x8e\xb2 \x8f\xb0\xa1\n", "ｱｲ 丂\n", cte=b"8bit")
    text(p + "cp51932", "cp51932", b"\xad\xa1\xad\xea\xfc\xe2\n", "①㈱髙\n", cte=b"8bit")
    text(p + "eucjp-ms", "eucJP-ms", b"\x8f\xf4\xab\x8f\xf3\xf3\xf5\xa1\n", "㈱ⅰ\ue000\n", cte=b"8bit")


def lying_labels():
    p = "lying-labels/"
    utf8, sjis, euc, jisb = (NOTICE.encode(c) for c in ("utf-8", "cp932", "euc_jp", "iso2022_jp"))
    for name, label, body in [
        ("utf-8-under-iso-2022-jp", "iso-2022-jp", utf8),
        ("utf-8-under-shift-jis", "shift_jis", utf8),
        ("utf-8-under-latin-1", "iso-8859-1", utf8),
        ("iso-2022-jp-under-us-ascii", "us-ascii", jisb),
        ("iso-2022-jp-under-utf-8", "utf-8", jisb),
        ("shift-jis-under-iso-2022-jp", "iso-2022-jp", sjis),
        ("shift-jis-under-utf-8", "utf-8", sjis),
        ("shift-jis-under-euc-jp", "euc-jp", sjis),
        ("euc-jp-under-shift-jis", "shift_jis", euc),
        ("euc-jp-under-us-ascii", "us-ascii", euc),
    ]:
        text(p + name, label, body, NOTICE, cte=b"8bit")
    text(p + "utf-8-footer-in-iso-2022-jp", "iso-2022-jp", jisb + "-- \n配信停止はこちら\n".encode(), NOTICE + "-- \n配信停止はこちら\n", cte=b"8bit")
    text(p + "encoded-words", "us-ascii", b"x\n", "x\n",
         b"Subject: =?iso-2022-jp?B?" + base64.b64encode("山田".encode()) + b"?= " + word(b"us-ascii", jis("会議")) + b"\n", decoded_subject="山田会議")


def missing_labels():
    p = "missing-labels/"
    for name, codec in [("utf-8", "utf-8"), ("shift-jis", "cp932"), ("euc-jp", "euc_jp"), ("iso-2022-jp", "iso2022_jp")]:
        subject = b"Subject: " + "会議のご案内".encode(codec) + b"\n"
        text(p + name, None, NOTICE.encode(codec), NOTICE, subject, cte=b"8bit", decoded_subject="会議のご案内")
    text(p + "unknown-8bit", "unknown-8bit", NOTICE.encode("cp932"), NOTICE, cte=b"8bit")
    page = "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=Shift_JIS\"></head><body>山田</body></html>\n"
    text(p + "html-names-its-charset", None, page.encode("cp932"), page, kind=b"html", cte=b"8bit")
    sample(p + "raw-names-and-file-names", HEAD.replace(b"From: taro", b"From: " + "表示 太郎".encode("cp932") + b" <taro").replace(b"example.jp\nTo", b"example.jp>\nTo")
           + b"Content-Type: text/plain; name=\"" + "見積書.txt".encode("cp932") + b"\"\n\nx\n",
           **{"from": ["表示 太郎 <taro@example.jp>"]}, p0_file_name="見積書.txt")
    sample(p + "raw-iso-2022-jp-names", DATE + b"From: " + jis("山田") + b" <taro@example.jp>\nTo: \"" + jis("高橋, 花子") + b"\" <hanako@example.jp>\n\nx\n",
           **{"from": ["山田 <taro@example.jp>"], "to": ["高橋, 花子 <hanako@example.jp>"]})


def encoded_words():
    p = "encoded-words/"

    def subject(name, raw, expected):
        sample(p + name, HEAD + b"Subject: " + raw + b"\n\nx\n", subject=expected)

    subject("split-in-a-character", b"=?utf-8?B?5bE=?=\n =?utf-8?B?seeUsA==?=", "山田")
    subject("split-in-an-escape-state", b"=?iso-2022-jp?Q?=1B$B;3?=\n =?iso-2022-jp?Q?ED=1B(B?=", "山田")
    subject("split-in-a-two-byte-character", b"=?iso-2022-jp?Q?=1B$B;?= =?iso-2022-jp?Q?3ED=1B(B?=", "山田")
    subject("split-in-shift-jis", b"=?shift_jis?Q?=8ER=93?=\n\t=?shift_jis?Q?c?=", "山田")
    subject("split-in-a-base64-group", b"=?utf-8?B?5bGx5?=\n =?utf-8?B?5Sw?=", "山田")
    long = "来週月曜日の定例会議の開催場所変更について（第二会議室から第一会議室へ）"
    pieces = [long[i : i + 9] for i in range(0, len(long), 9)]
    subject("many-lines", b"\n ".join(word(b"ISO-2022-JP", jis(piece)) for piece in pieces), long)
    subject("base64-and-quoted-mixed", b"=?utf-8?B?5bGx?= =?UTF-8?Q?=E7=94=B0?= =?utf-8?b?5aSq?=", "山田太")
    subject("glued-to-text", b"Re:=?utf-8?B?5bGx55Sw?=[1]", "Re:山田[1]")
    subject("blanks-and-question-marks-inside", b"=?utf-8?Q?what is this? =E5=B1=B1?= =?utf-8?B?5bGx 55Sw?=", "what is this? 山山田")
    subject("too-long", b"=?utf-8?B?" + base64.b64encode((long * 3).encode()) + b"?=", long * 3)
    subject("language-suffix", b"=?utf-8*ja?B?5bGx?= =?UTF-8*en?Q?=E7=94=B0?=", "山田")
    subject("unknown-charset", b"=?x-foo?Q?=E5=B1=B1?= =?unknown-8bit?B?55Sw?=", "山田")
    subject("unfinished", b"=?utf-8?B?5bGx = =?utf-8?Q?x", "=?utf-8?B?5bGx = =?utf-8?Q?x")
    subject("control-characters", b"=?utf-8?Q?a=0D=0ABcc:_x=00?=", "a  Bcc: x ")
    subject("utf-7", b"=?utf-7?Q?+ZeVnLIqe-?=", "日本語")
    sample(p + "in-names", DATE + b"From: \"=?utf-8?B?5bGx55Sw?=\" <taro@example.jp>\n"
           b"To: =?utf-8?Q?Suzuki,_Hanako?= <h@example.jp>, =?iso-2022-jp?Q?=1B$B;3=1B(B?= <y@example.jp>\n"
           b"Cc: k@example.jp (=?utf-8?B?5bGx?=)\n\nx\n",
           **{"from": ["山田 <taro@example.jp>"], "to": ["Suzuki, Hanako <h@example.jp>", "山 <y@example.jp>"], "cc": ["山 <k@example.jp>"]})


def rfc2231():
    p = "rfc2231/"

    def named(name, header, expected, **given):
        sample(p + name, HEAD + b"Content-Type: application/pdf\nContent-Disposition: attachment;" + header + b"\n\nx\n",
               p0_file_name=expected, **given)

    named("continuations", b"\n filename*0*=iso-2022-jp'ja'%1B%24B%3B%33;\n filename*1*=ED%1B%28B;\n filename*2=\".pdf\"", "山田.pdf")
    named("split-in-a-character", b" filename*0*=utf-8''%E5%B1%B1%E7;\n filename*1*=%94%B0.pdf", "山田.pdf")
    named("out-of-order", b" filename*1*=%E7%94%B0.pdf; filename*0*=utf-8''%E5%B1%B1", "山田.pdf")
    named("shift-jis", b" filename*=shift_jis'ja'%8ER%93c.pdf", "山田.pdf")
    named("lying-label", b" filename*=us-ascii''%E5%B1%B1%E7%94%B0.pdf", "山田.pdf")
    named("encoded-word-in-quotes", b" filename=\"=?UTF-8?B?5bGx55Sw?=\n =?UTF-8?B?LnBkZg==?=\"", "山田.pdf")
    named("encoded-word-without-quotes", b" filename==?ISO-2022-JP?B?GyRCOzNFRBsoQg==?=.pdf", "山田.pdf")
    named("raw-eight-bit", b" filename=\"" + "表示.pdf".encode("cp932") + b"\"", "表示.pdf")
    named("both-forms", b" filename=\"=?utf-8?B?5bGx?=\";\n filename*=utf-8''%E5%B1%B1%E7%94%B0.pdf", "山田.pdf")
    named("unquoted-with-blanks", b" filename=report (1).pdf; size=3", "report (1).pdf")
    named("windows-path", b" filename=\"C:\\temp\\a.pdf\"", "C:\\temp\\a.pdf")
    sample(p + "name-of-content-type", HEAD + b"Content-Type: application/pdf;\n name*0*=utf-8''%E5%B1%B1;\n name*1*=%E7%94%B0.pdf\n\nx\n", p0_file_name="山田.pdf")
    named("many-parameters", b"".join(b" x%d=y;" % n for n in range(200)) + b" filename=late.pdf", None, problems=["too many or too long parameters"])


def addresses():
    p = "addresses/"
    sample(p + "groups", DATE + b"From: a@example.jp\nTo: Team: A <a@example.jp>, b@example.jp;, c@example.jp\nCc: undisclosed-recipients:;\n\nx\n",
           to=["{Team", "A <a@example.jp>", "b@example.jp", "}", "c@example.jp"], cc=["{undisclosed-recipients", "}"])
    sample(p + "obsolete", DATE + b"From: Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>\n"
           b"To: john . doe @ example . com, <@x.jp,@y.jp:route@example.jp>\nSender: \"a b\"@example.jp\n\nx\n",
           **{"from": ["Pete <pete@silly.test>"], "to": ["john.doe@example.com", "route@example.jp"], "sender": ["\"a b\"@example.jp"]})
    sample(p + "broken", DATE + b"From: Taro Yamada taro@example.jp\nTo: Hanako <h@example.jp, <<d@example.jp>>; A <a@b> B <c@d>\nCc: \"open <o@example.jp>\n\nx\n",
           **{"from": ["Taro Yamada <taro@example.jp>"], "to": ["Hanako <h@example.jp>", "d@example.jp", "A <a@b>", "B <c@d>"], "cc": ["\"open <o@example.jp>"]})
    sample(p + "japanese", DATE + "From: 山田 太郎 <taro@example.jp>\nTo: 高橋, 花子 <h@example.jp>, 太郎@例え.jp\nCc: k@example.jp (鈴木（総務）)\n\nx\n".encode(),
           **{"from": ["山田 太郎 <taro@example.jp>"], "to": ["高橋, 花子 <h@example.jp>", "太郎@例え.jp"], "cc": ["鈴木（総務） <k@example.jp>"]})
    sample(p + "no-addresses", DATE + b"From: MAILER-DAEMON <>\nTo: root\nCc: Undisclosed Recipients\nBcc:\n\nx\n",
           **{"from": ["MAILER-DAEMON <\"\">"], "to": ["root"], "cc": ["Undisclosed Recipients <\"\">"], "bcc": []})
    sample(p + "several-fields", DATE + b"From: a@b\nTo: c@d\nTo: e@f\nReply-To: g@h\n\nx\n", to=["c@d", "e@f"], reply_to=["g@h"])


def dates():
    for name, value, expected in [
        ("obsolete-zone", "5 Jan 24 12:00 JST", "1704423600 +540"),
        ("iso-8601", "2024-01-05T12:00:00+09:00", "1704423600 +540"),
        ("asctime", "Fri Jan  5 03:00:00 2024", "1704423600 +0"),
        ("comments-and-folding", "Fri,\n 5 Jan (first) 2024\n\t12:00:00 +0900 (JST)", "1704423600 +540"),
        ("no-date", "soon", None),
    ]:
        problems = [] if expected else ["unreadable date"]
        sample("dates/" + name, f"Date: {value}\nFrom: a@b\n\nx\n", sent_at=expected, problems=problems)


MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n"


def shape(path, content, types, **given):
    sample(path, content, types=types, **given)


def multiparts():
    p = "multipart/"
    plain, html = b"--b\nContent-Type: text/plain\n\nplain\n", b"--b\nContent-Type: text/html\n\n<p>rich</p>\n"
    shape(p + "alternative", HEAD + b"Content-Type: multipart/alternative; boundary=\"b\"\n\npreamble\n" + plain + html + b"--b--\nepilogue\n",
          "multipart/alternative(text/plain,text/html)", problems=[], preview="plain", p1_text="plain", p2_text="<p>rich</p>")
    shape(p + "nested", MIXED + b"--b\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\none\n"
          b"--a\nContent-Type: text/html\n\ntwo\n--a--\n--r\nContent-Type: image/png\nContent-ID: <i@x>\n\nthree\n--r--\n\n--b\nContent-Type: application/pdf\n\nfour\n--b--\n",
          "multipart/mixed(multipart/related(multipart/alternative(text/plain,text/html),image/png),application/pdf)", problems=[])
    shape(p + "no-end-boundary", MIXED + plain + html, "multipart/mixed(text/plain,text/html)", problems=["multipart without closing boundary"], p2_text="<p>rich</p>\n")
    shape(p + "no-inner-end-boundary", MIXED + b"--b\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\none\n" + html + b"--b--\n",
          "multipart/mixed(multipart/alternative(text/plain),text/html)", problems=["multipart without closing boundary"], p2_text="one")
    shape(p + "outer-end-within-inner", MIXED + b"--b\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\none\n--b--\n--i\n\nlost\n--i--\n",
          "multipart/mixed(multipart/alternative(text/plain))", p2_text="one")
    shape(p + "boundary-is-prefix-of-inner", HEAD + b"Content-Type: multipart/mixed; boundary=abc\n\n--abc\nContent-Type: multipart/alternative; boundary=abcdef\n\n"
          b"--abcdef\n\none\n--abcdef\n\ntwo\n--abcdef--\n--abc\n\nthree --abc\n--abcx\n--abc--\n",
          "multipart/mixed(multipart/alternative(text/plain,text/plain),text/plain)", problems=[], p4_text="three --abc\n--abcx")
    shape(p + "boundary-of-inner-is-prefix", HEAD + b"Content-Type: multipart/mixed; boundary=abcdef\n\n--abcdef\nContent-Type: multipart/alternative; boundary=abc\n\n"
          b"--abc\n\none\n--abc--\n--abcdef\n\ntwo\n--abcdef--\n", "multipart/mixed(multipart/alternative(text/plain),text/plain)", problems=[])
    shape(p + "same-boundary-nested", MIXED + b"--b\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n--b\n\nthree\n--b--\n",
          "multipart/mixed(multipart/alternative(text/plain,text/plain),text/plain)", problems=[], p4_text="three")
    shape(p + "text-after-boundary", MIXED + b"--b trailing text\n\none\n--b;\n\ntwo\n--b-- end\n", "multipart/mixed(text/plain,text/plain)",
          problems=["text after the boundary on its line"] * 3, p1_text="one", p2_text="two")
    shape(p + "blanks-after-boundary", MIXED + b"--b  \n\none\n--b\t\n\ntwo\n--b--   \n", "multipart/mixed(text/plain,text/plain)", problems=[])
    shape(p + "no-boundary-parameter", HEAD + b"Content-Type: multipart/mixed\n\n--b\n\none\n--b--\n", "multipart/mixed(text/plain)",
          problems=["multipart without boundary parameter"], p1_text="--b\n\none\n--b--\n")
    shape(p + "boundary-does-not-occur", HEAD + b"Content-Type: multipart/mixed; boundary=other\n\njust text\n--b\n", "multipart/mixed(text/plain)",
          problems=["multipart without a single part"], preview="just text --b")
    shape(p + "only-an-end-boundary", MIXED + b"text\n--b--\n", "multipart/mixed(text/plain)", problems=["multipart without a single part"])
    shape(p + "empty-parts", MIXED + b"--b\n--b\n\n--b\nContent-Type: text/html\n--b--\n", "multipart/mixed(text/plain,text/plain,text/html)", p1_text="", p2_text="", p3_text="")
    shape(p + "part-without-header", MIXED + b"--b\nno header here\nat all\n--b--\n", "multipart/mixed(text/plain)",
          problems=["no empty line between header and body"], p1_text="no header here\nat all")
    shape(p + "header-ended-by-boundary", MIXED + b"--b\nContent-Type: application/pdf\nContent-Disposition: attachment;\n filename=a.pdf\n--b\n\nx\n--b--\n",
          "multipart/mixed(application/pdf,text/plain)", p1_file_name="a.pdf", p2_text="x")
    shape(p + "odd-boundary", HEAD + b"Content-Type: multipart/mixed; boundary=\"=_'()+_,-./:=? x:y\"\n\n--=_'()+_,-./:=? x:y\nA: 1\n\none\n--=_'()+_,-./:=? x:y--\n",
          "multipart/mixed(text/plain)", problems=[], p1_text="one")
    shape(p + "boundary-in-sections", HEAD + b"Content-Type: multipart/mixed; boundary*0=\"a \"; boundary*1=b\n\n--a b\n\none\n--a b--\n",
          "multipart/mixed(text/plain)", problems=[], p1_text="one")
    shape(p + "boundary-in-extended-form", HEAD + b"Content-Type: multipart/mixed; boundary*=us-ascii'en'a%20b\n\n--a b\n\none\n--a b--\n",
          "multipart/mixed(text/plain)", problems=[], p1_text="one")
    shape(p + "bare-cr-in-body", MIXED + b"--b\n\none\r--b\rtwo\n--b--\n", "multipart/mixed(text/plain)", problems=[], p1_text="one\r--b\rtwo")
    shape(p + "encoded-multipart", HEAD + b"Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n" + plain + b"--b--\n",
          "multipart/mixed(text/plain)", problems=["composite part with a transfer encoding"], p1_text="plain")
    shape(p + "signature-line-in-text", MIXED + b"--b\n\ntext\n-- \nTaro\n---\n--b--\n", "multipart/mixed(text/plain)", problems=[], p1_text="text\n-- \nTaro\n---")
    shape(p + "digest", HEAD + b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nx\n--b\nContent-Type: text/plain\n\ny\n--b--\n",
          "multipart/digest(message/rfc822(text/plain),text/plain)", problems=[])
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(70))
    sample(p + "nested-too-deeply", HEAD + deep + b"\nbottom\n", problems=["parts nested too deeply"] + ["multipart without closing boundary"] * 31 + ["…"])
    shape(p + "report", HEAD + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nfailed\n--b\nContent-Type: message/delivery-status\n\n"
          b"Reporting-MTA: dns; mx.example.jp\n\nFinal-Recipient: rfc822; x@example.jp\n\n--b\nContent-Type: text/rfc822-headers\n\nSubject: lost\n\n--b--\n",
          "multipart/report(text/plain,message/delivery-status,text/rfc822-headers)", problems=[])
    image = bytes(range(256)) * 3
    shape(p + "attachment", MIXED + b"--b\n\nsee attachment\n--b\nContent-Type: image/png; name=\"x.png\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=x.png\n\n"
          + b64(image) + b"--b--\n", "multipart/mixed(text/plain,image/png)", problems=[], p2_size=768, p2_file_name="x.png")


def embedded():
    p = "embedded/"
    inner = b"From: inner@example.jp\nSubject: =?utf-8?B?5bGx?=\n\ninner text\n"
    shape(p + "forwarded", MIXED + b"--b\n\nsee below\n--b\nContent-Type: message/rfc822\nContent-Disposition: inline\n\n" + inner + b"--b--\n",
          "multipart/mixed(text/plain,message/rfc822(text/plain))", problems=[], p2_subject="山", p3_text="inner text")
    shape(p + "within-embedded", MIXED + b"--b\nContent-Type: message/rfc822\n\nSubject: one\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: message/rfc822\n\n"
          + inner + b"--c--\n--b--\n", "multipart/mixed(message/rfc822(multipart/mixed(message/rfc822(text/plain))))", problems=[], p1_subject="one", p3_subject="山")
    shape(p + "whole-message-is-one", HEAD + b"Content-Type: message/rfc822\n\n" + inner, "message/rfc822(text/plain)", problems=[], p0_subject="山")
    shape(p + "in-base64", HEAD + b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + b64(inner), "message/rfc822(text/plain)",
          problems=["composite part with a transfer encoding"], p1_text=inner.decode())
    shape(p + "global", HEAD + b"Content-Type: message/global\n\nSubject: \xe5\xb1\xb1\n\nx\n", "message/global(text/plain)", p0_subject="山")
    shape(p + "without-blank-line", MIXED + b"--b\nContent-Type: message/rfc822\n\nSubject: cut\n--b--\n", "multipart/mixed(message/rfc822(text/plain))", p1_subject="cut", p2_text="")
    shape(p + "empty", MIXED + b"--b\nContent-Type: message/rfc822\n\n--b--\n", "multipart/mixed(message/rfc822(text/plain))")


def headers():
    p = "headers/"
    sample(p + "empty-message", b"", types="text/plain", subject=None, problems=[])
    sample(p + "only-a-body", b"\njust a body\n", p0_text="just a body\n", problems=[])
    sample(p + "no-header", b"just text, no header\n\nmore\n", p0_text="just text, no header\n\nmore\n", problems=["no empty line between header and body"])
    sample(p + "only-a-header", HEAD + b"Subject: x", subject="x", p0_text="", problems=[])
    sample(p + "no-blank-line", HEAD + b"Subject: x\nThe body starts here: at once\n", subject="x", p0_text="The body starts here: at once\n",
           problems=["no empty line between header and body"])
    sample(p + "broken-folding", HEAD + b"Received: from x by y\n(using TLSv1.3)\nid 1;\nSubject: found\n\nbody\n", subject="found",
           p0_text="body\n", problems=["stray line in a header"])
    sample(p + "mbox-line", b"From taro@example.jp Fri Jan  5 12:00:00 2024\n" + HEAD + b"Subject: x\n\ny\n", subject="x", problems=[])
    sample(p + "blanks-before-colon", b"Subject : x\nFROM\t: a@b\n\ny\n", **{"subject": "x", "from": ["a@b"]})
    sample(p + "repeated", HEAD + b"Subject: one\nSubject: two\nContent-Type: text/plain\nContent-Type: text/html\n\nx\n", subject="one", types="text/plain",
           problems=["header field repeated"] * 2)
    sample(p + "folded", HEAD + b"Subject: a\n b\n\tc\n  d\n\nx\n", subject="a b c  d")
    sample(p + "blank-continuation", HEAD + b"Subject: a\n \n b\nX: y\n\nx\n", subject="a  b")
    sample(p + "nul-and-controls", HEAD + b"Subject: a\x00b\x07c\n\nx\x00y\n", subject="a b c", p0_text="x\x00y\n")
    sample(p + "threads", HEAD + b"Message-ID: <c@x>\nReferences: <a@x>\n <b@x>\nIn-Reply-To: <b@x> (your mail)\n\nx\n", message_id="c@x", references=["a@x", "b@x"])
    sample(p + "broken-ids", HEAD + b"Message-ID: c@x\nReferences: <a@x><b@\n x> <lost <d@x>\nIn-Reply-To: Your message\n\nx\n", message_id="c@x", references=["a@x", "b@x", "d@x"])
    sample(p + "bad-content-type", HEAD + b"Content-Type: ;;;\nContent-Transfer-Encoding: quoted-printable\n\n=E5=B1=B1\n", types="text/plain", p0_text="山\n",
           problems=["unreadable content type"])
    sample(p + "part-fields", HEAD + b"Content-Type: text/plain\nContent-ID: <i@x>\nContent-Description: =?utf-8?B?5bGx?=\nContent-MD5: abcd==\n"
           b"Content-Language: ja, en-US\nContent-Location: http://example.jp/\n a.html\n\nx\n", p0_id="<i@x>", p0_description="山", p0_md5="abcd==",
           p0_language=["ja", "en-us"], p0_location="http://example.jp/a.html")


def encodings():
    text("encodings/quoted-printable", "utf-8", b"=E5=B1=\n=B1 =3D trailing  \nsoft = \nbreak=20\n=zz\n", "山 = trailing\nsoft break \n=zz\n", cte=b"quoted-printable")
    text("encodings/base64-with-rubbish", "utf-8", b"5b*Gx\n \n5 5S!w\n==\n", "山田", cte=b"base64")
    text("encodings/unknown", "utf-8", b"begin 644 x\n", "begin 644 x\n", cte=b"x-uuencode")
    text("encodings/comment-after", "utf-8", b"5bGx\n", "山", cte=b"base64 (why)")
    text("encodings/utf-7", "utf-7", b"Hi +ZeVnLIqe-!\n", "Hi 日本語!\n")
    text("encodings/utf-16", "utf-16", b64("日本語\n".encode("utf-16")), "日本語\n", cte=b"base64")
    text("encodings/byte-order-mark", "utf-8", b"\xef\xbb\xbf" + "山\n".encode(), "山\n", cte=b"8bit")
    text("encodings/latin-1", "iso-8859-1", "Grüße – café\n".encode("cp1252"), "Grüße – café\n", cte=b"8bit")
    text("encodings/gb2312", "gb2312", "你好，世界\n".encode("gbk"), "你好，世界\n", cte=b"8bit")
    text("encodings/euc-kr", "ks_c_5601-1987", "안녕하세요\n".encode("euc_kr"), "안녕하세요\n", cte=b"8bit")
    text("encodings/latin-1-without-label", None, "Die Frösche für Müller, mißliche Lage\n".encode("cp1252"),
         "Die Frösche für Müller, mißliche Lage\n", b"Subject: " + "Grüße".encode("cp1252") + b"\n", cte=b"8bit", decoded_subject="Grüße")
    text("encodings/cut-utf-8", "utf-8", "日本語".encode()[:8], "日本\ufffd", cte=b"8bit")


for topic in (iso_2022_jp, cp5022x, shift_jis, euc_jp, lying_labels, missing_labels, encoded_words, rfc2231,
              addresses, dates, multiparts, embedded, headers, encodings):
    topic()
stale = {str(f.relative_to(HERE).with_suffix("")) for f in HERE.glob("*/*.eml")} - made
assert not stale, f"not made here: {sorted(stale)}"
print(len(made), "samples")
