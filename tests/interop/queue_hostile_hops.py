"""Next hops that greylist, refuse half of the recipients, ask for patience, vanish at each stage, never end a reply or
say nothing at all: every recipient ends delivered or reported, and twice only where the final reply was missing."""

import contextlib
import smtplib

from _queue import Hop, QueueAgent, Report, until

RECIPIENTS = 4
SENDER = "fred@sender.example"
LINES = b"".join(b"%05d and so on, until there is something to break off in\r\n" % line for line in range(400))
PIPELINED = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN", "SIZE 10000000")
CLOSE, ENDLESS, SILENT = Hop.CLOSE, Hop.ENDLESS, Hop.SILENT
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
    """`failed`: how many recipients are to be reported as failed. `unsure`: the hop may have taken the message without
    saying so, and gets it again."""

    def __init__(self, name, plan, failed=0, unsure=False):
        self.name, self.plan, self.failed, self.unsure = name, plan, failed, unsure


def cases():
    yield Case("greylists", lambda _, plan=Greylist(): {"rcpt": plan})
    yield Case("half", lambda _: {"rcpt": half}, RECIPIENTS // 2)
    yield Case("one-at-a-time", lambda _: {"rcpt": too_many})
    yield Case("nobody", lambda _: {"rcpt": b"550 5.1.1 Nobody\r\n"}, RECIPIENTS)
    yield Case("no-content", lambda _: {"final": b"554 5.6.0 Not this\r\n"}, RECIPIENTS)
    yield Case("no-sender", lambda _: {"mail": b"550 5.7.1 Not from you\r\n"}, RECIPIENTS)
    yield Case("content-later", once("final", b"451 4.3.0 Not now\r\n"))
    yield Case("nonsense", once("mail", b"what?\r\n"))
    for stage in STAGES:
        unsure = stage == "final"
        yield Case(f"closes-{stage}", first(2, {stage: CLOSE}), unsure=unsure)
        yield Case(f"endless-{stage}", first(1, {stage: ENDLESS}), unsure=unsure)
        yield Case(f"patience-{stage}", first(1, {stage: PATIENCE_REPLY}))


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


def with_faults(stack, offers):
    all_cases = list(cases())
    hops = {case.name: stack.enter_context(Hop(case.plan, offers)) for case in all_cases}
    routes = {f"{name}.example": f"smtp://127.0.0.1:{hop.port}" for name, hop in hops.items()}
    agent = stack.enter_context(QueueAgent({**routes, "sender.example": "maildir"}))
    submit(agent, all_cases)
    agent.until_empty(nudge=True)
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
        silent = [Case(f"silent-{stage}", first(1, {stage: SILENT}), unsure=stage == "final") for stage in STAGES]
        hops = {case.name: stack.enter_context(Hop(case.plan)) for case in silent}
        good = Case("good", lambda _: {})
        hops["good"] = stack.enter_context(Hop())
        routes = {f"{name}.example": f"smtp://127.0.0.1:{hop.port}" for name, hop in hops.items()}
        agent = stack.enter_context(QueueAgent({**routes, "sender.example": "maildir"}))
        submit(agent, [*silent, good])
        until(lambda: hops["good"].recipients(), "a silent hop delays others")
        until(lambda: all(hop.connections for hop in hops.values()), "not every hop was tried")
        states = until(lambda: [queued for queued in [agent.queued()] if len(queued) == len(silent)], "the others wait")[0]
        assert all(each["state"] == "active" for each in states), states
        agent.kill()
        agent.start()
        agent.until_empty(nudge=True)
        for case in [*silent, good]:
            check(case, hops[case.name], {})


def main():
    for offers in ((), PIPELINED):
        with contextlib.ExitStack() as stack:
            with_faults(stack, offers)
    with_silence()


main()
