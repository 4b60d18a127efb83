"""Name servers for tests: a zone signed for the occasion at a real NSD, a validating unbound, and some that misbehave.
All in a folder of their own, on free ports of 127.0.0.1."""

import contextlib
import os
import pathlib
import pwd
import random
import select
import socket
import subprocess
import threading
import time

from _peers import free_port
from _support import run

ALGORITHM = "ECDSAP256SHA256"

SOA = """$ORIGIN {zone}.
$TTL 3600
@ IN SOA ns hostmaster 1 3600 600 86400 300
  IN NS ns
ns IN A 127.0.0.1
"""

NSD = """server:
  ip-address: 127.0.0.1@{port}
  server-count: 1
  do-ip6: no
  username: "{user}"
  chroot: ""
  database: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/nsd.xfrd"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/nsd.zones"
  logfile: "{folder}/nsd.log"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"""

UNBOUND = """server:
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  do-ip6: no
  do-daemonize: no
  num-threads: 1
  username: "{user}"
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  logfile: "{folder}/unbound.log"
  use-syslog: no
  do-not-query-localhost: no
  unblock-lan-zones: yes
  local-zone: "test." nodefault
  module-config: "validator iterator"
  trust-anchor: "{anchor}"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{server}
"""


def user_of_this_process():
    return "" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


class Zone:
    """A zone file, with its DS record once it is signed."""

    def __init__(self, folder, name, records):
        self.folder, self.name = pathlib.Path(folder), name
        self.file = self.folder / f"{name}.zone"
        self.file.write_text(SOA.format(zone=name) + records)

    def make_key(self):
        """The base name of a new key of the zone; its DS record stands in a file beside it."""
        key = subprocess.run(["ldns-keygen", "-a", ALGORITHM, "-k", self.name], cwd=self.folder, check=True,
                             capture_output=True, text=True).stdout.strip()
        self.folder.joinpath(key + ".ds").stat()
        return key

    def ds(self, key):
        return " ".join(self.folder.joinpath(key + ".ds").read_text().split())

    def sign(self, key, *options):
        run("ldns-signzone", "-o", self.name, *options, self.file, self.folder / key)
        self.file = self.file.with_name(self.file.name + ".signed")

    def tamper(self, owner):
        """Turns a digit in the middle of each signature over records of `owner`."""
        lines = []
        for line in self.file.read_text().splitlines():
            words = line.split()
            if len(words) > 5 and words[0] == owner and words[3] == "RRSIG" and words[4] != "NSEC":
                signature = words[-1]
                middle = len(signature) // 2
                other = "A" if signature[middle] != "A" else "B"
                words[-1] = signature[:middle] + other + signature[middle + 1:]
                line = " ".join(words)
            lines.append(line)
        self.file.write_text("\n".join(lines) + "\n")


def wait_for_name_server(port, name, process, seconds=20):
    """Until a question is answered, whatever the answer is."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00\x00\x06\x00\x01"
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.2)
        probe.connect(("127.0.0.1", port))
        while time.monotonic() < end:
            assert process.poll() is None, "the name server has ended"
            with contextlib.suppress(OSError):
                probe.send(question)
                if probe.recv(65536)[:2] == b"\x12\x34":
                    return
    raise AssertionError(f"no name server answers on port {port}")


@contextlib.contextmanager
def started(command, port, name, log):
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_name_server(port, name, process)
        yield port
    except BaseException:
        if pathlib.Path(log).exists():
            print(pathlib.Path(log).read_text()[-4000:])
        raise
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def nsd(folder, zones):
    """Yields the port. `zones`: name -> file, which need not exist."""
    folder, port = pathlib.Path(folder), free_port()
    text = NSD.format(port=port, folder=folder, user=user_of_this_process())
    for name, file in zones.items():
        text += f'zone:\n  name: "{name}"\n  zonefile: "{file}"\n'
    folder.joinpath("nsd.conf").write_text(text)
    with started(["/usr/sbin/nsd", "-d", "-c", folder / "nsd.conf"], port, next(iter(zones)), folder / "nsd.log"):
        yield port


@contextlib.contextmanager
def unbound(folder, server, anchor, name):
    """A validating resolver that asks `server`, a port; yields its own."""
    folder, port = pathlib.Path(folder), free_port()
    folder.joinpath("unbound.conf").write_text(
        UNBOUND.format(port=port, folder=folder, server=server, anchor=anchor, user=user_of_this_process()))
    with started(["/usr/sbin/unbound", "-d", "-c", folder / "unbound.conf"], port, name, folder / "unbound.log"):
        yield port


class Misbehaving:
    """A UDP server of this process. `answer(question, ask)` returns the datagrams to answer with, each with a delay in
    seconds; `ask(question)` is the answer of the real server."""

    def __init__(self, answer, server=None):
        self.answer, self.server = answer, server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.stop, self.stopped = socket.socketpair()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def __enter__(self):
        return self.port

    def __exit__(self, *_):
        self.stop.close()
        self.thread.join()
        self.socket.close()
        self.stopped.close()

    def ask(self, question):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to:
            to.settimeout(5)
            to.connect(("127.0.0.1", self.server))
            to.send(question)
            return to.recv(65536)

    def serve(self):
        waiting = []  # (when, octets, to)
        while True:
            waiting.sort(key=lambda each: each[0])
            rest = max(0, waiting[0][0] - time.monotonic()) if waiting else None
            ready, _, _ = select.select([self.socket, self.stopped], [], [], rest)
            if self.stopped in ready:
                return
            if self.socket in ready:
                question, sender = self.socket.recvfrom(65536)
                for delay, octets in self.answer(question, self.ask):
                    waiting.append((time.monotonic() + delay, octets, sender))
            now = time.monotonic()
            for _, octets, to in [each for each in waiting if each[0] <= now]:
                with contextlib.suppress(OSError):
                    self.socket.sendto(octets, to)
            waiting = [each for each in waiting if each[0] > now]


def silent(_question, _ask):
    return []


def slow(question, ask):
    return [(0.6, ask(question))]


def failing(question, _ask):
    flags = bytes([question[2] | 0x80, 0x82])  # QR, RA, SERVFAIL
    return [(0, question[:2] + flags + question[4:])]


class Forger:
    """Sends forged and broken answers that a resolver must pass over, RFC 5452 9.1, and only then the real one. That to
    another question comes once: whoever guessed id and port can make a resolver start again, but not lie to it."""

    def __init__(self):
        self.seen = set()

    def __call__(self, question, ask):
        true = ask(question)
        number = int.from_bytes(true[:2], "big")
        lie = true.replace(bytes([192, 0, 2]), bytes([6, 6, 6]))
        wrong_id = (number ^ random.randrange(1, 65536)).to_bytes(2, "big") + lie[2:]
        answers = [(0, b""), (0, true[:5]), (0, wrong_id), (0.1, true)]
        if not self.seen:
            other = bytearray(lie)
            other[13] ^= 0x01  # the first letter of the name asked for
            answers.insert(0, (0, bytes(other)))
        self.seen.add(question[12:])
        return answers
