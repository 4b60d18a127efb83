"""MTA-STS policies of a real nginx: good ones, and every way in which one cannot be had."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from _certificates import Authority
from _peers import PATIENCE, free_port, wait_for
from _support import expect, run

LOOKUP = os.environ["MTA_STS_LOOKUP"]
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: mx.{domain}\r\nmx: *.mail.{domain}\r\nmax_age: 86400\r\n"

CONFIG = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  default_type text/plain;
  ssl_protocols TLSv1.2 TLSv1.3;
{servers}
}}
"""
SERVER = """
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name mta-sts.{domain};
    ssl_certificate {pem}; ssl_certificate_key {key};
    {body}
  }}
"""
FILE = "location = /.well-known/mta-sts.txt {{ alias {file}; {more} }}"


class Nginx:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.authority, self.stranger = Authority(folder), Authority(folder, "other-ca")
        self.servers, self.records, self.ids, self.process = [], [], {}, None

    def serve(self, name, body, names=None, days=2, authority=None, address="127.0.0.1"):
        domain = f"{name}.test"
        pem, key = (authority or self.authority).issue(name, *(names or [f"mta-sts.{domain}"]), days=days)
        self.servers.append(SERVER.format(port=self.port, domain=domain, pem=pem, key=key, body=body))
        self.records.append(f"mta-sts.{domain}. 60 A {address}")
        self.ids[domain] = "1"

    def serve_policy(self, name, mode="enforce", more="", text=None, **how):
        file = self.folder / f"{name}.txt"
        file.write_bytes((text or POLICY.format(mode=mode, domain=f"{name}.test")).encode())
        self.serve(name, FILE.format(file=file, more=more), **how)

    def start(self):
        config = self.folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(CONFIG.format(folder=self.folder, user=user, servers="".join(self.servers)))
        self.process = subprocess.Popen([NGINX, "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(config)])
        wait_for(self.port, self.process, PATIENCE)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def zone(self):
        file = self.folder / "zone"
        texts = [f'_mta-sts.{domain}. 60 TXT "v=STSv1; id={word};"' for domain, word in self.ids.items() if word]
        file.write_text("\n".join(self.records + texts) + "\n")
        return file

    def requests(self):
        file = self.folder / "access.log"
        return file.read_text().count("\n") if file.exists() else 0

    def look(self, name, *hosts, store="store"):
        done = run(LOOKUP, self.zone(), self.port, self.authority.pem, self.folder / store, f"{name}.test", *hosts)
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
        ("expired", "sts-webpki-invalid", "expired"),
        ("wrong", "sts-webpki-invalid", ""),
        ("stranger", "sts-webpki-invalid", ""),
        ("html", "sts-policy-invalid", "not served as text/plain"),
        ("broken", "sts-policy-invalid", "lists no mx"),
        ("large", "sts-policy-fetch-error", "too large"),
        ("unreachable", "sts-policy-fetch-error", "Connection refused"),
        ("missing", "sts-policy-fetch-error", "status 404"),
        ("redirect", "sts-policy-fetch-error", "status 301"),
    ):
        first, failure = nginx.look(name, f"mx.{name}.test")
        assert first == f"none {fault} no_policy", f"{name}: {first}: {failure}"
        assert words in failure, f"{name}: {failure}"
        expect(failure.encode(), f"https://mta-sts.{name}.test".encode())


def check_cache(nginx):
    """Each look is a process of its own: what it knows of the one before it knows from the folder."""
    before = nginx.requests()
    first, _ = nginx.look("good", "mx.good.test", "evil.test")
    assert first == "cached none enforce_listed enforce_unlisted", first
    assert nginx.requests() == before, "an unchanged record needs no request"
    nginx.ids["good.test"] = "2"
    (nginx.folder / "good.txt").write_text(POLICY.format(mode="testing", domain="good.test"))
    first, _ = nginx.look("good", "mx.good.test", "evil.test")
    assert first == "fetched none testing_listed testing_unlisted", first
    nginx.stop()
    nginx.ids["good.test"] = "3"
    first, failure = nginx.look("good", "mx.good.test", "evil.test")
    assert first == "cached sts-policy-fetch-error testing_listed testing_unlisted", f"{first}: {failure}"
    nginx.ids["good.test"] = ""
    first, _ = nginx.look("good", "mx.good.test")
    assert first == "cached none testing_listed", first
    (nginx.folder / "store" / "good.test").write_text("damaged")
    first, _ = nginx.look("good", "mx.good.test")
    assert first == "none none no_policy", first
    assert (nginx.folder / "store" / "damaged" / "good.test").exists()


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-mta-sts-") as folder:
        nginx = Nginx(pathlib.Path(folder))
        try:
            set_up(nginx)
            check_policies(nginx)
            check_failures(nginx)
            check_cache(nginx)
        finally:
            nginx.stop()


if __name__ == "__main__":
    main()
