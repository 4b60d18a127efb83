"""MTA-STS policies of a real nginx: good ones, and every way in which one cannot be had."""

import os
import pathlib
import tempfile

from _nginx import POLICY, Nginx
from _support import expect, run

LOOKUP = os.environ["MTA_STS_LOOKUP"]


class Policies(Nginx):
    def look(self, name, *hosts, store="store"):
        zone = self.folder / "zone"
        zone.write_text(self.zone())
        done = run(LOOKUP, zone, self.port, self.authority.pem, self.folder / store, f"{name}.test", *hosts)
        first, failure = done.stdout.decode().splitlines()
        return first, failure


def set_up(nginx):
    nginx.serve_policy("good")
    nginx.serve_policy("testing", "testing")
    nginx.serve_policy("none", "none")
    nginx.serve_policy("expired", days=-1)
    nginx.serve_policy("wrong", names=["mta-sts.other.test", "wrong.test"])
    nginx.serve_policy("stranger", authority=nginx.stranger)
    nginx.serve_policy("html", more="types {} default_type text/html;")
    nginx.serve_policy("broken", text="version: STSv1\nmode: enforce\nmax_age: 86400\n")
    nginx.serve_policy("large", text="version: STSv1\n" + "x: y\n" * 16000)
    nginx.serve_policy("unreachable", address="127.0.0.9")  # where nginx does not listen
    nginx.serve("missing", "root /nonexistent;")
    nginx.serve("redirect", f"return 301 https://mta-sts.good.test:{nginx.port}$request_uri;")
    nginx.start()


def check_policies(nginx):
    hosts = ("mx.good.test", "MX.Good.Test", "a.mail.good.test", "a.b.mail.good.test", "evil.test")
    first, _ = nginx.look("good", *hosts)
    assert first == "fetched none enforce_listed enforce_listed enforce_listed enforce_unlisted enforce_unlisted", first
    first, _ = nginx.look("testing", "mx.testing.test", "evil.test")
    assert first == "fetched none testing_listed testing_unlisted", first
    first, _ = nginx.look("none", "mx.none.test", "evil.test")
    assert first == "fetched none no_policy no_policy", first
    first, _ = nginx.look("silent", "mx.silent.test")
    assert first == "none none no_policy", first


def check_failures(nginx):
    for name, fault, words in (
        ("expired", "certificate", "expired"),
        ("wrong", "certificate", ""),
        ("stranger", "certificate", ""),
        ("html", "invalid", "not served as text/plain"),
        ("broken", "invalid", "lists no mx"),
        ("large", "fetch", "too large"),
        ("unreachable", "fetch", "Connection refused"),
        ("missing", "fetch", "status 404"),
        ("redirect", "fetch", "status 301"),
    ):
        first, failure = nginx.look(name, f"mx.{name}.test")
        assert first == f"none {fault} no_policy", f"{name}: {first}: {failure}"
        assert words in failure, f"{name}: {failure}"
        expect(failure.encode(), f"https://mta-sts.{name}.test".encode())


def check_cache(nginx):
    """Each look is a process of its own: what it knows of the one before it knows from the folder."""
    before = len(nginx.requests())
    first, _ = nginx.look("good", "mx.good.test", "evil.test")
    assert first == "cached none enforce_listed enforce_unlisted", first
    assert len(nginx.requests()) == before, "an unchanged record needs no request"
    nginx.ids["good.test"] = "2"
    (nginx.folder / "good.txt").write_text(POLICY.format(mode="testing", domain="good.test"))
    first, _ = nginx.look("good", "mx.good.test", "evil.test")
    assert first == "fetched none testing_listed testing_unlisted", first
    nginx.stop()
    nginx.ids["good.test"] = "3"
    first, failure = nginx.look("good", "mx.good.test", "evil.test")
    assert first == "cached fetch testing_listed testing_unlisted", f"{first}: {failure}"
    nginx.ids["good.test"] = ""
    first, _ = nginx.look("good", "mx.good.test")
    assert first == "cached none testing_listed", first
    (nginx.folder / "store" / "good.test").write_text("damaged")
    first, _ = nginx.look("good", "mx.good.test")
    assert first == "none none no_policy", first
    assert (nginx.folder / "store" / "damaged" / "good.test").exists()


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-mta-sts-") as folder:
        nginx = Policies(pathlib.Path(folder))
        try:
            set_up(nginx)
            check_policies(nginx)
            check_failures(nginx)
            check_cache(nginx)
        finally:
            nginx.stop()


if __name__ == "__main__":
    main()
