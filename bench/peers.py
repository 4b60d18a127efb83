"""The measurements behind bench/peers.sh; see there for the usage."""

import argparse
import json
import os
import pathlib
import re
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time

POSTRIDER = os.environ["POSTRIDER"]
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"peers: nothing listens on port {port}")


class Server:
    """A receiver under test; its CPU time is read from /proc around each run."""

    def __init__(self, name, command, port):
        self.name, self.port = name, port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(port)

    def cpu(self):
        """(user, user + system) seconds so far; the sum from the scheduler's exact clock, the split from its ticks."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        user, system = int(fields[11]) / TICK, int(fields[12]) / TICK
        exact = sum(int(task.read_text().split()[0]) for task in
                    pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")) / 1e9
        return (exact * user / (user + system) if user + system else 0.0), exact

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def smtp_sink():
    port = free_port()
    return Server("smtp-sink", ["/usr/sbin/smtp-sink", "-4", "-u", "nobody", "-m", "2000", f"127.0.0.1:{port}", "2000"],
                  port)


def postrider_sink():
    port = free_port()
    return Server("postrider sink", [POSTRIDER, "sink", "--listen", f"127.0.0.1:{port}", "--threads", "1"], port)


def smtp_source(port, messages, size, sessions=20, keep_alive=True):
    command = ["/usr/sbin/smtp-source", "-f", "a@example.org", "-t", "b@example.net", "-M", "bench.example.org",
               "-s", str(sessions), "-m", str(messages), "-l", str(size)]
    subprocess.run(command + (["-d"] if keep_alive else []) + [f"127.0.0.1:{port}"], check=True)


def postrider_load(port, messages, size, sessions=20, pipelining=True):
    command = [POSTRIDER, "load", f"127.0.0.1:{port}", "--messages", str(messages), "--size", str(size),
               "--sessions", str(sessions)] + ([] if pipelining else ["--no-pipelining"])
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def measure(server, messages, generate):
    """Messages a second, and the server's user and whole CPU microseconds for each."""
    user, whole = server.cpu()
    start = time.monotonic()
    generate(server.port, messages)
    seconds = time.monotonic() - start
    user_after, whole_after = server.cpu()
    return messages / seconds, (user_after - user) / messages * 1e6, (whole_after - whole) / messages * 1e6


def compare(title, servers, messages, generate, rounds):
    """Interleaved rounds; prints a line for each server and returns the per-round figures."""
    figures = {server.name: [] for server in servers}
    for server in servers:
        measure(server, max(messages // 10, 1), generate)  # warm-up
    for _ in range(rounds):
        for server in servers:
            figures[server.name].append(measure(server, messages, generate))
    print(f"\n{title}")
    for name, runs in figures.items():
        rate, user, whole = (statistics.median(run[i] for run in runs) for i in range(3))
        print(f"  {name:<16}{rate:>10,.0f} msg/s   server CPU {whole:8.1f} us/msg, of which user {user:7.1f}")
    return figures


def ratio(figures, index, over="smtp-sink", of="postrider sink"):
    return statistics.median(a[index] / b[index] for a, b in zip(figures[of], figures[over]) if b[index])


class Report:
    def __init__(self):
        self.rows = []

    def check(self, what, value, comparison, target):
        met = value <= target if comparison == "<=" else value >= target
        self.rows.append({"what": what, "value": round(value, 3), "target": f"{comparison} {target}", "met": met})
        print(f"  {'ok  ' if met else 'MISS'}  {what}: {value:.2f} (target {comparison} {target})")


def bench_sink(report, rounds):
    servers = [smtp_sink(), postrider_sink()]
    try:
        for label, size, messages, target in (("1 KiB", 1024, 20000, 0.85), ("10 KiB", 10240, 12000, 0.5),
                                              ("1 MiB", 1 << 20, 300, 0.15)):
            figures = compare(f"smtp-source, 20 keep-alive sessions, {label}", servers, messages,
                              lambda port, n, size=size: smtp_source(port, n, size), rounds)
            report.check(f"sink CPU over smtp-sink's, {label}", ratio(figures, 2), "<=", target)
            if size == 1024:
                user = statistics.median(run[1] for run in figures["postrider sink"])
                report.check("sink user CPU us/msg, 1 KiB", user, "<=", 5)
        figures = compare("smtp-source, one connection per message, 20 parallel, 1 KiB", servers, 6000,
                          lambda port, n: smtp_source(port, n, 1024, keep_alive=False), rounds)
        report.check("sink CPU over smtp-sink's, one connection per message", ratio(figures, 2), "<=", 0.85)
    finally:
        for server in servers:
            server.stop()


def bench_pipelined(report, rounds):
    servers = [smtp_sink(), postrider_sink()]
    try:
        figures = compare("postrider load, pipelined, 20 sessions, 1 KiB", servers, 60000,
                          lambda port, n: postrider_load(port, n, 1024), rounds)
        report.check("pipelined rate over smtp-sink's", ratio(figures, 0), ">=", 2)
    finally:
        for server in servers:
            server.stop()


def bench_load(report, rounds):
    """postrider load against smtp-source, both sending to smtp-sink without pipelining."""
    server = smtp_sink()
    rates = {"smtp-source": [], "postrider load": []}
    try:
        for count in range(rounds + 1):
            for name, generate in (("smtp-source", smtp_source),
                                   ("postrider load", lambda *a: postrider_load(*a, pipelining=False))):
                rate = measure(server, 20000, lambda port, n, generate=generate: generate(port, n, 1024))[0]
                if count:
                    rates[name].append(rate)
    finally:
        server.stop()
    print("\nto smtp-sink, 20 keep-alive sessions, 1 KiB, no pipelining")
    for name, values in rates.items():
        print(f"  {name:<16}{statistics.median(values):>10,.0f} msg/s")
    value = statistics.median(a / b for a, b in zip(rates["postrider load"], rates["smtp-source"]))
    report.check("load's rate over smtp-source's", value, ">=", 1)


def private_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(n) for n in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", text, re.M))


def hold_idle(port, count):
    """Opens `count` sessions that have said EHLO; at most 100 are pending at a time."""
    sockets, selector, opened = [], selectors.DefaultSelector(), 0
    pending = {}
    deadline = time.monotonic() + 120
    while len(sockets) < count and time.monotonic() < deadline:
        while opened < count and len(pending) < 100:
            # Loopback has 127.0.0.0/8: several source addresses, so that no limit by address is met.
            source = (f"127.0.{1 + opened // 150 % 200}.{1 + opened // 30000}", 0)
            s = socket.create_connection(("127.0.0.1", port), 10, source_address=source)
            s.setblocking(False)
            pending[s] = b""
            selector.register(s, selectors.EVENT_READ)
            opened += 1
        for key, _ in selector.select(10):
            s = key.fileobj
            data = s.recv(4096)
            if not data:
                sys.exit(f"peers: session {len(sockets)} was closed: {pending[s]!r}")
            pending[s] += data
            if pending[s].startswith(b"220") and b"\n" in pending[s] and b"250" not in pending[s]:
                if not pending[s].endswith(b"sent"):
                    s.send(b"EHLO bench.example.org\r\n")
                    pending[s] += b"sent"
            elif re.search(rb"250 [^\n]*\n$", pending[s]):
                selector.unregister(s)
                del pending[s]
                sockets.append(s)
    return sockets


def bench_idle(report, count=10000):
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "postrider.toml")
        config.write_text(f"""hostname = "mx.example.org"
state = "state"
threads = 1
[[listen]]
address = "127.0.0.1:{port}"
role = "mx"
tls = "none"
[console]
address = ""
[[route]]
domains = ["example.net"]
deliver = "discard"
[limits]
idle = "10m"
""")
        server = Server("postrider serve", [POSTRIDER, "serve", "--config", str(config)], port)
        try:
            warm = hold_idle(port, 100)
            before = private_kib(server.process.pid)
            start = time.monotonic()
            sockets = hold_idle(port, count)
            seconds = time.monotonic() - start
            after = private_kib(server.process.pid)
            with socket.create_connection(("127.0.0.1", port), 5) as fresh:  # new sessions are served meanwhile
                served = fresh.recv(100).startswith(b"220")
            print(f"\n{len(sockets):,} idle sessions after EHLO, ready in {seconds:.1f} s; "
                  f"a new one is {'served' if served else 'NOT served'}")
            report.check("private KiB for each idle session", (after - before) / len(sockets), "<=", 4)
            report.check("idle sessions held, and a new one served", len(sockets) if served else 0, ">=", count)
            for s in warm + sockets:
                s.close()
        finally:
            server.stop()


def main():
    parser = argparse.ArgumentParser(prog="bench/peers.sh")
    parser.add_argument("what", nargs="?", default="all", choices=["all", "sink", "pipelined", "load", "idle"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    report = Report()
    for name, bench in (("sink", lambda: bench_sink(report, arguments.rounds)),
                        ("pipelined", lambda: bench_pipelined(report, arguments.rounds)),
                        ("load", lambda: bench_load(report, arguments.rounds)), ("idle", lambda: bench_idle(report))):
        if arguments.what in ("all", name):
            bench()
    if arguments.json:
        arguments.json.write_text(json.dumps(report.rows, indent=1))
    missed = [row["what"] for row in report.rows if not row["met"]]
    print(f"\n{len(report.rows) - len(missed)} of {len(report.rows)} targets met" +
          (f"; missed: {', '.join(missed)}" if missed else ""))


main()
