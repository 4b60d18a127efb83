"""An agent with a queue: it may be killed and started again on the same state, is asked what lies in its queue, and its
reports are read."""

import contextlib
import email
import email.policy
import json
import pathlib
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

from _support import POSTRIDER, listening_ports, run

CONFIG = """hostname = "{hostname}"
state = "state"
threads = 2
[console]
address = ""
[limits]
connections_per_address = 1000
[queue]
store = "{store}"
retry = ["{retry}"]
{resolver}
"""
LISTEN = """[[listen]]
address = "127.0.0.1:{port}"
role = "{role}"
tls = "{tls}"
{more}
"""
ROUTE = """[[route]]
domains = ["{domain}"]
deliver = "{deliver}"
{more}
"""
PATIENCE = 90


def listener(role="mx", tls="none", more="", port=0):
    return LISTEN.format(role=role, tls=tls, more=more, port=port)


def until(happened, problem, seconds=PATIENCE, pause=0.05):
    """The first true value of `happened()`."""
    end = time.monotonic() + seconds
    while True:
        value = happened()
        if value:
            return value
        assert time.monotonic() < end, problem() if callable(problem) else problem
        time.sleep(pause)


class QueueAgent:
    """`postrider serve`, as a context. `routes`: domain -> where it goes, or (where, more lines of the route);
    "maildir" goes to mail/{domain}/{local} in its folder. `zone`: lines of a static zone."""

    def __init__(self, routes, listeners=(listener(),), hostname="mx.example.org", zone="", retry="2s", store="rocksdb"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postrider-queue-"))
        self.folder.chmod(0o755)
        self.mail = self.folder / "mail"
        self.config, self.log = self.folder / "postrider.toml", self.folder / "log"
        self.listeners, self.process, self.starts = list(listeners), None, 0
        resolver = ""
        if zone:
            (self.folder / "zone.txt").write_text(zone)
            resolver = '[resolver]\nbackend = "static"\nzone = "zone.txt"'
        text = CONFIG.format(hostname=hostname, store=store, retry=retry, resolver=resolver) + "".join(self.listeners)
        for domain, where in routes.items():
            deliver, more = where if isinstance(where, tuple) else (where, "")
            if deliver == "maildir":
                deliver = "maildir:mail/{domain}/{local}"
            text += ROUTE.format(domain=domain, deliver=deliver, more=more)
        self.config.write_text(text)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind=None, *_):
        if self.process is not None and kind is None:
            self.stop()
        elif self.process is not None:
            self.kill()
        if kind is not None:
            print(f"--- {self.folder}\n{self.log_text()[-40000:]}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def launch(self):
        """Starts it, and does not wait until it listens."""
        self.starts += 1
        self.log = self.folder / f"log.{self.starts}"
        with self.log.open("w") as log:
            self.process = subprocess.Popen([POSTRIDER, "serve", "--config", str(self.config)], stderr=log,
                                            stdout=subprocess.DEVNULL)

    def start(self):
        self.launch()
        self.ports = listening_ports(self.log, self.process, len(self.listeners))
        self.port = self.ports[0]

    def stop(self):
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
        assert status == 0, f"exit status {status} after SIGTERM:\n{self.log_text()}"

    def kill(self):
        process, self.process = self.process, None
        process.kill()
        process.wait()

    def log_text(self):
        logs = [self.folder / f"log.{number}" for number in range(1, self.starts + 1)]
        return "".join(log.read_text(errors="replace") for log in logs)

    # The queue

    def queue(self, *words, status=0):
        return run(POSTRIDER, "queue", *words, "--config", self.config, status=status)

    def queued(self):
        return json.loads(self.queue("list", "--json").stdout)

    def until_empty(self, seconds=PATIENCE, nudge=False):
        """`nudge`: what could not be reached is tried at once, again and again."""
        def is_empty():
            if nudge:
                self.queue("retry")
            return not self.queued()
        until(is_empty, lambda: f"still queued: {json.dumps(self.queued(), indent=1)}", seconds, 0.2)

    # Maildirs

    def files(self, local, domain):
        return sorted((self.mail / domain / local / "new").glob("*"))

    def messages(self, local, domain, count=1):
        """`count` messages of a Maildir as octets, waited for."""
        until(lambda: len(self.files(local, domain)) >= count,
              lambda: f"{len(self.files(local, domain))} of {count} messages came for {local}@{domain}")
        files = self.files(local, domain)
        assert len(files) == count, f"{len(files)} messages for {local}@{domain}, expected {count}"
        return [file.read_bytes() for file in files]

    def report(self, address, to="fred", domain="sender.example"):
        """The one report that `to` has got about a recipient, waited for."""
        def about():
            reports = [Report(file.read_bytes()) for file in self.files(to, domain)]
            return [each for each in reports if address in each.recipients]
        found = until(about, lambda: f"no report about {address} came to {to}@{domain}")
        assert len(found) == 1, f"{len(found)} reports about {address}"
        return found[0]


class Report:
    """A delivery report, read by Python's email package. `about`: the fields about the message; `recipients`: address ->
    the fields about it; `returned`: the third part."""

    def __init__(self, octets):
        self.octets = octets
        whole = email.message_from_bytes(octets, policy=email.policy.default)
        assert whole.get_content_type() == "multipart/report", octets
        assert whole.get_param("report-type") in ("delivery-status", "global-delivery-status"), octets
        self.whole = whole
        parts = whole.get_payload()
        assert len(parts) in (2, 3), octets
        assert parts[1].get_content_type() in ("message/delivery-status", "message/global-delivery-status"), octets
        self.text, self.returned = parts[0].get_content(), parts[2] if len(parts) == 3 else None
        blocks = parts[1].get_payload()
        if isinstance(blocks, str):
            blocks = [email.message_from_string(block) for block in re.split(r"\r?\n\r?\n", blocks.strip())]
        self.about, self.recipients = blocks[0], {}
        for fields in blocks[1:]:
            if fields["Final-Recipient"] is None:
                continue
            address = fields["Final-Recipient"].split(";", 1)[1].strip().strip("<>")
            assert address not in self.recipients, f"two blocks about {address}: {octets}"
            self.recipients[address] = fields

    def actions(self):
        return {address: fields["Action"].split()[0] for address, fields in self.recipients.items()}

    def original(self, address):
        return self.recipients[address]["Original-Recipient"]


def split_header(message):
    """The fields of a message's header, as (name, octets) with LF, and what follows the empty line."""
    header, _, body = message.replace(b"\r\n", b"\n").partition(b"\n\n")
    fields = re.findall(rb"([^\s:]+):((?:.*(?:\n[ \t])?)*)\n?", header)
    return [(name.decode(), value) for name, value in fields], body


def behind_trace(message, content, names=("Return-Path", "Delivered-To", "Received", "Envelope-To", "Delivery-Date",
                                          "X-Original-To")):
    """Asserts that a delivered message is `content` behind nothing but fields of those names; returns these."""
    delivered, wanted = message.replace(b"\r\n", b"\n"), content.replace(b"\r\n", b"\n")
    assert delivered.endswith(wanted), (f"{delivered[:3000]!r}\n... does not end with\n{wanted[:3000]!r}, "
                                        f"{len(delivered)} and {len(wanted)} octets")
    trace = delivered[:len(delivered) - len(wanted)].decode()
    fields = re.split(r"\n(?![ \t])", trace.rstrip("\n"))
    for each in fields:
        assert each.split(":")[0].lower() in [name.lower() for name in names], f"{each!r} in {trace!r}"
    return fields


# A next hop of our own

class Hop:
    """An SMTP server that behaves as `plan(connection)` says, where `connection` counts from 0: a dictionary from stage
    to what happens there in place of the ordinary reply. Stages: connect, hello, mail, rcpt, data, content (when half
    of it is there) and final. What happens: octets that are sent; CLOSE; ENDLESS, a reply without an end; SILENT; or a
    function of the transaction that returns one of these or None.

    `taken`: the transactions that came to their end with a 250, or without a final reply."""

    CLOSE, ENDLESS, SILENT = "close", "endless", "silent"

    def __init__(self, plan=lambda _: {}, offers=(), port=0):
        self.plan, self.offers = plan, offers
        self.taken, self.connections, self.lock = [], 0, threading.Lock()
        self.open = set()  # sockets of sessions
        hop = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = PATIENCE

            def handle(self):
                with hop.lock:
                    number, hop.connections = hop.connections, hop.connections + 1
                    hop.open.add(self.connection)
                with contextlib.suppress(OSError, EOFError):
                    HopSession(hop, self.connection, self.rfile, hop.plan(number)).serve()
                with hop.lock:
                    hop.open.discard(self.connection)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        with self.lock:
            for each in self.open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def recipients(self):
        """Address -> how often it was taken."""
        count = {}
        with self.lock:
            for each in self.taken:
                for address in each.recipients:
                    count[address] = count.get(address, 0) + 1
        return count


class Transaction:
    def __init__(self, mail):
        self.mail, self.rcpts, self.recipients, self.content = mail, [], [], b""


class HopSession:
    def __init__(self, hop, connection, lines, plan):
        self.hop, self.connection, self.lines, self.plan = hop, connection, lines, plan
        self.transaction = None

    def act(self, stage, ordinary):
        """Says what the plan wants, or `ordinary`; EOFError ends the session. Returns what was said."""
        return self.say(self.planned(stage, self.transaction), ordinary)

    def planned(self, stage, transaction):
        what = self.plan.get(stage)
        return what(transaction) if callable(what) else what

    def say(self, what, ordinary):
        if what == Hop.SILENT:
            self.hop.stopping.wait(PATIENCE)
        if what in (Hop.CLOSE, Hop.SILENT):
            raise EOFError
        if what == Hop.ENDLESS:
            while not self.hop.stopping.is_set():
                self.connection.sendall(b"250-and so on\r\n" * 100)
            raise EOFError
        said = ordinary if what is None else what
        self.connection.sendall(said)
        if said.startswith(b"421"):
            raise EOFError
        return said

    def line(self):
        line = self.lines.readline(65536)
        if not line.endswith(b"\n"):
            raise EOFError
        return line.rstrip(b"\r\n")

    def serve(self):
        self.act("connect", b"220 hop.example ESMTP\r\n")
        while True:
            line = self.line()
            verb = line.upper()
            if verb.startswith((b"EHLO", b"HELO")):
                offers = ["hop.example", *self.hop.offers]
                reply = "".join(f"250{'-' if at + 1 < len(offers) else ' '}{offer}\r\n" for at, offer in enumerate(offers))
                self.act("hello", reply.encode())
            elif verb.startswith(b"MAIL FROM:"):
                self.transaction = Transaction(line.decode())
                if not self.act("mail", b"250 2.1.0 Ok\r\n").startswith(b"250"):
                    self.transaction = None
            elif verb.startswith((b"RCPT TO:", b"DATA")) and self.transaction is None:
                self.connection.sendall(b"503 5.5.1 From whom?\r\n")
            elif verb.startswith(b"RCPT TO:"):
                self.transaction.rcpts.append(line.decode())
                if self.act("rcpt", b"250 2.1.5 Ok\r\n").startswith(b"250"):
                    self.transaction.recipients.append(re.search(rb"<(.*)>", line)[1].decode())
            elif verb == b"DATA":
                if self.act("data", b"354 Go on\r\n" if self.transaction.recipients else b"503 Whom to?\r\n")[:1] == b"3":
                    self.content()
            elif verb == b"QUIT":
                self.connection.sendall(b"221 2.0.0 Bye\r\n")
                return
            elif verb == b"RSET":
                self.transaction = None
                self.connection.sendall(b"250 2.0.0 Ok\r\n")
            else:
                self.connection.sendall(b"500 5.5.1 What?\r\n")

    def content(self):
        done, self.transaction, lines = self.transaction, None, []
        if "content" in self.plan:
            self.line()
            self.act("content", b"")
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                raise EOFError
            lines.append(line[1:] if line.startswith(b".") else line)
        done.content = b"".join(lines)
        what = self.planned("final", done)
        # Noted before it is said: whoever has read it finds it here. When it is not said, nobody will know.
        if what in (None, Hop.CLOSE, Hop.ENDLESS, Hop.SILENT):
            with self.hop.lock:
                self.hop.taken.append(done)
        self.say(what, b"250 2.0.0 Taken\r\n")
