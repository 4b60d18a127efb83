"""`kill -9` of the agent at random moments while 20 sessions hand it messages, round after round on one state: what it
answered with 250 arrives whole for each of its recipients, or its sender is told in a report; it comes twice only where
the kill took the next hop's final reply. Now and then it is stopped by SIGTERM, and nothing comes twice. A seed may be
given."""

import contextlib
import random
import socket
import sys
import threading
import time

from _queue import Hop, QueueAgent, Report

ROUNDS = 22
SESSIONS = 20
CONCURRENCY = 20  # concurrency_per_destination: what may be under way at the next hop
SENDER, NOBODY = "a@sender.example", "nobody@hop.example"
MESSAGE = "From: <a@sender.example>\r\nTo: <b@hop.example>\r\nSubject: {name}\r\nMessage-ID: <{name}@sender.example>\r\n\r\n{text}\r\n"


class Load:
    """Sessions that send one message after the other until the connection breaks; `acknowledged` are the names of those
    that got their 250."""

    def __init__(self, port, round_, chance):
        self.port, self.round = port, round_
        self.acknowledged, self.attempted, self.problems, self.ready = set(), 0, [], threading.Condition()
        self.threads = [threading.Thread(target=self.session, args=(number, random.Random(chance.random())), daemon=True)
                        for number in range(SESSIONS)]
        for thread in self.threads:
            thread.start()

    def session(self, number, chance):
        with contextlib.suppress(OSError, EOFError), socket.create_connection(("127.0.0.1", self.port), 30) as client, \
                client.makefile("rb") as replies:
            def reply():
                while True:
                    line = replies.readline()
                    if not line.endswith(b"\n"):
                        raise EOFError
                    if line[3:4] == b" ":
                        return line

            def expect(*codes):
                for code in codes:
                    said = reply()
                    if said.startswith(b"421"):  # it is being stopped
                        raise EOFError
                    if not said.startswith(code):
                        self.problems.append(said)
                        raise EOFError

            expect(b"220")
            client.sendall(b"EHLO client.example\r\n")
            expect(b"250")
            for count in range(1_000_000):
                name = f"m{self.round}-{number}-{count}-{chance.choice((1, 1, 20, 2000))}"
                to = recipients_of(name)
                client.sendall(b"MAIL FROM:<a@sender.example>\r\n" +
                               b"".join(b"RCPT TO:<%s>\r\n" % each.encode() for each in to) + b"DATA\r\n")
                expect(b"250", *[b"250"] * len(to), b"354")
                with self.ready:
                    self.attempted += 1
                client.sendall(message(name) + b".\r\n")
                expect(b"250")
                with self.ready:
                    self.acknowledged.add(name)
                    self.ready.notify_all()

    def wait_for(self, count):
        with self.ready:
            assert self.ready.wait_for(lambda: len(self.acknowledged) >= count, 60), \
                f"{len(self.acknowledged)} of {count} messages were acknowledged in a minute"

    def join(self):
        for thread in self.threads:
            thread.join(60)
        assert not self.problems, f"the agent refuses what it should take: {self.problems}"


def message(name):
    """Its length is the last number of its name."""
    return MESSAGE.format(name=name, text=("x" * 70 + "\r\n") * int(name.rsplit("-", 1)[1])).encode()


def recipients_of(name):
    """One to three, by the number of the message in its session; the next hop knows nobody of the name of nobody."""
    kind = int(name.split("-")[2]) % 4
    return ["b@hop.example"] + (["c@hop.example"] if kind & 1 else []) + ([NOBODY] if kind & 2 else [])


def name_in(octets):
    return octets.split(b"Subject: m", 1)[1].split(b"\r\n", 1)[0].decode().join(("m", ""))


def is_report(transaction):
    return transaction.mail.upper().startswith("MAIL FROM:<>")


def name_of(transaction):
    name = name_in(transaction.content)
    if not is_report(transaction):
        assert transaction.content.endswith(message(name)), f"{name} did not arrive as it was sent"
    return name


def check_reports(hop, acknowledged):
    """Each failure is told in one report, however often that comes."""
    told = {}
    for each in hop.taken:
        if not is_report(each):
            continue
        report = Report(each.content)
        assert report.actions() == {NOBODY: "failed"}, each.content
        told.setdefault(name_of(each), set()).add(report.whole["Message-ID"])
    for name, ids in told.items():
        assert NOBODY in recipients_of(name), f"{name} went to nobody of that name"
        assert len(ids) == 1, f"{len(ids)} reports about {name}"
    untold = {name for name in acknowledged if NOBODY in recipients_of(name)} - told.keys()
    assert not untold, f"{len(untold)} failures were never told: {sorted(untold)[:20]}"
    return len(told)


def check(hop, acknowledged, attempted, life_of, killed):
    """Every acknowledged message came; twice only over different lives of the agent, and only after those that were
    killed: no more than may have been under way then."""
    with hop.lock:
        taken = [(name_of(each), recipient, life_of(each)) for each in hop.taken for recipient in each.recipients]
        reports = check_reports(hop, acknowledged)
    lives = {}
    for name, recipient, life in taken:
        lives.setdefault((name, recipient), []).append(life)
    lost = {(name, to) for name in acknowledged for to in recipients_of(name) if to != NOBODY} - lives.keys()
    assert not lost, f"{len(lost)} acknowledged messages never arrived: {sorted(lost)[:20]}"
    again = {}
    for (name, recipient), seen in lives.items():
        assert len(set(seen)) == len(seen), f"{name} was delivered twice to {recipient} by one life of the agent: {seen}"
        for life in seen[:-1]:
            again.setdefault(life, set()).add((name, recipient == SENDER))
    for life, names in again.items():
        assert life in killed, f"{len(names)} messages came again that life {life} had delivered before it was stopped"
        assert len(names) <= CONCURRENCY, f"{len(names)} messages came again after kill {life}: more than were under way"
    print(f"{len(acknowledged)} messages acknowledged of {attempted} begun, {len(killed)} kills; {len(lives)} copies arrived, "
          f"{sum(map(len, again.values()))} messages twice; {reports} reports")


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    refusals = random.Random(seed + 1)
    life, lives = 0, {}

    def plan(_):
        begun = life  # of the agent that connected: what it has sent may be read when it is dead, and another lives

        def final(transaction):
            lives[id(transaction)] = begun
            # Some have to wait in the store for another life.
            return b"451 4.3.0 Not now\r\n" if refusals.random() < 0.05 else None

        def rcpt(transaction):
            return b"550 5.1.1 Nobody\r\n" if NOBODY in transaction.rcpts[-1] else None

        return {"final": final, "rcpt": rcpt}

    with Hop(plan) as hop, contextlib.ExitStack() as stack:
        where = f"smtp://127.0.0.1:{hop.port}"
        agent = stack.enter_context(QueueAgent({"hop.example": where, "sender.example": where}))
        agent.kill()
        acknowledged, attempted, killed = set(), 0, set()
        for round_ in range(ROUNDS):
            life += 1
            if chance.random() < 0.2:
                # While it starts, and perhaps writes what it found.
                agent.launch()
                time.sleep(chance.uniform(0, 0.3))
                agent.kill()
                killed.add(life)
                life += 1
            agent.start()
            load = Load(agent.port, round_, chance)
            load.wait_for(chance.randrange(1, 80))
            if chance.random() < 0.15:
                agent.stop()
            else:
                time.sleep(chance.uniform(0, 0.05))
                agent.kill()
                killed.add(life)
            load.join()
            acknowledged |= load.acknowledged
            attempted += load.attempted
        life += 1
        agent.start()
        agent.until_empty(nudge=True)
        agent.stop()
        assert not agent.queued(), agent.queued()
        assert "damaged" not in agent.log_text(), "a record was damaged by a kill"
        check(hop, acknowledged, attempted, lambda each: lives[id(each)], killed)


main()
