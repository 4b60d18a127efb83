"""Hostile and broken clients on a real socket: one reply each, the session goes on, or ends as promised; nothing is lost."""

import os
import select
import subprocess
import tempfile
import time

from _support import Dialogue, agent, expect, split_trace

ENVELOPE = (b"MAIL FROM:<a@example.org>", b"RCPT TO:<bob@example.net>")


def greeted(port):
    client = Dialogue(port)
    expect(client.reply(), b"220 mx.example.org ESMTP")
    expect(client.say(b"EHLO client.example.org"), b"250-mx.example.org\r\n")
    return client


def with_data(port):
    client = greeted(port)
    for line in ENVELOPE:
        expect(client.say(line), b"250 2.1.")
    expect(client.say(b"DATA"), b"354 ")
    return client


def malformed(postrider):
    client = greeted(postrider.mx)
    for line, reply in ((b"MAIL FROM: <a@example.org>", b"501 5.5.4 "), (b"MAIL FROM:<a@example.org> X=1", b"555 5.5.4 "),
                        (b"MAIL FROM:<a@@example.org>", b"553 5.1.7 "), (b"RCPT TO:<bob@example.net>", b"503 5.5.1 "),
                        (b"GET / HTTP/1.1", b"500 5.5.1 "), (b"EHLO", b"501 5.5.4 "), (b"NOOP " + b"x" * 70000, b"500 5.5.2 ")):
        reply_seen = expect(client.say(line), reply)
        assert reply_seen.count(b"\r\n") == 1, reply_seen
        expect(client.say(b"NOOP"), b"250 2.0.0 ")
    expect(client.say(b"QUIT"), b"221 2.0.0 ")
    assert client.closed()


def too_many_errors(postrider):
    client = greeted(postrider.mx)
    for _ in range(20):
        expect(client.say(b"JUNK"), b"500 ")
    expect(client.say(b"JUNK"), b"421 4.7.0 ")
    assert client.closed()


def smuggling(postrider):
    for end in (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r\r\n", b"\r.\r\n"):
        client = with_data(postrider.mx)
        client.send(b"Subject: x\r\n\r\ninnocent" + end + b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<evil@example.net>\r\n"
                    b"DATA\r\nSubject: smuggled\r\n\r\n\r\n.\r\n")
        expect(client.reply(), b"550 5.5.2 ")
        assert client.closed()
    assert not postrider.messages("evil") and not postrider.messages("bob")


def bare_line_feed_in_a_command(postrider):
    client = greeted(postrider.mx)
    client.send(b"NOOP\nNOOP\r\n")
    expect(client.reply(), b"500 5.5.2 ")
    assert client.closed()


def wait_until_empty(folder):
    """What a message that failed has written goes away soon: a thread of its own cleans up behind the reply."""
    end = time.monotonic() + 30
    while left := [name for _, _, files in os.walk(folder) for name in files]:
        assert time.monotonic() < end, left
        time.sleep(0.05)


def abandoned(postrider):
    client = with_data(postrider.mx)
    client.send(b"Subject: half\r\n\r\nno end")
    client.socket.close()
    wait_until_empty(postrider.mail)


def octet_by_octet(postrider):
    client = Dialogue(postrider.mx)
    expect(client.reply(), b"220 ")
    for octet in b"EHLO client.example.org\r\n":
        client.send(bytes([octet]))
    expect(client.reply(), b"250-")
    for line in ENVELOPE:
        expect(client.say(line), b"250 ")
    expect(client.say(b"DATA"), b"354 ")
    for octet in b"Subject: slow\r\n\r\n..\r\n.\r\n":
        client.send(bytes([octet]))
    expect(client.reply(), b"250 2.")
    assert split_trace(postrider.message("bob"))[2] == b"Subject: slow\r\n\r\n.\r\n"


def paths_that_leave(postrider):
    client = greeted(postrider.mx)
    expect(client.say(ENVELOPE[0]), b"250 ")
    for local in (b'"../../etc/passwd"', b'".."', b'"a/b"', b'".hidden"'):
        expect(client.say(b"RCPT TO:<" + local + b"@example.net>"), b"550 5.1.3 ")


def disk_full():
    """A Maildir on a full disk of 1 MiB: 452 4.3.1, nothing left behind, and the next message is taken when there is room."""
    with tempfile.TemporaryDirectory() as small:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=True)
        try:
            with agent(mail=small) as postrider:
                ballast = os.path.join(small, "ballast")
                with open(ballast, "wb") as file:
                    file.write(b"x" * 700000)
                client = with_data(postrider.mx)
                client.send(b"Subject: too much\r\n\r\n" + (b"x" * 76 + b"\r\n") * 10000 + b".\r\n")
                expect(client.reply(), b"452 4.3.1 ")
                wait_until_empty(postrider.mail)
                os.remove(ballast)
                for line in ENVELOPE:
                    expect(client.say(line), b"250 ")
                expect(client.say(b"DATA"), b"354 ")
                client.send(b"Subject: fits\r\n\r\n.\r\n")
                expect(client.reply(), b"250 2.")
                assert split_trace(postrider.message("bob"))[2] == b"Subject: fits\r\n\r\n"
        finally:
            subprocess.run(["umount", small], check=True)


def silent_client():
    """Closed on time: a client that says nothing, and one that sends an octet now and then."""
    with agent(more='[limits]\nidle = "2s"') as postrider:
        begin = time.monotonic()
        silent = greeted(postrider.mx)
        expect(silent.reply(), b"421 4.4.2 ")
        assert silent.closed() and 1.9 < time.monotonic() - begin < 30
        trickling = Dialogue(postrider.mx)
        expect(trickling.reply(), b"220 ")
        begin = time.monotonic()
        while not select.select([trickling.socket], [], [], 0.4)[0]:
            assert time.monotonic() - begin < 30, "an octet now and then kept the session open"
            trickling.send(b"N")
        expect(trickling.reply(), b"421 4.4.2 ")
        assert trickling.closed()


def main():
    with agent() as postrider:
        for test in (malformed, too_many_errors, smuggling, bare_line_feed_in_a_command, abandoned, octet_by_octet,
                     paths_that_leave):
            test(postrider)
    silent_client()
    disk_full()


main()
