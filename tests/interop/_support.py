"""What the interop tests share: a postrider of their own on a port of its own, and a look into its Maildirs."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

POSTRIDER = os.environ.get("POSTRIDER", "build/release/postrider")

CONFIG = """hostname = "mx.example.org"
state = "state"
threads = 2
[console]
address = ""
[[listen]]
address = "127.0.0.1:0"
role = "mx"
tls = "none"
[[listen]]
address = "127.0.0.1:0"
role = "lmtp"
tls = "none"
[[route]]
domains = ["example.net"]
deliver = "maildir:{folder}/mail/{{domain}}/{{local}}"
[[route]]
domains = ["void.example"]
deliver = "discard"
[[route]]
domains = ["gone.example"]
deliver = "reject:This domain has moved"
{more}
"""


def listening_ports(log, process, count, seconds=60):
    """The ports of the first `count` listeners, in the order of the configuration. They listen on port 0, so that no
    program beside them can take a port between its choice and its use; the log tells which ones they were given."""
    end = time.monotonic() + seconds
    while True:
        lines = log.read_text().splitlines(keepends=True)
        found = [re.search(r" listening address=127\.0\.0\.1:(\d+) ", line) for line in lines if line.endswith("\n")]
        ports = [int(match[1]) for match in found if match]
        if len(ports) >= count:
            return ports[:count]
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise AssertionError(f"postrider did not start:\n{log.read_text()}")
        time.sleep(0.02)


class Agent:
    """`postrider serve` with the configuration above."""

    def __init__(self, folder, more="", mail=None):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "postrider.toml"
        self.mail = pathlib.Path(mail or self.folder) / "mail"
        self.config.write_text(CONFIG.format(folder=self.mail.parent, more=more))
        self.log = self.folder / "log"
        self.process = subprocess.Popen([POSTRIDER, "serve", "--config", str(self.config)],
                                        stderr=self.log.open("w"), stdout=subprocess.DEVNULL)
        self.ports = listening_ports(self.log, self.process, 2 + more.count("[[listen]]"))
        self.mx, self.lmtp = self.ports[:2]

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(60)

    def messages(self, local, domain="example.net"):
        """The messages in new/ of a mailbox as octets, in no order: those of one tick have the same time."""
        return [file.read_bytes() for file in (self.mail / domain / local / "new").glob("*")]

    def message(self, local, domain="example.net"):
        messages = self.messages(local, domain)
        assert len(messages) == 1, f"{len(messages)} messages for {local}@{domain}, expected one"
        return messages[0]


@contextlib.contextmanager
def agent(more="", mail=None):
    with tempfile.TemporaryDirectory(prefix="postrider-interop-") as folder:
        running = Agent(folder, more, mail)
        try:
            yield running
            status = running.stop()
            assert status == 0, f"exit status {status} after SIGTERM:\n{running.log.read_text()}"
        except BaseException:
            print(running.log.read_text(), file=sys.stderr)
            raise
        finally:
            if running.process.poll() is None:
                running.process.kill()
                running.process.wait()


def split_trace(message):
    """A delivered message as (Return-Path line, our Received field, the octets as they were sent)."""
    return_path, rest = message.split(b"\n", 1)
    lines = rest.split(b"\n")
    assert lines[0].startswith(b"Received: "), lines[0]
    end = 1
    while lines[end][:1] in (b" ", b"\t"):
        end += 1
    return return_path.rstrip(b"\r"), b"\n".join(lines[:end]), b"\n".join(lines[end:])


def run(*command, stdin=None, status=0, timeout=60, environment=None):
    done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, timeout=timeout, check=False,
                          env={**os.environ, **(environment or {})})
    if status is not None and done.returncode != status:
        raise AssertionError(f"{command} ended with {done.returncode}, expected {status}\n"
                             f"{done.stdout.decode(errors='replace')}\n{done.stderr.decode(errors='replace')}")
    return done


class Dialogue:
    """A raw SMTP client that says exactly what it is told."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), 60)
        self.buffer = b""

    def send(self, octets):
        self.socket.sendall(octets)

    def reply(self):
        """One whole reply, or b"" at the end of the connection."""
        while True:
            for end in range(len(self.buffer)):
                if self.buffer[end:end + 2] == b"\r\n":
                    begin = self.buffer.rfind(b"\r\n", 0, end) + 2 if b"\r\n" in self.buffer[:end] else 0
                    line = self.buffer[begin:end]
                    if line[3:4] != b"-":
                        whole, self.buffer = self.buffer[:end + 2], self.buffer[end + 2:]
                        return whole
            more = self.socket.recv(65536)
            if not more:
                return b""
            self.buffer += more

    def say(self, line):
        self.send(line + b"\r\n")
        return self.reply()

    def closed(self):
        """Nothing more came. Closing with input that was not read resets the connection."""
        try:
            return self.reply() == b""
        except ConnectionResetError:
            return True


def expect(octets, beginning):
    assert octets.startswith(beginning), f"{octets!r} does not begin with {beginning!r}"
    return octets
