"""Content converted for a next hop without 8BITMIME or BINARYMIME: Python's email package reads the same parts with the
same content before and after."""

import email
import os
import random
import subprocess

TOOL = os.environ["CONTENT_TOOL"]
ROUNDS = 150

TEXTS = ["plain ASCII\r\n", "caf\u00e9 \r\n.\r\nFrom here\r\n--\r\n", "\u043f\u0440\u0438\u0432\u0435\u0442 " * 40, "", "=\r\n\t\r\n", "\u00e9"]


def convert(message, target, status=0):
    done = subprocess.run([TOOL, target], input=message, capture_output=True, timeout=60)
    assert done.returncode == status, (done.returncode, done.stderr, message)
    return done.stdout


def text_leaf(chance):
    text = "".join(chance.choice(TEXTS) for _ in range(chance.randrange(4)))
    charset, octets = chance.choice([("utf-8", text.encode()), ("iso-8859-5", text.encode("iso-8859-5", "replace"))])
    encoding = chance.choice(["Content-Transfer-Encoding: 8bit\r\n", ""])
    return f"Content-Type: text/plain; charset={charset}\r\n{encoding}\r\n".encode() + octets


def binary_leaf(chance):
    octets = bytes(chance.randrange(256) for _ in range(chance.randrange(400)))
    # Lines alone: Python takes a bare CR or LF for a line end when it looks for boundaries.
    octets = octets.replace(b"\r", b"").replace(b"\n", b"\r\n")
    return b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n" + octets


def encoded_leaf(_):
    return b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"


def message_leaf(chance):
    return b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: inside\r\nMIME-Version: 1.0\r\n" + part(chance, 2)


def multipart(chance, depth):
    boundary = f"=_{chance.randrange(10 ** 9)}"
    head = f'Content-Type: multipart/{chance.choice(["mixed", "alternative"])};\r\n boundary="{boundary}"\r\n'
    body = b"\r\n\r\nThis is for readers without MIME.\r\n"
    for _ in range(chance.randrange(1, 4)):
        body += f"--{boundary}\r\n".encode() + part(chance, depth + 1) + b"\r\n"
    return head.encode() + b"Content-Transfer-Encoding: 8bit" + body + f"--{boundary}--\r\n".encode()


def part(chance, depth=0):
    kinds = [text_leaf, text_leaf, binary_leaf, encoded_leaf]
    if depth < 3:
        kinds += [message_leaf, lambda c: multipart(c, depth), lambda c: multipart(c, depth)]
    return chance.choice(kinds)(chance)


def leaves(message):
    parsed = email.message_from_bytes(message)
    found = []
    for each in parsed.walk():
        assert not each.defects, (each.defects, message)
        content = None if each.is_multipart() else each.get_payload(decode=True)
        found.append((each.get_content_type(), each.get_content_charset(), content))
    return found


def is_lines(message):
    return (b"\0" not in message and all(len(line) <= 998 for line in message.split(b"\r\n"))
            and not {b"\r"[0], b"\n"[0]} & set(message.replace(b"\r\n", b"")))


def check_random_messages():
    chance = random.Random(5)
    changed = 0
    for _ in range(ROUNDS):
        message = b"From: <a@example.org>\r\nMIME-Version: 1.0\r\n" + part(chance)
        for target in ("seven-bit", "eight-bit"):
            converted = convert(message, target)
            assert is_lines(converted), converted
            assert target == "eight-bit" or converted.isascii(), converted
            assert leaves(converted) == leaves(message), (message, converted)
            assert convert(converted, target) == converted
            changed += converted != message
    assert changed > ROUNDS, changed


def check_what_has_no_mime_fields():
    converted = email.message_from_bytes(convert(b"Subject: a\r\n\r\ncaf\xe9\r\n", "seven-bit"))
    assert converted["MIME-Version"] == "1.0"
    assert converted.get_payload(decode=True) == b"caf\xe9\r\n"


def check_refusals():
    convert(b"Subject: caf\xc3\xa9\r\n\r\ntext\r\n", "seven-bit", status=65)
    convert(b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n\xff\r\n--s--\r\n", "seven-bit", status=65)
    signed = b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nASCII\r\n--s--\r\n"
    assert convert(signed, "seven-bit") == signed


check_random_messages()
check_what_has_no_mime_fields()
check_refusals()
