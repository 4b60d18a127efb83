#!/usr/bin/env python3
"""Deliveries a second to smtp-sink, by our client with its pool and without, beside other generators in the same rounds:

    bench/delivery_peers.py [--rounds N] [--messages N] [--sessions 1,20] [--size OCTETS] [--peers smtp-source,curl,nodemailer]

postrider is bench/delivery_driver, the client and its pool without the queue: none of the others has one, and what the
queue's disk costs is bench/queue_peers.py's business. "pool" keeps connections for the messages to come (smtp-source -d;
curl, which does so within one run, with --parallel for more than one session; nodemailer's pool, of a hundred messages a
connection as ours), "alone" makes a connection for each message (curl has no such mode).

A figure counts only when smtp-sink has had every message. Prints medians of the rates, the client's CPU for each message
by wait4(2), start-up included, and the medians of the rounds' ratios. Seconds are the generator's own where it tells them
(ours and nodemailer, without start-up), else those of its process. Wants build/release/bin/delivery_driver, `./dev test`'s
build/npm, and nothing else beside it."""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
sys.dont_write_bytecode = True

from queue_peers import Sink, settle  # noqa: E402

PATIENCE = 600
LINE = "And so on, until the message is as long as it is wanted to be.\r\n"
NODE = {"NODE_PATH": str(ROOT / "build/npm/node_modules")}


class Run:
    """What one generator is told. Its command may say "SECONDS MESSAGES" on standard output."""

    def __init__(self, port, messages, sessions, size, pool, folder):
        self.port, self.messages, self.sessions, self.size, self.pool = port, messages, sessions, size, pool
        self.folder = pathlib.Path(folder)

    @property
    def mode(self):
        return "pool" if self.pool else "alone"

    def postrider(self):
        return [ROOT / "build/release/bin/delivery_driver", self.port, self.messages, self.sessions, self.size, self.mode]

    def nodemailer(self):
        return ["node", ROOT / "bench/delivery_nodemailer.js", self.port, self.messages, self.sessions, self.size, self.mode]

    def smtp_source(self):
        keep = ["-d"] if self.pool else []
        return ["/usr/sbin/smtp-source", *keep, "-f", "a@example.org", "-t", "b@remote.example", "-M", "bench.example.org",
                "-s", self.sessions, "-m", self.messages, "-l", self.size, f"127.0.0.1:{self.port}"]

    def curl(self):
        """One run for all messages, so that it keeps its connections."""
        message, config = self.folder / "message", self.folder / "curl"
        head = "From: <a@example.org>\r\nTo: <b@remote.example>\r\nSubject: bench\r\n\r\n"
        message.write_text(head + LINE * max(1, (self.size - len(head)) // len(LINE)), newline="")
        one = (f'url = "smtp://127.0.0.1:{self.port}/bench.example.org"\nmail-from = "a@example.org"\n'
               f'mail-rcpt = "b@remote.example"\nupload-file = "{message}"\n')
        config.write_text("next\n".join([one] * self.messages))
        parallel = ["--parallel", "--parallel-immediate", "--parallel-max", self.sessions] if self.sessions > 1 else []
        return ["curl", "--silent", "--show-error", "--no-progress-meter", "--fail-early", *parallel, "--config", config]


COMMANDS = {"postrider": Run.postrider, "smtp-source": Run.smtp_source, "curl": Run.curl, "nodemailer": Run.nodemailer}


def once(name, messages, sessions, size, pool):
    """(messages a second, microseconds of the client's CPU for each)"""
    with Sink() as sink, tempfile.TemporaryDirectory(prefix="postrider-bench-") as folder:
        command = [str(word) for word in COMMANDS[name](Run(sink.port, messages, sessions, size, pool, folder))]
        settle()
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **NODE})
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, f"{name} ended with {process.returncode}: {command[:6]}"
        if said.strip():
            seconds = float(said.split()[0])
        sink.wait(messages, PATIENCE)
        return messages / seconds, (used.ru_utime + used.ru_stime) / messages * 1e6


def compare(names, options, sessions, pool):
    names = [name for name in names if pool or name != "curl"]
    figures = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            figures[name].append(once(name, options.messages, sessions, options.size, pool))
    print(f"\n{options.size} octets, {sessions} session{'s' if sessions > 1 else ''}, "
          f"{'connections kept' if pool else 'a connection for each message'}")
    for name, runs in figures.items():
        rate, used = (statistics.median(run[i] for run in runs) for i in range(2))
        ratio = statistics.median(ours[0] / theirs[0] for ours, theirs in zip(figures["postrider"], runs))
        print(f"  {name:<12}{rate:>9,.0f} msg/s  {used:>8,.1f} us CPU   postrider is {ratio:.2f} times as fast", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=5000, help="of each run")
    parser.add_argument("--sessions", default="1,20")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--peers", default="smtp-source,curl,nodemailer")
    options = parser.parse_args()
    names = ["postrider", *filter(None, options.peers.split(","))]
    for sessions in map(int, options.sessions.split(",")):
        for pool in (True, False):
            compare(names, options, sessions, pool)


if __name__ == "__main__":
    main()
