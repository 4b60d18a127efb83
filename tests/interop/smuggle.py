"""`postrider smuggle` through relays that others wrote and through ours: what each of them takes for an end of data, and
what leaves it. `smuggle.py --table` prints the table of docs/smuggling.md."""

import contextlib
import json
import subprocess
import sys

from _aiosmtpd_relay import AiosmtpdRelay
from _exim import Exim
from _opensmtpd import OpenSmtpd
from _peers import free_port
from _postfix import Postfix
from _queue import QueueAgent
from _support import POSTRIDER

RECIPIENT = "smuggle@next.example"
EX_OK, EX_DATAERR, EX_UNAVAILABLE, EX_USAGE = 0, 65, 69, 64
# By default 127.0.0.0/8, our client, would be let off.
NOBODY_LET_OFF = "smtpd_forbid_bare_newline_exclusions =\n"


@contextlib.contextmanager
def ours(port, how):
    with QueueAgent({"next.example": f"{how}://127.0.0.1:{port}"}) as agent:
        yield agent.port


@contextlib.contextmanager
def theirs(peer):
    with peer:
        yield peer.mx


RELAYS = {
    "Postrider": lambda port: ours(port, "smtp"),
    "Postrider, to LMTP": lambda port: ours(port, "lmtp"),
    "Postfix 3.7.11, as it comes": lambda port: theirs(Postfix(relay=port)),
    "Postfix 3.7.11, `smtpd_forbid_bare_newline = no`":
        lambda port: theirs(Postfix(relay=port, main="smtpd_forbid_bare_newline = no\n")),
    "Postfix 3.7.11, `smtpd_forbid_bare_newline = normalize`":
        lambda port: theirs(Postfix(relay=port, main="smtpd_forbid_bare_newline = normalize\n" + NOBODY_LET_OFF)),
    "Exim 4.96": lambda port: theirs(Exim(relay=port)),
    "OpenSMTPD 6.8": lambda port: theirs(OpenSmtpd(relay=port, domains='domain "next.example"')),
    "aiosmtpd 1.4.3": lambda port: theirs(AiosmtpdRelay(port)),
}


def smuggle(inbound, outbound, *words, recipient=RECIPIENT, status=None):
    done = subprocess.run([POSTRIDER, "smuggle", "--inbound", f"127.0.0.1:{inbound}", "--outbound", f"127.0.0.1:{outbound}",
                           "--recipient", recipient, *words], capture_output=True, text=True, timeout=600, check=False)
    assert status is None or done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done


def results(relay, *words):
    """name -> case, of every variant through one relay."""
    outbound = free_port()
    with relay(outbound) as inbound:
        done = smuggle(inbound, outbound, "--json", *words)
    report = json.loads(done.stdout)
    assert report["reached"] and report["accepted"], report
    found = any(case["disagreement"] for case in report["cases"])
    assert done.returncode == (EX_DATAERR if found else EX_OK), (done.returncode, done.stderr)
    return {case["name"]: case for case in report["cases"]}


def word(case):
    if case["smuggled"]:
        return "**smuggled**"
    if case["leaks"]:
        return "**leaks**"
    if case["end_lost"]:
        return "**end lost**"
    if case["in"] in ("not sent", "not offered", "refused", "closed", "no reply"):
        return case["in"]
    if case["out"] == "changed":
        return f"{case['in']}, `{case['left']}`"
    out = {"nothing": "", "cut": ""}.get(case["out"], f", {case['out']}")
    return case["in"] + ("" if case["in"] == case["out"] else out)


def table():
    columns = {name: results(relay) for name, relay in RELAYS.items()}
    print("| variant | sent |", " | ".join(columns), "|")
    print("|---|---|" + "---|" * len(columns))
    for name, case in next(iter(columns.values())).items():
        sent = case["sequence"].replace("|", "\\|")
        print(f"| `{name}`{' (an end)' if case['is_end'] else ''} | `{sent}` |",
              " | ".join(word(column[name]) for column in columns.values()), "|")


def named(cases, what):
    return {name for name, case in cases.items() if case[what]}


def check_controls(relay, cases):
    """An end is an end for everybody, or the tool sees nothing."""
    for name in ("crlf-dot-crlf", "split-crlf", "split-dot", "split-everywhere"):
        assert cases[name]["in"] == "ended data", (relay, cases[name])
    for name, case in cases.items():
        assert not case["is_end"] or not case["disagreement"], (relay, name, case)


def check_ours(relay, cases):
    assert not any(case["disagreement"] for case in cases.values()), (relay, cases)
    for name, case in cases.items():
        bare = any(each in case["sequence"].replace("\\r\\n", "").replace(" | ", "") for each in ("\\r", "\\n", "\\x00"))
        if bare and not case["is_end"] and not name.startswith(("split", "bdat")):
            assert case["in"] == "refused", (relay, name, case)
        elif case["by"] == "DATA" and not case["is_end"] and not name.startswith("split"):
            assert case["in"] == "content" and case["out"] in ("as it came", "unchanged"), (relay, name, case)
    assert cases["bdat-crlf-dot-crlf"]["left"] == r"\r\n..\r\n", (relay, cases["bdat-crlf-dot-crlf"])
    assert cases["split-lf-dot-lf"]["in"] == "refused", (relay, cases["split-lf-dot-lf"])


def check_postfix(relay, cases):
    smuggled = named(cases, "smuggled")
    if "normalize" in relay:
        assert not smuggled, (relay, smuggled)
        return
    # LF ends a line for it, with any CRs and NULs before it that it drops.
    assert {"lf-dot-lf", "lf-dot-crlf", "crlf-dot-lf", "crlf-dot-crcrlf", "crcrlf-dot-lf", "split-lf-dot-lf"} <= smuggled, smuggled
    assert not {"cr-dot-cr", "crlf-dot-cr", "cr-dot-crlf", "bdat-lf-dot-lf"} & smuggled, smuggled
    assert cases["lf-dot-lf"]["out"] == "two messages", cases["lf-dot-lf"]


def check_exim(relay, cases):
    assert named(cases, "smuggled") == {"bdat-size-beyond-32-bits"}, (relay, named(cases, "smuggled"))
    assert cases["lf-dot-lf"]["in"] == "content", cases["lf-dot-lf"]


def check_opensmtpd(relay, cases):
    smuggled = named(cases, "smuggled")
    assert {"lf-dot-lf", "split-lf-dot-lf", "crlf-dot-lf", "lf-dot-crlf"} <= smuggled, (relay, smuggled)
    assert r"\r.\r" in cases["cr-dot-cr"]["leaks"], (relay, cases["cr-dot-cr"])
    assert cases["bdat-lf-dot-lf"]["in"] == "not offered", cases["bdat-lf-dot-lf"]


def check_aiosmtpd(relay, cases):
    assert not named(cases, "smuggled"), (relay, named(cases, "smuggled"))
    assert cases["lf-dot-lf"]["left"] == r"\n..\n", cases["lf-dot-lf"]
    assert cases["cr-dot-cr"]["leaks"], cases["cr-dot-cr"]


CHECKS = {"Postrider": check_ours, "Postfix": check_postfix, "Exim": check_exim, "OpenSMTPD": check_opensmtpd,
          "aiosmtpd": check_aiosmtpd}


def refusals():
    """What cannot be tried is said, and not taken for a good result."""
    port = free_port()
    done = smuggle(port, free_port(), "--wait", "2", "--variant", "crlf-dot-crlf", status=EX_UNAVAILABLE)
    assert "could not be reached" in done.stderr, done.stderr
    smuggle(port, free_port(), "--variant", "no-such", status=EX_USAGE)
    words = ["--inbound", "192.0.2.1:25", "--outbound", "127.0.0.1:0", "--recipient", RECIPIENT]
    done = subprocess.run([POSTRIDER, "smuggle", *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == EX_USAGE and "--yes-i-own-it" in done.stderr, done
    outbound = free_port()
    with ours(free_port(), "smtp") as inbound:  # hands on to another port
        done = smuggle(inbound, outbound, "--wait", "2", "--variant", "crlf-dot-crlf", status=EX_UNAVAILABLE)
        assert "came out" in done.stderr, done.stderr
        done = smuggle(inbound, outbound, "--wait", "2", recipient="nobody@elsewhere.example", status=EX_UNAVAILABLE)
        assert "took no message" in done.stderr, done.stderr


def as_text():
    outbound = free_port()
    with ours(outbound, "smtp") as inbound:
        done = smuggle(inbound, outbound, "--variant", "lf-dot-lf", "--variant", "crlf-dot-dot-crlf", status=EX_OK)
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert rows["lf-dot-lf"].split()[1] == r"\n.\n" and rows["lf-dot-lf"].endswith("ok"), done.stdout
    assert "refused" in rows["lf-dot-lf"] and "content" in rows["crlf-dot-dot-crlf"], done.stdout
    assert "2 variants: 0 smuggled" in done.stdout, done.stdout


def main():
    listed = json.loads(subprocess.run([POSTRIDER, "smuggle", "--list", "--json"], capture_output=True, check=True).stdout)
    for name, relay in RELAYS.items():
        cases = results(relay)
        assert list(cases) == [each["name"] for each in listed], cases.keys()
        check_controls(name, cases)
        CHECKS[name.split(" ")[0].rstrip(",")](name, cases)
    as_text()
    refusals()


if sys.argv[1:] == ["--table"]:
    table()
else:
    main()
