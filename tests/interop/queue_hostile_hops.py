"""Next hops that greylist, refuse half of the recipients, ask for patience, vanish at each stage, never end a reply or
say nothing at all: every recipient ends delivered or reported, and twice only where the final reply was missing. With
PIPELINING and without: the hops with it are those of the catalogue (`postrider fuzz --list`)."""

import contextlib
import pathlib
import re
import smtplib
import tempfile

from _hostile import Hostile
from _queue import Hop, QueueAgent, Report, until

RECIPIENTS = 4
SENDER = "fred@sender.example"
LINES = b"".join(b"%05d and so on, until there is something to break off in\r\n" % line for line in range(400))
CLOSE, ENDLESS = Hop.CLOSE, Hop.ENDLESS
STAGES = ("connect", "hello", "mail", "rcpt", "data", "content", "final")
PATIENCE_REPLY = b"421 4.3.2 Going down\r\n"


def first(count, faults):
    """`faults` on the first `count` connections, and none on those behind them."""
    return lambda connection: faults if connection < count else {}


def once(stage, reply):
    """`reply` the first time, whatever the connection: one that still stands is used again."""
    left = [reply]
    return lambda _: {stage: lambda _: left.pop() if left else None}


def half(transaction):
    odd = len(transaction.rcpts) % 2 == 1
    return b"550 5.1.1 Nobody of this name\r\n" if odd else None


def too_many(transaction):
    return b"452 4.5.3 Too many recipients\r\n" if len(transaction.recipients) >= 1 else None


class Greylist:
    """The first transaction for each recipient is told to come again."""

    def __init__(self):
        self.seen = set()

    def __call__(self, transaction):
        command = transaction.rcpts[-1]
        if command in self.seen:
            return None
        self.seen.add(command)
        return b"450 4.7.1 Greylisted, come again\r\n"


class Case:
    """`plan`: of a Hop; `behaviours`: the same in the catalogue, of one connection after the other. `failed`: how many
    recipients are to be reported as failed. `unsure`: the hop may have taken the message without saying so, and gets it
    again."""

    def __init__(self, name, plan, behaviours, failed=0, unsure=False):
        self.name, self.plan, self.behaviours, self.failed, self.unsure = name, plan, behaviours, failed, unsure


class Taken:
    def __init__(self, message):
        self.recipients = [re.match(r"<(.*?)>", each)[1] for each in message["recipients"]]
        self.content = pathlib.Path(message["file"]).read_bytes()


class CatalogueHop(Hostile):
    """What Hop is, with a behaviour of the catalogue."""

    MISSING = ("closes-final", "endless-final", "silent-final")  # no final reply, and a message that may be the hop's

    def __init__(self, case, folder):
        self.taken = []
        super().__init__(*case.behaviours, keep=pathlib.Path(folder) / case.name)

    def settle(self):
        new = super().settle()
        for session in new:
            self.taken += [Taken(message) for message in session["messages"]
                           if message["taken"] or (message["complete"] and session["behaviour"] in self.MISSING)]
        return new

    def recipients(self):
        every = [address for each in self.taken for address in each.recipients]
        return {address: every.count(address) for address in every}


def then_polite(count, behaviour):
    """`behaviour` on the first `count` connections; there are never as many behind them."""
    return [behaviour] * count + ["polite"] * 60


def cases():
    yield Case("greylists", lambda _, plan=Greylist(): {"rcpt": plan}, ["greylists"])
    yield Case("half", lambda _: {"rcpt": half}, ["half"], RECIPIENTS // 2)
    yield Case("one-at-a-time", lambda _: {"rcpt": too_many}, ["one-at-a-time"])
    yield Case("nobody", lambda _: {"rcpt": b"550 5.1.1 Nobody\r\n"}, ["nobody"], RECIPIENTS)
    yield Case("no-content", lambda _: {"final": b"554 5.6.0 Not this\r\n"}, ["refuses-final"], RECIPIENTS)
    yield Case("no-sender", lambda _: {"mail": b"550 5.7.1 Not from you\r\n"}, ["refuses-mail"], RECIPIENTS)
    yield Case("content-later", once("final", b"451 4.3.0 Not now\r\n"), ["content-later"])
    yield Case("nonsense", once("mail", b"what?\r\n"), ["nonsense-once"])
    for stage in STAGES:
        unsure = stage == "final"
        yield Case(f"closes-{stage}", first(2, {stage: CLOSE}), then_polite(2, f"closes-{stage}"), unsure=unsure)
        yield Case(f"endless-{stage}", first(1, {stage: ENDLESS}), then_polite(1, f"endless-{stage}"), unsure=unsure)
        yield Case(f"patience-{stage}", first(1, {stage: PATIENCE_REPLY}), then_polite(1, f"patience-{stage}"))


def silent_cases():
    for stage in STAGES:
        yield Case(f"silent-{stage}", None, then_polite(1, f"silent-{stage}"), unsure=stage == "final")


def content_for(case):
    return (f"From: <{SENDER}>\r\nTo: <all@{case.name}.example>\r\nSubject: {case.name}\r\n\r\n").encode() + LINES


def submit(agent, submitted):
    with smtplib.SMTP("127.0.0.1", agent.port, timeout=60) as client:
        for case in submitted:
            refused = client.sendmail(SENDER, [f"r{number}@{case.name}.example" for number in range(RECIPIENTS)],
                                      content_for(case))
            assert not refused, refused


def check(case, hop, reported):
    wanted = {f"r{number}@{case.name}.example" for number in range(RECIPIENTS)}
    taken = hop.recipients()
    failed = {address for address in reported if address.endswith(f"@{case.name}.example")}
    assert taken.keys() | failed == wanted, (case.name, taken, failed)
    assert not taken.keys() & failed, (case.name, taken, failed)
    assert len(failed) == case.failed, (case.name, failed)
    most = 3 if case.unsure else 1
    assert all(count <= most for count in taken.values()), (case.name, taken)
    if case.unsure:
        assert any(count > 1 for count in taken.values()), (case.name, taken)
    for each in hop.taken:
        assert each.content.endswith(content_for(case).split(b"\r\n", 1)[1]), (case.name, each.content[:500])


def settle(agent, hops):
    """What the catalogue's hops have taken is known when their sessions have ended."""
    agent.stop()
    for hop in hops:
        if isinstance(hop, CatalogueHop):
            hop.settle()


def with_faults(stack, make_hop):
    all_cases = list(cases())
    hops = {case.name: stack.enter_context(make_hop(case)) for case in all_cases}
    routes = {f"{name}.example": f"smtp://127.0.0.1:{hop.port}" for name, hop in hops.items()}
    agent = stack.enter_context(QueueAgent({**routes, "sender.example": "maildir"}))
    submit(agent, all_cases)
    agent.until_empty(nudge=True)
    settle(agent, hops.values())
    reported = {}
    for each in agent.files("fred", "sender.example"):
        for address, fields in Report(each.read_bytes()).recipients.items():
            assert address not in reported, f"{address} was reported twice"
            assert fields["Action"] == "failed" and fields["Status"].startswith("5."), fields.items()
            reported[address] = fields
    for case in all_cases:
        check(case, hops[case.name], reported)


def with_silence():
    """A hop that says nothing more holds its own recipients alone, and an agent that is killed over it loses nothing."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="postrider-hops-"))
        silent = list(silent_cases())
        hops = {case.name: stack.enter_context(CatalogueHop(case, folder)) for case in silent}
        good = Case("good", lambda _: {}, ["polite"])
        hops["good"] = stack.enter_context(Hop())
        routes = {f"{name}.example": f"smtp://127.0.0.1:{hop.port}" for name, hop in hops.items()}
        agent = stack.enter_context(QueueAgent({**routes, "sender.example": "maildir"}))
        submit(agent, [*silent, good])
        until(lambda: hops["good"].recipients(), "a silent hop delays others")
        until(lambda: all(hops[case.name].connections() for case in silent), "not every hop was tried")
        states = until(lambda: [queued for queued in [agent.queued()] if len(queued) == len(silent)], "the others wait")[0]
        assert all(each["state"] == "active" for each in states), states
        agent.kill()
        agent.start()
        agent.until_empty(nudge=True)
        settle(agent, hops.values())
        for case in [*silent, good]:
            check(case, hops[case.name], {})


def main():
    with contextlib.ExitStack() as stack:
        with_faults(stack, lambda case: Hop(case.plan))
    with tempfile.TemporaryDirectory(prefix="postrider-hops-") as folder, contextlib.ExitStack() as stack:
        with_faults(stack, lambda case: CatalogueHop(case, folder))
    with_silence()


main()
