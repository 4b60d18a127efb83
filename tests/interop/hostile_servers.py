"""`postrider fuzz --listen` and what our own clients make of its servers: `send`, `send --mx`, `load` and the queue end in
time with every behaviour that does not make them wait for minutes (those are tried in virtual time, in
tests/client/hostile_servers_test.cc), call nothing delivered that was not taken, and lose nothing."""

import concurrent.futures
import contextlib
import json
import pathlib
import queue
import smtplib
import subprocess
import tempfile
import time

from _hostile import PATIENCE, Hostile
from _queue import QueueAgent, Report, until
from _support import POSTRIDER, run

MESSAGE = b"From: <fred@sender.example>\r\nTo: <b@hostile.example>\r\nSubject: to the hostile\r\n\r\n" + b"and so on\r\n" * 20_000
WAITING = ("silent", "deaf", "no-reply", "one-for-two", "generated", "slow", "drips", "starttls-silent", "tls-silent", "stays-421",
           "floods", "endless", "early-554-deaf", "lies-pipelining", "echo", "tls-endless", "starttls-endless", "dash-final",
           "tls-garbage")
# 250 before the end: when all is on its way already, nobody can tell it from 250 behind it.
EARLY = ("early-250", "early-250-closes", "talks-first")
# Stages that come before an address is said.
BEFORE = ("connect", "hello")
LANES = 4


def catalogue():
    return json.loads(run(POSTRIDER, "fuzz", "--list", "--json").stdout)


def quick(behaviour):
    return not behaviour["name"].startswith(WAITING) and behaviour["name"] not in EARLY


def taken(sessions, recipient):
    return sum(message["taken"] for session in sessions for message in session["messages"]
               if any(f"<{recipient}>" in each for each in message["recipients"]))


def send(*words, message):
    begin = time.monotonic()
    done = subprocess.run([POSTRIDER, "send", "--from", "fred@sender.example", "--to", "b@hostile.example", *map(str, words)],
                          input=message, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode in (0, 65, 69, 70, 75, 77), (words, done)
    assert done.returncode != 70, (words, done)
    return done.returncode, time.monotonic() - begin


def sends(names):
    """Each behaviour by itself: exit status 0 exactly when the message was taken."""
    with Hostile(*names) as hostile:
        at = 0
        while at < len(names):
            status, _ = send("--server", f"127.0.0.1:{hostile.port}", "--insecure", message=MESSAGE)
            sessions = hostile.settle()
            at += len(sessions)
            if status == 0:
                assert taken(sessions, "b@hostile.example"), sessions
            else:
                assert sessions[0]["behaviour"] != "polite", sessions


def loads(names):
    """`load` counts as accepted no more than what had an answer of 250."""
    for name in names:
        with Hostile(name) as hostile:
            done = run(POSTRIDER, "load", f"127.0.0.1:{hostile.port}", "--messages", "3", "--size", "100000", "--json",
                       "--no-pipelining", "--to", "b@hostile.example", status=None)
            report = json.loads(done.stdout)
            assert done.returncode in (0, 69, 75), (name, done)
            sessions = hostile.settle()
            assert report["accepted"] <= taken(sessions, "b@hostile.example"), (name, report, sessions)


def by_queue(names):
    """Each recipient ends taken, reported, or still in the queue."""
    with Hostile() as hostile, QueueAgent({"hostile.example": f"smtp://127.0.0.1:{hostile.port}",
                                           "sender.example": "maildir"}) as agent:
        with smtplib.SMTP("127.0.0.1", agent.port, timeout=PATIENCE) as client:
            for name in names:
                assert not client.sendmail("fred@sender.example", [f"{name}@hostile.example"], MESSAGE)
        wanted = {f"{name}@hostile.example" for name in names}

        def tried():
            agent.queue("retry")  # a server that does not answer holds up what else goes there
            return all(each["recipients"][0]["attempts"] >= 1 for each in agent.queued())

        def at_rest():
            for each in agent.queued():
                if each["state"] != "held":
                    agent.queue("hold", each["id"], status=None)
            return all(each["state"] == "held" for each in agent.queued())
        until(tried, lambda: f"not every recipient was tried: {agent.queued()}", 3 * PATIENCE, pause=1)
        until(at_rest, "something is still being delivered", pause=0.5)
        with contextlib.suppress(queue.Empty):
            hostile.settle()
        waiting = {recipient["address"] for each in agent.queued() for recipient in each["recipients"]}
        reported = {address for file in agent.files("fred", "sender.example") for address in Report(file.read_bytes()).recipients}
        for address in wanted - waiting - reported:
            assert taken(hostile.sessions, address), f"{address} is lost"
        for each in agent.queued():
            agent.queue("drop", each["id"])
        # None of that is remembered against the server for good.
        with smtplib.SMTP("127.0.0.1", agent.port, timeout=PATIENCE) as client:
            assert not client.sendmail("fred@sender.example", ["polite@hostile.example"], MESSAGE)
        agent.until_empty(nudge=True)


def exchangers():
    """`send --mx` where the first host is hostile, and the second is not."""
    with tempfile.TemporaryDirectory(prefix="postrider-hostile-") as folder, Hostile("closes-mail") as hostile:
        config = pathlib.Path(folder) / "postrider.toml"
        (pathlib.Path(folder) / "zone.txt").write_text("$ORIGIN hostile.example.\n$TTL 60\n@ MX 10 mx\nmx A 127.0.0.1\n")
        config.write_text('hostname = "client.example.org"\n[resolver]\nbackend = "static"\nzone = "zone.txt"\n'
                          f'[[route]]\ndomains = ["*"]\ndeliver = "mx:{hostile.port}"\n')
        status, _ = send("--mx", "--config", config, message=MESSAGE)
        assert status != 0 and not taken(hostile.settle(), "b@hostile.example")


def refusals():
    run(POSTRIDER, "fuzz", "--listen", "127.0.0.1:0", "--behaviour", "no-such", status=64)
    run(POSTRIDER, "fuzz", "--listen", "127.0.0.1:0", "--behaviour", "polite", "--seconds", "1", status=0)


def main():
    all_of_them = catalogue()
    assert len(all_of_them) > 200
    names = [each["name"] for each in all_of_them if quick(each)]
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        list(pool.map(sends, [names[lane::LANES] for lane in range(LANES)]))
    loads(["polite", "closes-final", "250-to-data", "taken-without-end", "defers-rcpt", "code-changes-final"])
    later = [name for name in names if not name.endswith(BEFORE) and not name.startswith(("starttls", "tls", "close-notify"))]
    by_queue([name for name in later if name.split("-")[-1] in ("mail", "rcpt", "data", "content", "final")]
             + ["nobody", "half", "greylists"])
    exchangers()
    refusals()


main()
