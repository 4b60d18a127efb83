"""A real nginx with servers of its own, each with a certificate that an authority of the test has signed."""

import os
import shutil
import subprocess

from _certificates import Authority
from _peers import PATIENCE, free_port, wait_for

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
CONFIG = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format seen '$request_method $host $uri $content_type $status';
  access_log {folder}/access.log seen;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  default_type text/plain;
  ssl_protocols TLSv1.2 TLSv1.3;
{servers}
}}
"""
SERVER = """
  server {{
    listen {address}:{port} ssl;
    server_name {name};
    ssl_certificate {pem}; ssl_certificate_key {key};
    {body}
  }}
"""
POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: mx.{domain}\r\nmx: *.mail.{domain}\r\nmax_age: 86400\r\n"
FILE = "location = /.well-known/mta-sts.txt {{ alias {file}; {more} }}"


class Nginx:
    """Listens on a free port of 127.0.0.1, or where it is told. `zone()` is a zone for postrider with the addresses of
    its servers and the records of its MTA-STS policies."""

    def __init__(self, folder, address="127.0.0.1", port=None):
        self.folder, self.address, self.port = folder, address, port or free_port()
        self.authority, self.stranger = Authority(folder), Authority(folder, "other-ca")
        self.servers, self.records, self.ids, self.process = [], [], {}, None

    def add(self, text):
        """Lines of the configuration."""
        self.servers.append(text)

    def server(self, host, body, names=None, days=2, authority=None, address=None):
        pem, key = (authority or self.authority).issue(host, *(names or [host]), days=days)
        self.add(SERVER.format(address=self.address, port=self.port, name=host, pem=pem, key=key, body=body))
        self.records.append(f"{host}. 60 A {address or self.address}")

    def serve(self, name, body, names=None, **how):
        """The host that has the MTA-STS policy of {name}.test."""
        self.server(f"mta-sts.{name}.test", body, names, **how)
        self.ids[f"{name}.test"] = "1"

    def serve_policy(self, name, mode="enforce", more="", text=None, **how):
        file = self.folder / f"{name}.txt"
        file.write_bytes((text or POLICY.format(mode=mode, domain=f"{name}.test")).encode())
        self.serve(name, FILE.format(file=file, more=more), **how)

    def start(self):
        config = self.folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(CONFIG.format(folder=self.folder, user=user, servers="".join(self.servers)))
        self.process = subprocess.Popen([NGINX, "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(config)])
        wait_for(self.port, self.process, PATIENCE, self.address)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def zone(self):
        texts = [f'_mta-sts.{domain}. 60 TXT "v=STSv1; id={word};"' for domain, word in self.ids.items() if word]
        return "\n".join(self.records + texts) + "\n"

    def requests(self):
        """What was asked for: method, host, path, type and status of each."""
        file = self.folder / "access.log"
        return file.read_text().splitlines() if file.exists() else []
