"""`postrider mx` and `postrider send --mx`: real servers as mail exchangers, first ones that fail at each stage, and DANE
by a zone that NSD serves signed and libunbound validates."""

import contextlib
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading

from _aiosmtpd import CLOSE, Aiosmtpd
from _dovecot import Dovecot
from _exim import Exim
from _name_servers import Zone, nsd
from _opensmtpd import OpenSmtpd
from _peers import PATIENCE
from _postfix import Postfix
from _support import POSTRIDER, listening_ports, run

MESSAGE = b"From: <fred@example.org>\r\nTo: <bob@example.net>\r\nSubject: by MX\r\n\r\n.\r\nThe end.\r\n"

CONFIG = """hostname = "sender.example.org"
state = "{folder}/state"
[console]
address = ""
[resolver]
{resolver}
[[route]]
domains = ["*"]
deliver = "mx:{port}"
"""

TWO_HOSTS = """$TTL 60
example.net. MX 20 second.example.net.
example.net. MX 10 first.example.net.
first.example.net. A 127.0.0.2
second.example.net. A 127.0.0.1
nobody.example. MX 0 .
itself.example. A 127.0.0.1
"""


class Sender:
    """The program with a resolver and the port that all mail exchangers have."""

    def __init__(self, folder, resolver, port):
        self.config = pathlib.Path(folder) / "sender.toml"
        self.config.write_text(CONFIG.format(folder=folder, resolver=resolver, port=port))

    def send(self, *words, to="bob@example.net", status=0, message=MESSAGE):
        done = run(POSTRIDER, "send", "--config", self.config, "--mx", "--from", "fred@example.org", "--to", to,
                   "--transcript", *words, stdin=message, status=status, timeout=4 * PATIENCE)
        return done.stdout.decode(errors="replace")

    def mx(self, domain, status=0):
        return json.loads(run(POSTRIDER, "mx", domain, "--json", "--config", self.config, status=status).stdout)


def static_sender(folder, port):
    zone = pathlib.Path(folder) / "zone.txt"
    zone.write_text(TWO_HOSTS)
    return Sender(folder, f'backend = "static"\nzone = "{zone}"', port)


class Hostile:
    """The mail exchanger that is tried first: 127.0.0.2, the port of the real one. `script`: what it says, line by line,
    each after a line of the client's but the first; then it closes. Nothing at all when there is no script."""

    def __init__(self, port, script):
        self.script = script
        self.listener = socket.create_server(("127.0.0.2", port))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE)

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, client.makefile("rb") as lines, contextlib.suppress(OSError):
                client.settimeout(PATIENCE)
                for number, line in enumerate(self.script):
                    if number and not lines.readline():
                        break
                    client.sendall(line)


EHLO = b"250-first.example.net\r\n250 ENHANCEDSTATUSCODES\r\n"
FAILING_FIRST = {
    "closes at once": [b""],
    "greets with 421": [b"421 4.3.2 Not now\r\n"],
    "greets with 554": [b"554 5.7.1 Not you\r\n"],
    "closes after EHLO": [b"220 first.example.net\r\n", b""],
    "refuses STARTTLS and then mail": [b"220 first.example.net\r\n", b"250-first.example.net\r\n250 STARTTLS\r\n",
                                       b"454 4.7.0 No TLS\r\n"],
    "speaks nonsense under TLS": [b"220 first.example.net\r\n", b"250-first.example.net\r\n250 STARTTLS\r\n",
                                  b"220 2.0.0 Go on\r\nnonsense\r\n"],
    "closes after MAIL": [b"220 first.example.net\r\n", EHLO, b""],
    "defers MAIL": [b"220 first.example.net\r\n", EHLO, b"421 4.3.2 Going down\r\n"],
}


def to_real_servers(folder):
    with contextlib.ExitStack() as stack:
        accounts = stack.enter_context(Dovecot())
        for peer in (Postfix(accounts), Exim(), OpenSmtpd(), Aiosmtpd()):
            with peer:
                sender = static_sender(folder, peer.mx)
                transcript = sender.send()
                assert len(peer.messages("bob")) == 1, (type(peer).__name__, transcript)
                assert b"The end.\r\n" in peer.messages("bob")[0].replace(b"\n", b"\r\n").replace(b"\r\r", b"\r")
                refused = sender.send(to="stranger@example.net", status=65)
                assert "\nstranger@example.net: 5" in refused, refused
        with Postfix(accounts) as peer:
            sender = static_sender(folder, peer.mx)
            for number, (name, script) in enumerate(FAILING_FIRST.items()):
                with Hostile(peer.mx, script):
                    transcript = sender.send(to=f"box{number}@example.net")
                    assert len(peer.messages(f"box{number}")) == 1, (name, transcript)
                    assert "first.example.net" in transcript, (name, transcript)
            # What the first one says about a recipient counts: the second one is not asked.
            script = [b"220 first.example.net\r\n", EHLO, b"250 2.1.0 Ok\r\n", b"550 5.1.1 Nobody here\r\n",
                      b"250 2.0.0 Ok\r\n"]
            with Hostile(peer.mx, script):
                assert "550 5.1.1 Nobody here" in sender.send(to="box99@example.net", status=65)
                assert not peer.messages("box99", 0)


# What aiosmtpd is to fail at, and whether the message then goes to it all the same ("first"), to the next host ("second")
# or to nobody now, with the exit status: 65 or 77 for good, 69 or 75 for later.
FAILING_AIOSMTPD = (
    ({"connect": CLOSE}, "second"),
    ({"connect": "421 4.3.2 Not now"}, "second"),
    ({"connect": "554 5.7.1 Not you"}, "second"),
    ({"hello": CLOSE}, "second"),
    ({"hello": "421 4.3.2 Not now"}, "second"),
    ({"hello": "502 5.5.1 What is EHLO"}, "first"),
    ({"starttls": CLOSE}, "first"),
    ({"starttls": "454 4.7.0 Not now"}, "first"),
    ({"starttls": "220 2.0.0 Go on\r\nand I go on in clear"}, "first"),
    ({"mail": CLOSE}, "second"),
    ({"mail": "421 4.3.2 Going down"}, "second"),
    ({"mail": "451 4.3.0 No disk"}, "second"),
    ({"mail": "550 5.7.1 Not from you"}, 77),
    ({"rcpt": CLOSE}, "second"),
    ({"rcpt": "421 4.3.2 Going down"}, "second"),
    ({"rcpt": "450 4.2.1 Later"}, 69),
    ({"rcpt": "550 5.1.1 Nobody"}, 65),
    ({"data": CLOSE}, "second"),
    ({"data": "421 4.3.2 Going down"}, "second"),
    ({"data": "451 4.7.1 Later"}, 69),
    ({"data": "554 5.7.1 Not this"}, 77),
    ({"content": CLOSE}, "second"),
    ({"final": "451 4.3.0 Later"}, 69),
    ({"final": "554 5.6.0 Not this"}, 65),
    # It has the message, and nobody was told: no other host is asked, or it would be delivered twice at once.
    ({"final": CLOSE}, 75),
)


def aiosmtpd_before_postfix(folder):
    with Dovecot() as accounts, Postfix(accounts) as second, Aiosmtpd("127.0.0.2", second.mx) as first:
        sender = static_sender(folder, second.mx)
        for number, (plan, outcome) in enumerate(FAILING_AIOSMTPD):
            first.fail(**plan)
            box = f"box{number}"
            status = 0 if isinstance(outcome, str) else outcome
            # More than what lies between the two, so that the message breaks off in its middle and not behind its end.
            message = MESSAGE + (b"x" * 70 + b"\r\n") * (100_000 if "content" in plan else 1)
            transcript = sender.send(to=f"{box}@example.net", status=status, message=message)
            taken = {"first": len(list(first.mailbox(box).glob("*"))), "second": 0}
            if outcome == "second":
                taken["second"] = len(second.messages(box))
            else:
                assert not list(second.mailbox(box).glob("*")), (plan, transcript)
            expected = {"first": int(outcome == "first" or plan == {"final": CLOSE}), "second": int(outcome == "second")}
            assert taken == expected, (plan, outcome, taken, transcript[-4000:])
        first.fail()
        assert "-> STARTTLS" in sender.send(to="box200@example.net")
        assert b"The end.\r\n" in first.messages("box200")[0]


def what_mx_says(folder):
    sender = static_sender(folder, 25)
    found = sender.mx("Example.NET")
    assert [host["name"] for host in found["hosts"]] == ["first.example.net", "second.example.net"], found
    assert found["hosts"][1]["addresses"] == ["127.0.0.1"] and found["security"] == "indeterminate", found
    nobody = sender.mx("nobody.example", status=69)
    assert nobody["reply"]["code"] == 556 and nobody["reply"]["status"] == "5.1.10", nobody
    assert sender.mx("itself.example")["implicit"] is True
    assert sender.mx("missing.example", status=69)["verdict"] == "permanent"
    assert sender.mx("[127.0.0.1]")["verdict"] == "literal"
    assert run(POSTRIDER, "mx", "no domain", "--config", sender.config, status=64).stderr
    text = run(POSTRIDER, "mx", "example.net", "--config", sender.config).stdout.decode()
    assert "1. first.example.net  preference 10" in text, text
    assert "556 5.1.10" in sender.send(to="x@nobody.example", status=65)


AGENT = """hostname = "mx.signed.test"
state = "{folder}/state"
[console]
address = ""
[tls]
certificate = "{certificate}"
key = "{key}"
[[listen]]
address = "127.0.0.1:0"
role = "mx"
tls = "starttls"
[[route]]
domains = ["signed.test"]
deliver = "maildir:{folder}/mail/{{local}}"
"""


def openssl(*words):
    return run("openssl", *words).stdout


class Certificates:
    """A root and two certificates for mx.signed.test that it has signed: one is good, one has expired."""

    def __init__(self, folder):
        self.folder = folder
        self.root, root_key = folder / "root.pem", folder / "root-key.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", "/CN=A root", "-keyout", root_key, "-out", self.root)
        self.key = folder / "mx-key.pem"
        request = folder / "mx.csr"
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                "/CN=mx.signed.test", "-keyout", self.key, "-out", request)
        names = folder / "names"
        names.write_text("subjectAltName=DNS:mx.signed.test\n")
        self.chains = {}
        for name, days in (("good", "30"), ("expired", "-1")):
            leaf = folder / f"{name}-leaf.pem"
            openssl("x509", "-req", "-in", request, "-CA", self.root, "-CAkey", root_key, "-CAcreateserial",
                    "-extfile", names, "-days", days, "-out", leaf)
            self.chains[name] = folder / f"{name}.pem"
            self.chains[name].write_bytes(leaf.read_bytes() + self.root.read_bytes())
        self.key_digest = hashlib.sha256(openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")).hexdigest()
        self.root_digest = hashlib.sha256(openssl("x509", "-in", self.root, "-outform", "DER")).hexdigest()


@contextlib.contextmanager
def receiving_agent(folder, certificates, chain):
    folder.mkdir()
    config, log = folder / "postrider.toml", folder / "log"
    config.write_text(AGENT.format(folder=folder, certificate=certificates.chains[chain], key=certificates.key))
    process = subprocess.Popen([POSTRIDER, "serve", "--config", str(config)], stderr=log.open("w"))
    try:
        yield listening_ports(log, process, 1)[0]
    finally:
        process.terminate()
        process.wait(60)


def with_dane(folder):
    certificates = Certificates(folder)
    ee, ta = certificates.key_digest, certificates.root_digest
    # (chain, TLSA records, exit status, what must be said)
    cases = {
        "ee": ("good", [f"3 1 1 {ee}"], 0, "TLSA 3 1 1 matches"),
        "ta": ("good", [f"2 0 1 {ta}"], 0, "TLSA 2 0 1 matches"),
        "either": ("good", [f"3 1 1 {'00' * 32}", f"2 0 1 {ta}"], 0, "TLSA 2 0 1 matches"),
        "expired-ee": ("expired", [f"3 1 1 {ee}"], 0, "TLSA 3 1 1 matches"),  # RFC 7672 3.1.1: dates do not matter
        "expired-ta": ("expired", [f"2 0 1 {ta}"], 69, ""),
        "mismatch": ("good", [f"3 1 1 {'00' * 32}"], 69, ""),
        "bogus": ("good", [f"3 1 1 {ee}"], 69, ""),
    }
    for name, (chain, records, status, said) in cases.items():
        place = folder / name
        with receiving_agent(place, certificates, chain) as port:
            tlsa = "".join(f"_{port}._tcp.mx IN TLSA {each}\n" for each in records)
            zone = Zone(place, "signed.test", "@ IN MX 10 mx\nmx IN A 127.0.0.1\n" + tlsa)
            key = zone.make_key()
            zone.sign(key)
            if name == "bogus":
                zone.tamper(f"_{port}._tcp.mx.signed.test.")
            anchor = place / "anchor"
            anchor.write_text(zone.ds(key) + "\n")
            os.chmod(folder, 0o755)
            with nsd(place, {"signed.test": zone.file}) as server:
                sender = Sender(place, f'backend = "unbound"\nservers = ["127.0.0.1:{server}"]\n'
                                       f'trust_anchor = "{anchor}"', port)
                transcript = sender.send(to="bob@signed.test", status=status)
                arrived = list((place / "mail" / "bob" / "new").glob("*"))
                assert len(arrived) == (1 if status == 0 else 0), f"{name}:\n{transcript}"
                host = sender.mx("signed.test")["hosts"][0]
                if name == "bogus":
                    assert host["tls"]["verdict"] == "defer" and host["dane"]["failure"], host
                else:
                    assert host["security"] == "secure" and host["dane"]["usable"] == len(records), host
                    assert host["tls"]["verify"] == "dane" and host["tls"]["clear_allowed"] is False, host
                assert said in transcript, f"{name}:\n{transcript}"


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-mx-") as folder:
        folder = pathlib.Path(folder)
        what_mx_says(folder)
        to_real_servers(folder)
        aiosmtpd_before_postfix(folder)
        with_dane(folder)


if __name__ == "__main__":
    main()
