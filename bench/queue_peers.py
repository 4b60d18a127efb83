#!/usr/bin/env python3
"""The durable queue beside those of Postfix, Exim and OpenSMTPD, in one run and on one disk:

    bench/queue_peers.py [accept | relay | all] [--rounds N] [--messages N] [--peers postfix,exim,opensmtpd]

accept: messages of 4 KiB by smtp-source, each durable before its 250, at 1, 20 and 200 sessions; the next hop cannot be
        reached, so nothing is delivered meanwhile
relay:  the same at 20 sessions, until smtp-sink behind the queue has had every message

Prints medians of the rates, CPU for each message over all processes of a server, memory at the end, and the ratios of
the rounds. Run as root (the peers want it), with build/release/postrider, and nothing else beside it. TMPDIR chooses the
disk."""

import argparse
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/interop"))
sys.dont_write_bytecode = True
os.environ.setdefault("POSTRIDER", str(ROOT / "build/release/postrider"))
os.environ.setdefault("PEERS", str(ROOT / "build/peers"))

from _exim import Exim  # noqa: E402
from _opensmtpd import OpenSmtpd  # noqa: E402
from _peers import free_port  # noqa: E402
from _postfix import Postfix  # noqa: E402
from _support import listening_ports  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
DEAD_PORT = 9  # discard: nobody listens there
SIZE = 4096
CONFIG = """hostname = "bench.example.org"
state = "state"
[[listen]]
address = "127.0.0.1:0"
role = "mx"
tls = "none"
relay_from = ["127.0.0.0/8"]
[console]
address = ""
[[route]]
domains = ["*"]
deliver = "smtp://127.0.0.1:{hop}"
"""


class Ours:
    """`postrider serve` with its queue in RocksDB."""

    def __init__(self, hop):
        self.hop = hop

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="postrider-bench-")
        folder = pathlib.Path(self.folder.name)
        (folder / "postrider.toml").write_text(CONFIG.format(hop=self.hop))
        log = folder / "log"
        self.process = subprocess.Popen([os.environ["POSTRIDER"], "serve", "--config", folder / "postrider.toml"],
                                        stderr=log.open("w"), stdout=subprocess.DEVNULL)
        self.mx, = listening_ports(log, self.process, 1)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


# With Postfix and Exim nothing is tried while messages are taken; OpenSMTPD has no such switch, and neither have we.
ACCEPTING = {
    "postrider": lambda: Ours(DEAD_PORT),
    "postfix": lambda: Postfix(relay=DEAD_PORT, main="defer_transports = smtp, relay\n"),
    "exim": lambda: Exim(relay=DEAD_PORT, main="queue_only"),
    "opensmtpd": lambda: OpenSmtpd(relay=DEAD_PORT, domains="any", main="smtp limit max-mails 1000000"),
}
RELAYING = {
    "postrider": Ours,
    "postfix": lambda hop: Postfix(relay=hop),
    "exim": lambda hop: Exim(relay=hop),
    "opensmtpd": lambda hop: OpenSmtpd(relay=hop, domains="any", main="smtp limit max-mails 1000000"),
}


def family(pid):
    """The process and all that come from it."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            children.setdefault(int(stat.read_text().rsplit(")", 1)[1].split()[1]), []).append(int(stat.parent.name))
    found, ahead = [], [pid]
    while ahead:
        found.append(ahead.pop())
        ahead += children.get(found[-1], [])
    return found


def cpu(pid):
    """Seconds that the family has used, those of children who ended included."""
    ticks = 0
    for each in family(pid):
        with contextlib.suppress(OSError):
            ticks += sum(map(int, pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()[11:15]))
    return ticks / TICK


def memory(pid):
    """MiB, what is shared divided among those who share it."""
    kib = 0
    for each in family(pid):
        with contextlib.suppress(OSError):
            found = re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{each}/smaps_rollup").read_text(), re.M)
            kib += int(found[1]) if found else 0
    return kib / 1024


def generate(port, messages, sessions):
    subprocess.run(["/usr/sbin/smtp-source", "-f", "a@example.org", "-t", "b@remote.example", "-M", "bench.example.org",
                    "-s", str(sessions), "-m", str(messages), "-l", str(SIZE), "-d", f"127.0.0.1:{port}"], check=True)


class Sink:
    """smtp-sink, which counts."""

    def __enter__(self):
        self.port = free_port()
        self.process = subprocess.Popen(["/usr/sbin/smtp-sink", "-4", "-c", "-u", "nobody", "-m", "2000",
                                         f"127.0.0.1:{self.port}", "2000"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.messages = 0
        threading.Thread(target=self.count, daemon=True).start()
        return self

    def count(self):
        text = b""
        while octets := os.read(self.process.stdout.fileno(), 65536):
            text = (text + octets)[-4096:]
            # "sess=3 quit=2 mesg=120", again and again on one line
            if found := re.findall(rb"mesg=(\d+)[ \r\n]", text):
                self.messages = int(found[-1])

    def wait(self, messages, seconds):
        end = time.monotonic() + seconds
        while self.messages < messages:
            if time.monotonic() > end:
                raise AssertionError(f"smtp-sink has had {self.messages} of {messages} messages after {seconds} s")
            time.sleep(0.005)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def settle():
    os.sync()
    time.sleep(0.5)


def measure(server, messages, work):
    settle()
    before, start = cpu(server.process.pid), time.monotonic()
    work()
    seconds = time.monotonic() - start
    return messages / seconds, (cpu(server.process.pid) - before) / messages * 1e6, memory(server.process.pid)


def accept(make, messages, sessions):
    with make() as server:
        generate(server.mx, min(messages // 10, 200), sessions)
        return measure(server, messages, lambda: generate(server.mx, messages, sessions))


def relay(make, messages, sessions):
    with Sink() as sink, make(sink.port) as server:
        generate(server.mx, 50, sessions)
        sink.wait(50, 120)

        def work():
            generate(server.mx, messages, sessions)
            sink.wait(50 + messages, 600)
        return measure(server, messages, work)


def compare(title, servers, rounds, once, aims):
    figures = {name: [] for name in servers}
    for _ in range(rounds):
        for name in servers:
            figures[name].append(once(name))
    print(f"\n{title}")
    for name, runs in figures.items():
        rate, used, mib = (statistics.median(run[i] for run in runs) for i in range(3))
        ratio = statistics.median(ours[0] / theirs[0] for ours, theirs in zip(figures["postrider"], runs))
        print(f"  {name:<10}{rate:>9,.0f} msg/s  {used:>8,.0f} us CPU  {mib:>7.1f} MiB   postrider is {ratio:.2f} times as fast")
        if name in aims:
            print(f"  {'ok  ' if ratio >= aims[name] else 'MISS'}      aim: at least {aims[name]} times {name}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="all", choices=("accept", "relay", "all"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=4000, help="at 20 sessions; a quarter of them at 1 session")
    parser.add_argument("--peers", default="postfix,exim,opensmtpd")
    options = parser.parse_args()
    servers = ["postrider", *filter(None, options.peers.split(","))]
    if options.what in ("accept", "all"):
        for sessions, aims in ((1, {"postfix": 1}), (20, {"postfix": 8}), (200, {})):
            messages = options.messages // 4 if sessions == 1 else options.messages
            compare(f"durable acceptance, 4 KiB, {sessions} sessions", servers, options.rounds,
                    lambda name, n=messages, s=sessions: accept(ACCEPTING[name], n, s), aims)
    if options.what in ("relay", "all"):
        compare("relay until the queue is empty, 4 KiB, 20 sessions", servers, options.rounds,
                lambda name: relay(RELAYING[name], options.messages, 20), {"postfix": 5})


if __name__ == "__main__":
    main()
