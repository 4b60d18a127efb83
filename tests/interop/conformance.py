"""`postrider conform` against our own server, where every MUST holds, and against real ones, where what does not hold is
known: conformance_expected.txt has it. With --write it writes that file and the table of docs/conformance.md anew."""

import asyncio
import contextlib
import json
import pathlib
import re
import ssl
import sys
import tempfile

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from _dovecot import Dovecot
from _exim import Exim
from _opensmtpd import OpenSmtpd
from _peers import PASSWORD, USER, free_port, make_certificate
from _postfix import Postfix
from _submission import PASSWORD as OUR_PASSWORD
from _submission import Submission
from _support import POSTRIDER, agent, run

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = HERE / "conformance_expected.txt"
TABLE = HERE.parent.parent / "docs" / "conformance.md"
STARTTLS = '[[listen]]\naddress = "127.0.0.1:0"\nrole = "mx"\ntls = "starttls"\n'
POSTMASTER = '[[route]]\ndomains = ["localhost"]\ndeliver = "discard"\n'
TROUBLE = ("failed", "stuck")
ABOUT_AUTH = f"rfc{4954}-"  # how the ids of these checks begin


def ask(port, *more, refused="nobody@example.net", password=PASSWORD):
    """{id: the check's result} of one run."""
    done = run(POSTRIDER, "conform", f"127.0.0.1:{port}", "--recipient", "bob@example.net", "--refused", refused, "--json",
               "--patience", "30", *more, status=None, timeout=600, environment={"CONFORM_PASSWORD": password})
    assert done.returncode in (0, 65), (done.returncode, done.stderr)
    report = json.loads(done.stdout)
    assert not report["unreachable"], report["unreachable"]
    return {each["id"]: each for each in report["checks"]}


def with_login(port, *more, user=USER, **options):
    return ask(port, "--check", ABOUT_AUTH, "--user", user, "--password-env", "CONFORM_PASSWORD", *more, **options)


def joined(first, second):
    """What the one port does not offer, the other may."""
    return {**first, **{name: result for name, result in second.items() if first[name]["verdict"] == "not offered"}}


@contextlib.contextmanager
def ours():
    with agent(STARTTLS + POSTMASTER) as running, tempfile.TemporaryDirectory(prefix="postrider-conform-") as folder:
        with Submission(folder, "openssl") as submission:
            yield joined(ask(running.ports[2], refused="somebody@gone.example"),
                         with_login(submission.starttls, "--login", user="fred", password=OUR_PASSWORD,
                                    refused="somebody@moved.example"))


@contextlib.contextmanager
def postfix():
    with Dovecot() as accounts, Postfix(accounts) as server:
        yield joined(ask(server.mx), with_login(server.starttls, "--login"))


@contextlib.contextmanager
def exim():
    with Exim() as server:
        yield joined(ask(server.mx, "--user", USER, "--password-env", "CONFORM_PASSWORD"), {})


@contextlib.contextmanager
def opensmtpd():
    with OpenSmtpd() as server:
        yield ask(server.mx)


class Mailbox:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.lower().startswith(("bob@", "postmaster")):
            envelope.rcpt_tos.append(address)
            return "250 OK"
        return "550 There is nobody of this name"

    async def handle_DATA(self, server, session, envelope):
        return "250 Message accepted for delivery"


@contextlib.contextmanager
def aiosmtpd():
    def authenticate(server, session, envelope, mechanism, data):
        good = data.login == USER.encode() and data.password == PASSWORD.encode()
        return AuthResult(success=good)

    with tempfile.TemporaryDirectory(prefix="postrider-conform-") as folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*make_certificate(pathlib.Path(folder)))
        server = Controller(Mailbox(), hostname="127.0.0.1", port=free_port(), server_hostname="mx.example.org",
                            tls_context=context, authenticator=authenticate, auth_require_tls=True,
                            enable_SMTPUTF8=True, ready_timeout=30, loop=asyncio.new_event_loop())
        server.start()
        try:
            yield ask(server.port, "--user", USER, "--password-env", "CONFORM_PASSWORD")
        finally:
            server.stop()


SERVERS = {"postrider": ours, "postfix": postfix, "exim": exim, "opensmtpd": opensmtpd, "aiosmtpd": aiosmtpd}
NAMES = {"postrider": "Postrider", "postfix": "Postfix", "exim": "Exim", "opensmtpd": "OpenSMTPD", "aiosmtpd": "aiosmtpd"}


def expected_trouble():
    out = {name: set() for name in SERVERS}
    for line in EXPECTED.read_text().splitlines():
        if line and not line.startswith("#"):
            server, check = line.split()
            out[server].add(check)
    return out


def trouble(results):
    return {name for name, result in results.items() if result["verdict"] in TROUBLE}


def write_expected(found):
    lines = ["# What does not hold, or could not be tried to its end: a server and the id of a check, one a line. Written by",
             "# conformance.py --write from a run."]
    for server, results in found.items():
        lines += [f"{server} {name}" for name in results if results[name]["verdict"] in TROUBLE]
    EXPECTED.write_text("\n".join(lines) + "\n")


def sums(results, level):
    counts = {}
    for result in results.values():
        if result["level"] == level:
            kind = result["verdict"] if result["verdict"] in ("passed", *TROUBLE) else "not asked"
            counts[kind] = counts.get(kind, 0) + 1
    return "/".join(str(counts.get(kind, 0)) for kind in ("passed", "failed", "not asked"))


def write_table(found):
    """Between the two marks: the sums, and a row for each check that does not hold everywhere."""
    header = "| | " + " | ".join(NAMES[server] for server in found) + " |"
    rule = "|---|" + "---|" * len(found)
    lines = ["Passed/failed/not asked:", "", header, rule]
    for level in ("MUST", "SHOULD"):
        lines.append(f"| {level} | " + " | ".join(sums(results, level) for results in found.values()) + " |")
    lines += ["", "Every check that does not hold somewhere (+ holds, **no**, · not offered or not applicable):", "",
              header.replace("| |", "| check |", 1), rule]
    signs = {"passed": "+", "failed": "**no**", "stuck": "**no**"}
    first = next(iter(found.values()))
    for name, check in first.items():
        verdicts = [results[name]["verdict"] for results in found.values()]
        if any(verdict in TROUBLE for verdict in verdicts):
            what = f"{check['level']} {check['clause'].removeprefix('RFC ')}: {check['title'].replace('|', chr(92) + '|')}"
            lines.append(f"| {what} | " + " | ".join(signs.get(verdict, "·") for verdict in verdicts) + " |")
    text = TABLE.read_text()
    begin, end = "<!-- table -->\n", "<!-- end of table -->"
    text = re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda _: begin + "\n".join(lines) + "\n" + end, text,
                  flags=re.S)
    TABLE.write_text(text)


def main():
    found = {}
    for server, start in SERVERS.items():
        with start() as results:
            found[server] = results
    if "--write" in sys.argv[1:]:
        write_expected(found)
        write_table(found)
        return
    wrong = []
    for server, known in expected_trouble().items():
        now = trouble(found[server])
        wrong += [f"{server}: {name} does not hold: {found[server][name]['reason']}" for name in sorted(now - known)]
        wrong += [f"{server}: {name} holds now" for name in sorted(known - now)]
    musts = {name for name in trouble(found["postrider"]) if found["postrider"][name]["level"] == "MUST"}
    assert not musts, f"of our own server: {musts}"
    assert len(found["postrider"]) >= 150, len(found["postrider"])
    assert not wrong, "\n" + "\n".join(wrong)


if __name__ == "__main__":
    main()
