"""A submission service beside clients that others wrote: openssl, swaks, curl, smtplib and msmtp, with accounts, by
STARTTLS and implicit TLS, with both TLS libraries."""

import pathlib
import smtplib
import ssl
import subprocess
import tempfile

from _support import POSTRIDER, expect, listening_ports, run

CONFIG = """hostname = "localhost"
state = "state"
[console]
address = ""
[tls]
backend = "{backend}"
minimum = "{minimum}"
[[listen]]
address = "127.0.0.1:0"
role = "submission"
tls = "starttls"
[[listen]]
address = "127.0.0.1:0"
role = "submission"
tls = "implicit"
[[route]]
domains = ["example.net"]
deliver = "maildir:mail/{{local}}"
"""
MESSAGE = b"From: <fred@example.org>\r\nTo: <bob@example.net>\r\nSubject: submitted\r\n\r\n.\r\nbody\r\n"
PASSWORD = "open sesame \u00fc"


class Submission:
    def __init__(self, folder, backend, minimum="1.2"):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "postrider.toml"
        self.config.write_text(CONFIG.format(backend=backend, minimum=minimum))
        run(POSTRIDER, "user", "add", "fred", "--replace", "--config", self.config, stdin=PASSWORD.encode() + b"\n")
        log = self.folder / "log"
        self.process = subprocess.Popen([POSTRIDER, "serve", "--config", str(self.config)], stderr=log.open("w"))
        self.starttls, self.implicit = listening_ports(log, self.process, 2)
        self.certificate = self.folder / "state" / "certificate.pem"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(60) == 0

    def message(self, local):
        files = list((self.folder / "mail" / local / "new").glob("*"))
        assert len(files) == 1, f"{len(files)} messages for {local}"
        return files[0].read_bytes()

    def expect_message(self, local):
        message = self.message(local)
        for part in (b"with ESMTPSA id", b"TLSv1.", b"Subject: submitted\r\n", b"\r\nDate: ", b"\r\nMessage-ID: "):
            assert part.lower() in message.lower(), (part, message)


def openssl(service, port, *more, words=b"QUIT\r\n"):
    return subprocess.run(["openssl", "s_client", "-connect", f"localhost:{port}", "-quiet", "-crlf", *more,
                           "-CAfile", str(service.certificate), "-verify_return_error"], input=words,
                          capture_output=True, timeout=60, check=False)


def with_openssl(service):
    for port, more in ((service.starttls, ["-starttls", "smtp"]), (service.implicit, [])):
        for version in ("-tls1_2", "-tls1_3"):
            done = openssl(service, port, version, "-verify_hostname", "localhost", *more)
            assert done.returncode == 0 and b"verify error" not in done.stderr, (version, done)
        # What is broken is not spoken: RFC 8996, RFC 7465, RFC 9325 4.1.
        for old in (["-tls1"], ["-tls1_1"], ["-tls1_2", "-cipher", "RC4:3DES:NULL:aNULL:EXPORT:AES128-SHA@SECLEVEL=0"]):
            done = openssl(service, port, *old, *more)
            assert done.returncode != 0, (old, done)


def with_swaks(service):
    for port, tls in ((service.starttls, "-tls"), (service.implicit, "-tlsc")):
        for mechanism in ("PLAIN", "LOGIN"):
            to = f"swaks{tls}{mechanism.lower()}".replace("-", "")
            run("swaks", "--server", "127.0.0.1", "--port", port, tls, "--tls-verify", "--tls-ca-path",
                service.certificate, "--tls-sni", "localhost", "--auth", mechanism, "--auth-user", "fred",
                "--auth-password", PASSWORD, "--from", "fred@example.org", "--to", f"{to}@example.net", "--data", "-",
                stdin=MESSAGE[:-2])
            service.expect_message(to)
    wrong = run("swaks", "--server", "127.0.0.1", "--port", service.starttls, "-tls", "--auth", "PLAIN", "--auth-user",
                "fred", "--auth-password", "wrong", "--from", "fred@example.org", "--to", "x@example.net", status=28)
    assert b"535 5.7.8" in wrong.stdout, wrong.stdout


def with_curl(service):
    file = service.folder / "message"
    file.write_bytes(MESSAGE)
    for url, more in ((f"smtp://localhost:{service.starttls}", ["--ssl-reqd"]), (f"smtps://localhost:{service.implicit}", [])):
        for mechanism in ("PLAIN", "LOGIN"):
            to = f"curl{url[:5].strip(':')}{mechanism.lower()}"
            run("curl", "--silent", "--show-error", "--cacert", service.certificate, *more, url, "--login-options",
                f"AUTH={mechanism}", "--user", f"fred:{PASSWORD}", "--mail-from", "fred@example.org", "--mail-rcpt",
                f"{to}@example.net", "--upload-file", file)
            service.expect_message(to)


def with_smtplib(service):
    context = ssl.create_default_context(cafile=str(service.certificate))
    with smtplib.SMTP("localhost", service.starttls, timeout=60) as client:
        assert client.starttls(context=context)[0] == 220
        client.ehlo()
        assert "starttls" not in client.esmtp_features and "SCRAM-SHA-256-PLUS" in client.esmtp_features["auth"]
        expect(str(client.mail("fred@example.org")[0]).encode(), b"530")
        client.user, client.password = "fred", PASSWORD
        import base64
        plain = base64.b64encode(("\0fred\0" + PASSWORD).encode()).decode()
        assert client.docmd("AUTH", "PLAIN " + plain)[0] == 235
        assert client.docmd("AUTH", "PLAIN " + plain)[0] == 503
        client.sendmail("fred@example.org", ["smtplib@example.net"], MESSAGE)
    with smtplib.SMTP_SSL("localhost", service.implicit, context=context, timeout=60) as client:
        assert client.docmd("EHLO", "client")[0] == 250
        assert client.docmd("AUTH", "PLAIN")[0] == 334 and client.docmd("*")[0] == 501
        assert client.docmd("AUTH", "PLAIN !!!!")[0] == 501 and client.docmd("AUTH", "NTLM")[0] == 504
    service.expect_message("smtplib")


def with_msmtp(service):
    for method in ("plain", "login", "scram-sha-256"):
        for port, starttls in ((service.starttls, "on"), (service.implicit, "off")):
            to = f"msmtp{method}{starttls}".replace("-", "")
            run("msmtp", "--file=/dev/null", "--host=localhost", f"--port={port}", "--tls=on", f"--tls-starttls={starttls}",
                f"--tls-trust-file={service.certificate}", f"--auth={method}", "--user=fred",
                f"--passwordeval=printf '%s' '{PASSWORD}'", "--from=fred@example.org", "--domain=client.example.org",
                f"{to}@example.net", stdin=MESSAGE)
            service.expect_message(to)


def with_our_own(service):
    probe = run(POSTRIDER, "probe", f"localhost:{service.starttls}", "--ca", service.certificate, "--json",
                "--config", service.config)
    assert b'"trust":"trusted"' in probe.stdout, probe.stdout


def main():
    for backend in ("openssl", "wolfssl"):
        with tempfile.TemporaryDirectory(prefix="postrider-interop-") as folder:
            with Submission(folder, backend) as service:
                for client in (with_openssl, with_swaks, with_curl, with_smtplib, with_msmtp, with_our_own):
                    client(service)
        with tempfile.TemporaryDirectory(prefix="postrider-interop-") as folder:
            with Submission(folder, backend, minimum="1.3") as service:
                assert openssl(service, service.implicit, "-tls1_2").returncode != 0
                assert openssl(service, service.implicit, "-tls1_3").returncode == 0


main()
