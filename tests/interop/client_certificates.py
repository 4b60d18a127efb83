"""Client certificates and resumed sessions beside OpenSSL's client and Python's, with both TLS libraries: who is asked, who
gets in, AUTH EXTERNAL, and tickets that outlive a reload."""

import pathlib
import shutil
import signal
import smtplib
import ssl
import subprocess
import tempfile
import time

from _support import POSTRIDER, listening_ports, run

CONFIG = """hostname = "localhost"
state = "state"
[console]
address = ""
[tls]
backend = "{backend}"
client_ca = "ca.pem"
[[listen]]
address = "127.0.0.1:0"
role = "submission"
tls = "implicit"
[[listen]]
address = "127.0.0.1:0"
role = "submission"
tls = "implicit"
client_certificates = "request"
[[listen]]
address = "127.0.0.1:0"
role = "mx"
tls = "implicit"
client_certificates = "require"
[[route]]
domains = ["example.net"]
deliver = "maildir:mail/{{local}}"
"""
EXTENSIONS = """[by_mail]
subjectAltName = email:anna@example.org
extendedKeyUsage = clientAuth
[by_name]
extendedKeyUsage = clientAuth
"""


class Authority:
    """A certification authority with an intermediate one, and clients."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "extensions").write_text(EXTENSIONS)
        self.authority("ca", "Test CA")
        self.authority("other", "Other CA")
        self.client("fred", "/CN=fred", "by_name", "ca")
        self.client("anna", "/CN=Anna Example", "by_mail", "ca")
        self.client("nobody", "/CN=nobody", "by_name", "ca")
        self.client("stranger", "/CN=fred", "by_name", "other")

    def key(self, name):
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.folder / f"{name}.key")

    def authority(self, name, common):
        self.key(name)
        run("openssl", "req", "-x509", "-new", "-key", self.folder / f"{name}.key", "-subj", f"/CN={common}", "-days", "2",
            "-out", self.folder / f"{name}.pem")

    def client(self, name, subject, extensions, issuer):
        self.key(name)
        run("openssl", "req", "-new", "-key", self.folder / f"{name}.key", "-subj", subject, "-out",
            self.folder / f"{name}.csr")
        run("openssl", "x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.folder / f"{issuer}.pem", "-CAkey",
            self.folder / f"{issuer}.key", "-CAcreateserial", "-days", "2", "-extfile", self.folder / "extensions",
            "-extensions", extensions, "-out", self.folder / f"{name}.pem")


class Service:
    def __init__(self, folder, backend):
        self.folder = folder
        self.config = folder / "postrider.toml"
        self.config.write_text(CONFIG.format(backend=backend))
        for name in ("fred", "anna@example.org"):
            run(POSTRIDER, "user", "add", name, "--replace", "--config", self.config, stdin=b"sesame\n")
        self.log = folder / "log"
        self.process = subprocess.Popen([POSTRIDER, "serve", "--config", str(self.config)], stderr=self.log.open("w"))
        self.plain, self.request, self.require = listening_ports(self.log, self.process, 3)
        self.certificate = folder / "state" / "certificate.pem"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print(self.log.read_text())
        self.process.terminate()
        assert self.process.wait(20) == 0

    def connect(self, port, name=None):
        context = ssl.create_default_context(cafile=self.certificate)
        if name is not None:
            context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        client = smtplib.SMTP_SSL("localhost", port, context=context, timeout=30)
        client.ehlo("client.example")
        return client

    def reload(self):
        before = self.log.read_text().count("configuration reloaded")
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 20
        while self.log.read_text().count("configuration reloaded") == before:
            assert time.monotonic() < end, "the reload does not end"
            time.sleep(0.02)

    def message(self, local):
        files = list((self.folder / "mail" / local / "new").glob("*"))
        assert len(files) == 1, f"{len(files)} messages for {local}"
        return files[0].read_bytes()


def offered(client):
    return client.esmtp_features.get("auth", "").split()


def with_certificates(service):
    with service.connect(service.plain, "fred") as client:
        assert "EXTERNAL" not in offered(client) and "PLAIN" in offered(client), "nobody asked for a certificate"
    for name in (None, "stranger"):
        with service.connect(service.request, name) as client:
            assert "EXTERNAL" not in offered(client) and "PLAIN" in offered(client), name
            assert client.docmd("AUTH", "EXTERNAL =")[0] == 504, name
    for name, account in (("fred", "fred"), ("anna", "anna@example.org")):
        with service.connect(service.request, name) as client:
            assert "EXTERNAL" in offered(client) and "PLAIN" in offered(client), name
            assert client.docmd("AUTH", "EXTERNAL bm9ib2R5")[0] == 535, "for somebody else"
            assert client.docmd("AUTH", "EXTERNAL =") == (235, b"2.7.0 Authenticated"), name
            client.sendmail("fred@example.org", f"{name}@example.net", "Subject: x\r\n\r\nbody\r\n")
        message = service.message(name)
        assert b"with ESMTPSA id" in message and b", client certificate verified)" in message, message
        assert f"mechanism=EXTERNAL user={account}" in service.log.read_text()
    with service.connect(service.request, "nobody") as client:
        assert client.docmd("AUTH", "EXTERNAL")[0] == 334
        assert client.docmd("=")[0] in (501, 535), "there is no such account"


def required(service):
    with service.connect(service.require, "fred") as client:
        client.sendmail("x@example.org", "required@example.net", "Subject: x\r\n\r\nbody\r\n")
    assert b"with ESMTPS id" in service.message("required")
    for name in (None, "stranger"):
        try:
            with service.connect(service.require, name) as client:
                raise AssertionError(f"{name} got in")
        except (OSError, smtplib.SMTPException):
            pass


def openssl(service, port, version, *more):
    done = subprocess.run(["openssl", "s_client", "-connect", f"localhost:{port}", "-CAfile", str(service.certificate),
                           "-verify_return_error", "-crlf", "-ign_eof", version, *more], input=b"EHLO c.example\nQUIT\n",
                          capture_output=True, timeout=30, check=False)
    assert b"250 " in done.stdout, (version, done)
    return b"\nReused, " in done.stdout


def resumes(service, port, version, *more):
    session = service.folder / f"session{version}{port}"
    assert not openssl(service, port, version, "-sess_out", str(session), *more)
    # TLS 1.3 without tickets has nothing to write.
    return session.exists() and openssl(service, port, version, "-sess_in", str(session), *more)


def with_tickets(service, backend):
    certificate = ("-cert", str(service.folder / "fred.pem"), "-key", str(service.folder / "fred.key"))
    for version in ("-tls1_2", "-tls1_3"):
        assert resumes(service, service.plain, version), f"{backend} {version} resumes nothing"
        # A session is resumed with its client's certificate or not at all.
        assert resumes(service, service.request, version, *certificate) == (backend == "openssl"), version
        session = str(service.folder / f"session{version}{service.plain}")
        service.reload()
        assert openssl(service, service.plain, version, "-sess_in", session), "tickets outlive a reload"
    session = str(service.folder / f"session-tls1_3{service.plain}")
    shutil.rmtree(service.folder / "state")
    service.reload()
    assert not openssl(service, service.plain, "-tls1_3", "-sess_in", session), "and not the certificate"


def main():
    for backend in ("openssl", "wolfssl"):
        with tempfile.TemporaryDirectory(prefix="postrider-certificates-") as name:
            folder = pathlib.Path(name)
            Authority(folder)
            with Service(folder, backend) as service:
                with_certificates(service)
                required(service)
                with_tickets(service, backend)
    print("certificates let in whom they name, and sessions are resumed, with OpenSSL and wolfSSL")


if __name__ == "__main__":
    main()
