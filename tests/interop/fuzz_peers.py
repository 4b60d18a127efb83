"""`postrider fuzz` and `postrider fuzz --compare` with servers that others wrote, and with ours: what is found in each is
known, nothing is found in ours, and where they disagree we stand alone only where we mean to. docs/fuzzing-servers.md has the
transcripts.

fuzz_peers.py SERVER [WORD…] runs `postrider fuzz` with these words against one of them, or, of `all`, `--compare`."""

import concurrent.futures
import contextlib
import json
import subprocess
import sys
import types

from _aiosmtpd import Aiosmtpd
from _exim import Exim
from _haraka import Haraka
from _opensmtpd import OpenSmtpd
from _postfix import Postfix
from _smtp_server import SmtpServer
from _support import POSTRIDER, agent, run


@contextlib.contextmanager
def ours():
    with agent('[[listen]]\naddress = "127.0.0.1:0"\nrole = "mx"\ntls = "starttls"\n') as running:
        yield types.SimpleNamespace(mx=running.ports[2])


SERVERS = {
    "postrider": ours,
    "postfix": Postfix,
    "exim": Exim,
    "opensmtpd": OpenSmtpd,
    "aiosmtpd": Aiosmtpd,
    "haraka": Haraka,
    "smtp-server": SmtpServer,
}
BARE_LINE_END = ("bare-line-end", "RFC 5321 2.3.8")
EARLY_END = ("early-end-of-data", "RFC 5321 4.1.1.4")
ECHO = ("malformed-reply", "RFC 5321 4.2")
LONG_ECHO = ("malformed-reply", "RFC 5321 4.5.3.1.5")
SECOND_STARTTLS = ("out-of-sequence", "RFC 3207 4.2")
# What seed 7 shows in its first sessions, and what else is known.
SHOWN = {
    "postrider": set(),
    "postfix": {("wrong-reply", "RFC 5321 4.3.2")},
    "exim": {("chunk-as-commands", "RFC 3030 2"), LONG_ECHO},
    "opensmtpd": {("wrong-reply", "RFC 5321 4.1.1.5")},
    "aiosmtpd": set(),
    "haraka": {EARLY_END, SECOND_STARTTLS, ("out-of-sequence", "RFC 5321 4.1.4")},
    "smtp-server": {BARE_LINE_END},
}
KNOWN = {
    "postrider": set(),
    "postfix": {BARE_LINE_END, EARLY_END},
    "exim": {BARE_LINE_END, ECHO, ("unasked-reply", "RFC 5321 3.8")},
    "opensmtpd": {BARE_LINE_END, ECHO},
    "aiosmtpd": {BARE_LINE_END, ECHO, LONG_ECHO, SECOND_STARTTLS},
    "haraka": {BARE_LINE_END, ("unasked-reply", "RFC 5321 4.2")},
    "smtp-server": set(),
}
# We refuse messages with lines of more than 998 octets.
ALONE = {("content", "rcpt")}
WORDS = ("--recipient", "bob@example.net")


def fuzz(name, port):
    done = run(POSTRIDER, "fuzz", f"127.0.0.1:{port}", *WORDS, "--seed", "7", "--sessions", "60", "--json", status=None,
               timeout=600)
    report = json.loads(done.stdout)
    found = {(each["fault"], each["clause"]) for each in report["findings"]}
    assert done.returncode == (65 if found else 0), (name, done)
    # Others may be slow on a busy machine; we are not.
    hangs = {each for each in found if each[0] == "hang" and name != "postrider"}
    assert found <= SHOWN[name] | KNOWN[name] | hangs, (name, json.dumps(report["findings"], indent=1))
    assert found >= SHOWN[name], (name, SHOWN[name] - found)


def compare(ports):
    done = run(POSTRIDER, "fuzz", "--compare", *(f"127.0.0.1:{port}" for port in ports.values()), *WORDS, "--seed", "7",
               "--sessions", "60", "--json", status=65, timeout=600)
    report = json.loads(done.stdout)
    assert len(report["servers"]) == len(SERVERS) and report["sessions"] == 60, report["servers"]
    clusters = [(each["command"], each["state"], dict(zip(SERVERS, each["answers"], strict=True)), each)
                for each in report["disagreements"]]
    for command, state, answers, each in clusters:
        others = {answer for name, answer in answers.items() if name != "postrider"}
        alone = len(others) == 1 and answers["postrider"] not in others
        assert not alone or (command, state) in ALONE, each

    def alone(name, command, state, answer):
        return any(command == each[0] and state == each[1] and [who for who in SERVERS if each[2][who] == answer] == [name]
                   for each in clusters)
    assert alone("postfix", "MAIL", "new", "2xx"), clusters
    assert alone("opensmtpd", "NOOP", "hello", "5xx"), clusters
    assert alone("haraka", "MAIL", "mail", "2xx"), clusters


def main():
    chosen = sys.argv[1] if len(sys.argv) > 1 else "all"
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(start()).mx for name, start in SERVERS.items() if chosen in ("all", name)}
        if len(sys.argv) > 1:
            servers = [f"127.0.0.1:{port}" for port in ports.values()]
            subprocess.run([POSTRIDER, "fuzz", *["--compare"] * (len(ports) > 1), *servers, *WORDS, *sys.argv[2:]],
                           check=False)
            return
        compare(ports)
        # Most of the time is waiting.
        with concurrent.futures.ThreadPoolExecutor(len(ports)) as pool:
            for done in [pool.submit(fuzz, name, port) for name, port in ports.items()]:
                done.result()


main()
