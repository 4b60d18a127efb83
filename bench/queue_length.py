#!/usr/bin/env python3
"""A queue that grows: `postrider serve` takes messages whose next hops are all away, is killed, and starts again when
one of them is back:

    bench/queue_length.py [--messages N] [--domains N] [--memory MIB] [--first SECONDS]

Prints how fast they were taken, the most memory (RSS) that the agent had in each part, the size of the store, how long
`postrider queue list --json` takes for all of them, and how long it is from the start to the first delivery. Exits 1 when
the memory or that time is above what is allowed. A million messages want 3 GiB of disk (TMPDIR) and a quarter of an hour."""

import argparse
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/interop"))
sys.dont_write_bytecode = True
POSTRIDER = os.environ.setdefault("POSTRIDER", str(ROOT / "build/release/postrider"))
os.environ.setdefault("PEERS", str(ROOT / "build/peers"))

from _peers import free_port  # noqa: E402
from _support import listening_ports  # noqa: E402

CONFIG = """hostname = "bench.example.org"
state = "state"
[[listen]]
address = "127.0.0.1:0"
role = "mx"
tls = "none"
relay_from = ["127.0.0.0/8"]
[queue]
retry = ["1m"]
[console]
address = ""
"""
ROUTE = """[[route]]
domains = ["d{number}.example"]
deliver = "smtp://127.0.0.1:{port}"
"""


class Agent:
    def __init__(self, folder):
        self.folder, self.peak, self.ends = folder, 0.0, threading.Event()

    def __enter__(self):
        log = self.folder / "log"
        self.started = time.monotonic()
        self.process = subprocess.Popen([POSTRIDER, "serve", "--config", self.folder / "postrider.toml"],
                                        stderr=log.open("w"), stdout=subprocess.DEVNULL)
        self.mx, = listening_ports(log, self.process, 1)
        threading.Thread(target=self.watch, daemon=True).start()
        return self

    def watch(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status")
        while not self.ends.wait(0.2):
            with contextlib.suppress(OSError):
                if found := re.search(r"^VmRSS:\s+(\d+)", status.read_text(), re.M):
                    self.peak = max(self.peak, int(found[1]) / 1024)

    def __exit__(self, *_):
        self.ends.set()
        self.process.kill()  # as bad as it gets: nothing is put in order
        self.process.wait()


def load(port, messages, domains):
    """One generator a group of domains, one after the other, so that every domain has its share."""
    done, started = 0, time.monotonic()
    for number in range(domains):
        share = messages // domains + (number < messages % domains)
        run = subprocess.run([POSTRIDER, "load", f"127.0.0.1:{port}", "--messages", str(share), "--sessions", "20",
                              "--size", "1024", "--to", f"b@d{number}.example", "--json"], capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"the load ended with {run.returncode}:\n{run.stdout}{run.stderr}")
        done += share
        print(f"  {done:>9,} taken", file=sys.stderr, flush=True)
    return messages / (time.monotonic() - started)


def list_all(folder):
    started = time.monotonic()
    run = subprocess.run([POSTRIDER, "queue", "list", "--json", "--config", folder / "postrider.toml"],
                         capture_output=True, check=True)
    seconds = time.monotonic() - started
    return len(json.loads(run.stdout)), seconds


def first_delivery(port, agent):
    """Until a message has come to the next hop that is back: the end of its data, to the octet."""
    with contextlib.closing(socket.create_server(("127.0.0.1", port), backlog=100)) as server:
        server.settimeout(120)
        with agent:
            connection, _ = server.accept()
            connection.settimeout(60)
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"220 back.example\r\n")
                for line in lines:
                    verb = line[:4].upper().strip()
                    connection.sendall(b"354 go on\r\n" if verb == b"DATA" else b"250 ok\r\n")
                    if verb == b"DATA":
                        while lines.readline() != b".\r\n":
                            pass
                        return time.monotonic() - agent.started
    raise SystemExit("nothing was delivered")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--domains", type=int, default=20)
    parser.add_argument("--memory", type=float, default=300, help="MiB that are allowed")
    parser.add_argument("--first", type=float, default=10, help="seconds to the first delivery that are allowed")
    options = parser.parse_args()
    back = free_port()
    with tempfile.TemporaryDirectory(prefix="postrider-bench-") as name:
        folder = pathlib.Path(name)
        routes = "".join(ROUTE.format(number=number, port=back if number == options.domains - 1 else 9)
                         for number in range(options.domains))
        (folder / "postrider.toml").write_text(CONFIG + routes)
        with Agent(folder) as agent:
            rate = load(agent.mx, options.messages, options.domains)
        print(f"taken            {options.messages:,} at {rate:,.0f}/s")
        print(f"memory           {agent.peak:,.0f} MiB at most while they were taken")
        size = sum(each.stat().st_size for each in (folder / "state").rglob("*") if each.is_file())
        print(f"store            {size / 2**20:,.0f} MiB")
        listed, seconds = list_all(folder)
        print(f"listed           {listed:,} in {seconds:.1f} s")
        time.sleep(max(0.0, 65 - seconds))  # all of them are due then
        again = Agent(folder)
        first = first_delivery(back, again)
        print(f"first delivery   {first:.2f} s after the start that followed a kill, {again.peak:,.0f} MiB at most till then")
        peak = max(agent.peak, again.peak)
    good = listed == options.messages and peak <= options.memory and first <= options.first
    print("ok" if good else f"MISS: {options.memory:.0f} MiB and {options.first:.0f} s are allowed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
