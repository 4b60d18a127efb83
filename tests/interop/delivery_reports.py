"""Our delivery reports as Python's email package reads them, in all their forms and with whatever peers may say."""

import email
import email.policy
import os
import subprocess

TOOL = os.environ["CONTENT_TOOL"]
ORIGINAL = b"From: <alice@example.com>\r\nMessage-ID: <1@example.com>\r\nSubject: hello\r\n\r\nThe text.\r\n"
HEADER = ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
          "Content-Transfer-Encoding"]
FIELDS = {"sender": "alice@example.com", "address": "bob@example.org", "status": "5.1.1",
          "host": "mx.example.org[192.0.2.1]", "said": "550 5.1.1 No such user"}


def report(content=ORIGINAL, needs="", **values):
    """The report, its three parts, and the octets; everything in it was understood."""
    words = [f"{name}={value}".encode() if isinstance(value, str) else name.encode() + b"=" + value
             for name, value in (FIELDS | values).items()]
    done = subprocess.run([TOOL.encode(), b"report", *words], input=content, capture_output=True, timeout=60, check=True)
    assert done.stderr.decode().strip() == needs, done.stderr
    parsed = email.message_from_bytes(done.stdout, policy=email.policy.default)
    assert parsed.keys() == HEADER, parsed.keys()
    assert parsed.get_content_type() == "multipart/report"
    assert parsed.get_param("report-type") == "delivery-status"
    assert parsed["From"].addresses[0].addr_spec == "postmaster@mail.example.com"
    assert parsed["Auto-Submitted"] == "auto-replied"
    assert parsed["Date"].datetime.timestamp() == 1790000200
    for each in parsed.walk():
        assert not each.defects, (each.defects, done.stdout)
    parts = parsed.get_payload()
    assert len(parts) == 3, done.stdout
    return parsed, parts, done.stdout


def status_fields(part):
    """RFC 3464 2.1: the fields about the message, then those about the recipient."""
    assert part.get_content_type() == "message/delivery-status"
    about_message, about_recipient = part.get_payload()
    assert about_message["Reporting-MTA"] == "dns; mail.example.com"
    assert about_message["Arrival-Date"] == "Mon, 21 Sep 2026 14:13:20 +0000"
    return about_message, about_recipient


def check_plain():
    parsed, (text, status, header), octets = report(type="rfc822", original="bob+2Btag@example.org", envelope="QQ+2B1")
    assert octets.isascii()
    assert parsed["To"].addresses[0].addr_spec == "alice@example.com"
    assert parsed["Subject"] == "Undeliverable: your message to bob@example.org"
    words = " ".join(text.get_content().split())
    assert "<bob@example.org> The server mx.example.org[192.0.2.1] said: 550 5.1.1 No such user" in words
    about_message, about_recipient = status_fields(status)
    assert about_message["Original-Envelope-Id"] == "QQ+1"
    assert about_recipient.items() == [
        ("Original-Recipient", "rfc822; bob+tag@example.org"), ("Final-Recipient", "rfc822; bob@example.org"),
        ("Action", "failed"), ("Status", "5.1.1"), ("Remote-MTA", "dns; mx.example.org"),
        ("Diagnostic-Code", "smtp; 550 5.1.1 No such user"),
        ("Last-Attempt-Date", "Mon, 21 Sep 2026 14:16:40 +0000")]
    assert header.get_content_type() == "text/rfc822-headers"
    assert email.message_from_string(header.get_content())["Message-ID"] == "<1@example.com>"


def check_delay():
    parsed, (text, status, _), _ = report(action="delayed", status="4.4.1", host="", said="no host answered")
    assert parsed["Subject"].startswith("Delayed:")
    assert "You need not send it again" in text.get_content()
    fields = status_fields(status)[1]
    assert fields["Action"] == "delayed" and fields["Will-Retry-Until"] == "Mon, 21 Sep 2026 14:16:40 +0000"
    assert fields["Diagnostic-Code"] == "x-postrider; no host answered" and fields["Remote-MTA"] is None


def check_whole_message():
    content = ORIGINAL.replace(b"text", b"caf\xc3\xa9")
    _, (_, _, returned), octets = report(content, needs="8BITMIME", full="yes")
    assert returned.get_content_type() == "message/rfc822"
    assert returned.get_payload()[0]["Subject"] == "hello"
    assert b"\r\n\r\n" + content + b"\r\n--" in octets
    # The report itself can be converted for a next hop without 8BITMIME.
    converted = subprocess.run([TOOL, "seven-bit"], input=octets, capture_output=True, timeout=60, check=True).stdout
    assert converted.isascii()
    inside = email.message_from_bytes(converted).get_payload()[2].get_payload()[0]
    assert inside.get_payload(decode=True) == b"The caf\xc3\xa9.\r\n"


def check_utf8():
    content = "Subject: \u00e1\r\n\r\nText.\r\n".encode()
    utf8 = {"address": "b\u00f3b@example.org", "type": "utf-8", "original": "b\\x{F3}b+x@example.org".replace("+", "\\x{2B}")}
    parsed, (text, status, header), octets = report(content, "8BITMIME SMTPUTF8", sender="\u00e1lice@example.com", **utf8)
    assert "To: <\u00e1lice@example.com>\r\n".encode() in octets
    assert "b\u00f3b@example.org" in text.get_content()
    assert status.get_content_type() == "message/global-delivery-status"
    assert "\r\nFinal-Recipient: utf-8; b\u00f3b@example.org\r\n".encode() in octets
    assert "\r\nOriginal-Recipient: utf-8; b\u00f3b+x@example.org\r\n".encode() in octets
    assert header.get_content_type() == "message/global-headers"

    parsed, (text, status, header), octets = report(content, **utf8)
    assert octets.isascii() and parsed["Subject"] == "Undeliverable: your message"
    assert "b\u00f3b@example.org" in text.get_content()
    assert status_fields(status)[1]["Final-Recipient"] == "utf-8; b\\x{F3}b@example.org"
    assert header.get_content_type() == "message/global-headers"
    assert header["Content-Transfer-Encoding"] == "quoted-printable"


def check_injection():
    evil = b"x\r\nBcc: <all@example.net>\r\n\r\n--=_0123456789abc.0\r\n\n\r\xff\x01 " + b"y" * 3000
    for name in ("address", "host", "said", "envelope", "original", "type"):
        values = {name: evil} | ({"type": "rfc822"} if name == "original" else {})
        _, (_, status, header), octets = report(**values)
        assert b"\nBcc:" not in octets and all(len(line) <= 998 for line in octets.split(b"\r\n"))
        about_message, about_recipient = status_fields(status)
        assert len(about_recipient.get_all("Final-Recipient")) == 1
        assert about_recipient["Action"] == "failed"
        assert email.message_from_string(header.get_content())["Subject"] == "hello"


check_plain()
check_delay()
check_whole_message()
check_utf8()
check_injection()
