"""nodemailer hands mail to a submission service: STARTTLS and implicit TLS, each mechanism that both have, with both TLS
libraries; a pool of connections, a refused recipient, wrong passwords, and a certificate that it does not know."""

import json
import os
import pathlib
import tempfile

from _support import run
from _submission import PASSWORD, Submission

RAW = b"From: <fred@example.org>\r\nTo: <bob@example.net>\r\nSubject: submitted\r\n" \
      b"Date: Sat, 1 Aug 2026 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n" \
      b".\r\n..\r\n.dot\r\n\r\nZw\xc3\xb6lf \xff\r\n.\r\n"
os.environ.setdefault("NODE_PATH", os.path.abspath("build/npm/node_modules"))
SCRIPT = pathlib.Path(__file__).with_suffix(".js")


class Jobs:
    """What one run of nodemailer.js is to do, and what is to come of it."""

    def __init__(self, service, port):
        self.service, self.port, self.jobs, self.checks = service, port, [], []

    def add(self, messages, check, *, password=PASSWORD, method=None, trusted=True, **more):
        """`check` is called with the results, one for each message."""
        transport = {"host": "localhost", "port": self.port, "secure": self.port == self.service.implicit,
                     "requireTLS": True, "auth": {"user": "fred", "pass": password, "method": method}, **more}
        if trusted:
            transport["tls"] = {"ca": self.service.certificate.read_text()}
        self.jobs.append({"transport": transport, "messages": messages})
        self.checks.append(check)

    def run(self):
        done = run("node", SCRIPT, stdin=json.dumps(self.jobs).encode(), timeout=120)
        for check, results in zip(self.checks, json.loads(done.stdout), strict=True):
            check(results)


def raw(*to):
    return {"envelope": {"from": "fred@example.org", "to": [f"{each}@example.net" for each in to]},
            "raw": RAW.decode("latin1")}


def accepted(service, local):
    def check(results):
        (result,) = results
        assert result.get("accepted") == [f"{local}@example.net"] and result["response"].startswith("250 "), result
        message = service.message(local)
        assert message.endswith(RAW) and b"ESMTPSA" in message, message
    return check


def failed(errors, response="", text=""):
    def check(results):
        (result,) = results
        assert result.get("error") in errors and (result.get("response") or "").startswith(response), result
        assert text in result["text"], result
    return check


def mechanisms(jobs, door):
    for method in (None, "PLAIN", "LOGIN"):
        local = f"{door}{method}".lower()
        jobs.add([raw(local)], accepted(jobs.service, local), method=method)
    jobs.add([raw("x")], failed(["EAUTH"], "535 5.7.8"), password="wrong", method="PLAIN" if door == "smtp" else "LOGIN")
    jobs.add([raw("x")], failed(["EAUTH"], "504 "), method="CRAM-MD5")
    jobs.add([raw("x")], failed(["ESOCKET", "ETLS"], text="certificate"), trusted=False)


def composed(jobs, door):
    """A message that nodemailer writes itself, with an attachment, to several; one of them is refused."""
    to = [f"{door}a@example.net", f"{door}b@example.net", f"{door}c@moved.example"]
    message = {"from": "Fred <fred@example.org>", "to": to, "subject": "Grüße", "text": "Hallo ☃\n.\n" * 50,
               "html": "<p>Hallo</p>", "attachments": [{"filename": "octets", "content": "x" * 200000}]}

    def check(results):
        (result,) = results
        assert result.get("accepted") == to[:2] and result["rejected"] == to[2:], result
        first, second = (jobs.service.message(f"{door}{each}").partition(b"\r\nFrom: ")[2] for each in "ab")
        assert b"filename=octets" in first and first == second, first[:2000]

    jobs.add([message], check)


def pool(jobs, door):
    """Thirty messages over three connections, each used again and again."""
    locals_ = [f"{door}pool{number}" for number in range(30)]

    def check(results):
        assert len(results) == 30 and all(result.get("accepted") for result in results), results
        assert all(jobs.service.message(local).endswith(RAW) for local in locals_)

    jobs.add([raw(local) for local in locals_], check, pool=True, maxConnections=3)


def main():
    for backend in ("openssl", "wolfssl"):
        with tempfile.TemporaryDirectory(prefix="postrider-interop-") as folder, Submission(folder, backend) as service:
            for port, door in ((service.starttls, "smtp"), (service.implicit, "smtps")):
                jobs = Jobs(service, port)
                for trial in (mechanisms, composed, pool):
                    trial(jobs, door)
                jobs.run()


main()
