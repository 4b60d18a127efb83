"""`postrider send` and `postrider probe` against mail servers that others wrote: Postfix, Exim, OpenSMTPD, Dovecot's
submission service and its LMTP, with TLS of both libraries, every mechanism that both sides have, and messages that are
easy to spoil."""

import base64
import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import re
import subprocess
import tempfile

from _dovecot import Dovecot
from _exim import Exim
from _opensmtpd import OpenSmtpd
from _peers import MAILBOXES, PASSWORD, USER, make_certificate
from _postfix import Postfix
from _support import POSTRIDER

SENDER = "fred@example.org"
HEADER = b"From: <fred@example.org>\r\nTo: <bob@example.net>\r\nSubject: to a peer\r\n" \
         b"Date: Sat, 1 Aug 2026 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n"
MESSAGES = {
    "dots": HEADER + b".\r\n..\r\n.leading dot\r\n\r\n.\r\n. \r\nend\r\n.\r\n",
    "8-bit": HEADER + "Zwölf Boxkämpfer jagen Viktor über den großen Sylter Deich. ☃\r\n".encode() + bytes(range(128, 256)) + b"\r\n",
    "no content": HEADER,
    "empty lines": HEADER + b"\r\n\r\n\r\n",
    "longest lines": HEADER + (b"x" * 998 + b"\r\n") * 3 + b"." * 998 + b"\r\n",
    "one MiB": HEADER + b"".join(b".%07d and so on, until the line is long enough to be one\r\n" % line for line in range(1 << 14)),
}
HARDEST = {name: MESSAGES[name] for name in ("dots", "8-bit", "one MiB")}
EX_OK, EX_DATAERR, EX_UNAVAILABLE, EX_NOPERM = 0, 65, 69, 77


class Client:
    """postrider with the one or the other TLS library."""

    def __init__(self, backend, folder):
        self.backend, self.folder = backend, pathlib.Path(folder) / backend
        self.folder.mkdir()
        self.config = self.folder / "postrider.toml"
        self.config.write_text(f'hostname = "client.example.org"\n[tls]\nbackend = "{backend}"\n')

    def run(self, *words, status=EX_OK, message=b"", password=PASSWORD):
        command = [POSTRIDER, *map(str, words), "--config", str(self.config)]
        done = subprocess.run(command, input=message, capture_output=True, timeout=90, check=False,
                              env={**os.environ, "PEER_PASSWORD": password})
        assert done.returncode == status, (f"{self.backend}: {command} ended with {done.returncode}, expected {status}\n"
                                           f"{done.stdout.decode(errors='replace')}\n{done.stderr.decode(errors='replace')}")
        return done.stdout

    def send(self, port, *words, host="localhost", to=("bob",), sender=SENDER, message=MESSAGES["dots"], **more):
        recipients = [word for local in to for word in ("--to", f"{local}@example.net")]
        return self.run("send", "--server", f"{host}:{port}", "--from", sender, *recipients, *words, message=message,
                        **more)


class Boxes:
    """A mailbox that no message has gone to yet, for each test of a server."""

    def __init__(self, server):
        self.server, self.unused, self.expected = server, iter(MAILBOXES[2:]), []

    def expect(self, message):
        """The name of a mailbox in which check() wants this message, octet for octet, below what the server wrote."""
        local = next(self.unused)
        self.expected.append((local, message))
        return local

    def check(self):
        for local, message in self.expected:
            delivered = self.server.messages(local)[0].replace(b"\r\n", b"\n")
            wanted = message.replace(b"\r\n", b"\n")
            assert delivered.endswith(b"\n" + wanted), f"{local}: {delivered[:2000]!r}"
            trace = delivered[:-len(wanted)].decode()
            assert re.match(r"([A-Za-z-]+: .*\n([ \t].*\n)*)+\Z", trace), f"{local}: {trace!r}"
            assert "\nReceived: " in "\n" + trace, trace


def login(server, mechanism=None):
    words = ["--ca", server.authority, "--user", USER, "--password-env", "PEER_PASSWORD"]
    return words + (["--auth", mechanism] if mechanism else [])


def secret(server, mechanism):
    return server.accounts.token() if mechanism in ("OAUTHBEARER", "XOAUTH2") else PASSWORD


def doors(server):
    return ((server.starttls, "starttls"), (server.implicit, "implicit"))


def log_in(client, server, boxes):
    """Each mechanism, through each door; a wrong password, a name that nobody has, and no mechanism in common."""
    message = MESSAGES["dots"]
    for (port, tls), mechanism in itertools.product(doors(server), (*server.mechanisms, None)):
        words = ["--tls", tls, *login(server, mechanism), "--transcript"]
        out = client.send(port, *words, to=[boxes.expect(message)], message=message, password=secret(server, mechanism))
        # Without --auth the strongest one is taken, which of those with a password is SCRAM.
        strongest = "SCRAM-SHA-256" if "SCRAM-SHA-256" in server.mechanisms else "CRAM-MD5"
        assert f"-> AUTH {mechanism or strongest}".encode() in out, out
        hidden = secret(server, mechanism).encode()
        for form in (hidden, base64.b64encode(hidden), base64.b64encode(b"\0" + USER.encode() + b"\0" + hidden)):
            assert form not in out, "the transcript shows a password"
    for mechanism in server.mechanisms:
        out = client.send(server.starttls, *login(server, mechanism), password="wrong", status=EX_NOPERM)
        assert re.match(rb"bob@example\.net: localhost:\d+: .*535", out), (mechanism, out)
    client.send(server.starttls, "--ca", server.authority, "--user", "nobody", "--password-env", "PEER_PASSWORD",
                status=EX_NOPERM)
    client.send(server.starttls, *login(server, "SCRAM-SHA-256-PLUS"), status=EX_NOPERM)
    # Who does not log in is told so: 530 of Postfix (after RCPT), 550 of Exim.
    out = client.send(server.starttls, "--tls", "starttls", "--ca", server.authority, status=EX_NOPERM)
    assert out.count(b"\n") == 1 and b"5.7." in out, out


def trust(client, server, boxes, stranger):
    """A certificate that nobody vouches for, or that belongs to another, is refused by who did not say --insecure."""
    message = MESSAGES["8-bit"]
    for port, tls in doors(server):
        words = ["--tls", tls, "--user", USER, "--password-env", "PEER_PASSWORD", "--transcript"]

        def refused(*more, port=port, words=words, **other):
            out = client.send(port, *words, *more, status=EX_UNAVAILABLE, **other)
            assert b"certificate" in out and b"-> AUTH" not in out and b"-> MAIL" not in out, out

        refused()
        refused("--ca", stranger)
        by_number = {"host": "127.0.0.1", "to": [boxes.expect(message)], "message": message}
        if "IP:127.0.0.1" in server.NAMES:
            client.send(port, *words, "--ca", server.authority, **by_number)
        else:
            refused("--ca", server.authority, host="127.0.0.1")
            client.send(port, *words, "--insecure", **by_number)


def content(client, port, boxes, *words, messages=MESSAGES):
    for message in messages.values():
        client.send(port, *words, to=[boxes.expect(message)], message=message)


def content_of_files(client, port, boxes, *words):
    """With Unix line ends, and with a line more for the header."""
    message = MESSAGES["dots"]
    file = client.folder / f"message-{port}"
    file.write_bytes(message.replace(b"\r\n", b"\n"))
    client.send(port, *words, file, to=[boxes.expect(message)])
    client.send(port, *words, "--header", "X-One: 1", file, to=[boxes.expect(b"X-One: 1\r\n" + message)])


def recipients(client, port, boxes, *words, sender=SENDER):
    """Each has a line of its own when refused, and the others get the message."""
    message = MESSAGES["dots"]
    for pipelined in (1, 12):
        good = [boxes.expect(message) for _ in range(pipelined)]
        out = client.send(port, *words, to=["nobody", *good, "nobody.else"], sender=sender, message=message,
                          status=EX_DATAERR)
        lines = out.decode().splitlines()
        assert len(lines) == 2 and re.match(r"nobody@example\.net: .*\b5\d\d[ -].*", lines[0]) and \
            re.match(r"nobody\.else@example\.net: .*\b5\d\d[ -].*", lines[1]), lines
    out = client.send(port, *words, to=["nobody"], sender=sender, status=EX_DATAERR)
    assert out.startswith(b"nobody@example.net: ") and out.count(b"\n") == 1, out
    client.send(port, *words, to=[boxes.expect(message)], sender="<>", message=message)


def probe(client, server, port, tls):
    report = json.loads(client.run("probe", f"localhost:{port}", "--tls", tls, "--json", "--ca", server.authority))
    assert report["failure"] is None and report["greeting"].startswith("220 "), report
    if server.mechanisms:
        assert report["tls"]["version"] == "TLSv1.3" and report["tls"]["trust"] == "trusted", report
        offered = [line.split() for line in report["encrypted"] if line.startswith("AUTH ")]
        assert set(offered[0][1:]) == set(server.mechanisms), report
        stranger = json.loads(client.run("probe", f"localhost:{port}", "--tls", tls, "--json"))
        assert stranger["tls"]["trust"] != "trusted", stranger
    else:
        assert "STARTTLS is not offered" in report["tls_failure"] and report["tls"] is None, report


def through_submission(client, server, boxes, stranger):
    """A server with TLS and accounts."""
    log_in(client, server, boxes)
    trust(client, server, boxes, stranger)
    content(client, server.starttls, boxes, *login(server), messages=HARDEST)
    recipients(client, server.implicit, boxes, "--tls", "implicit", *login(server))
    for port, tls in doors(server):
        probe(client, server, port, tls)


def as_a_stranger(client, server, boxes):
    """Mail from outside: no login, and TLS where it is offered, whatever the certificate."""
    out = client.send(server.mx, "--transcript", to=[boxes.expect(MESSAGES["dots"])])
    assert (b"-> STARTTLS" in out) == bool(server.mechanisms), out


def in_clear(client, server, boxes):
    """SCRAM gives nothing away to who listens, and may be used in clear; other mechanisms may not."""
    client.send(server.starttls, "--tls", "none", *login(server), to=[boxes.expect(MESSAGES["dots"])])
    for mechanism in ("PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"):
        out = client.send(server.starttls, "--tls", "none", "--transcript", *login(server, mechanism),
                          password=secret(server, mechanism), status=EX_NOPERM)
        assert b"in clear" in out and b"-> AUTH" not in out, out


def through_lmtp(client, server, boxes):
    words = ["--lmtp", "--tls", "starttls", "--ca", server.authority]
    content(client, server.lmtp, boxes, *words, messages=HARDEST)
    recipients(client, server.lmtp, boxes, *words)


def main():
    with contextlib.ExitStack() as stack:
        start = stack.enter_context
        folder = pathlib.Path(start(tempfile.TemporaryDirectory(prefix="postrider-interop-")))
        stranger = make_certificate(folder)[0]
        accounts = start(Dovecot(lmtp=True))
        postfix, exim, opensmtpd = start(Postfix(accounts)), start(Exim()), start(OpenSmtpd())
        dovecot = start(Dovecot(relay=postfix.mx))
        boxes = {server: Boxes(server) for server in (accounts, postfix, exim, opensmtpd)}
        boxes[dovecot] = boxes[postfix]
        # Most of the time goes by in waiting for the servers, which like to wait themselves.
        workers = start(concurrent.futures.ThreadPoolExecutor(4))
        running = []

        def do(*job):
            running.append(workers.submit(*job))

        for backend in ("openssl", "wolfssl"):
            client = Client(backend, folder)
            for server in (postfix, exim, dovecot):
                do(through_submission, client, server, boxes[server], stranger)
            for server in (postfix, exim, opensmtpd):
                do(as_a_stranger, client, server, boxes[server])
            do(in_clear, client, dovecot, boxes[dovecot])
            do(through_lmtp, client, accounts, boxes[accounts])
            do(probe, client, opensmtpd, opensmtpd.mx, "starttls")
        # What has nothing to do with the TLS library.
        for server in (postfix, exim, opensmtpd):
            do(content, client, server.mx, boxes[server], "--tls", "none")
            do(content_of_files, client, server.mx, boxes[server])
            do(recipients, client, server.mx, boxes[server])
        do(content, client, accounts.lmtp, boxes[accounts], "--lmtp")
        do(recipients, client, accounts.lmtp, boxes[accounts], "--lmtp")
        for each in running:
            each.result()
        for server in (accounts, postfix, exim, opensmtpd):
            boxes[server].check()


main()
