"""A submission service of ours with one account, for clients that others wrote."""

import pathlib
import subprocess

from _support import POSTRIDER, listening_ports, run

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
[[route]]
domains = ["moved.example"]
deliver = "reject:This domain has moved"
"""
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
