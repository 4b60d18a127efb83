"""Haraka as a peer, from npm; see _peers.py."""

import os
import pathlib
import shutil

from _peers import MAILBOXES, Peer
from _support import run

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = pathlib.Path(os.environ.get("NODE_PATH", "build/npm/node_modules")).resolve() / "Haraka"
CONFIG = {
    "smtp.ini": "listen=127.0.0.1:{mx}\nnodes=0\n",
    "me": "localhost\n",
    "log.ini": "level=notice\n",
    "plugins": "tls\nmailboxes\n",
    "mailboxes": "{mailboxes}\n",
}


class Haraka(Peer):
    PORTS = ("mx",)

    def configure(self):
        config, plugins = self.folder / "config", self.folder / "plugins"
        assert PACKAGE.exists(), f"{PACKAGE} is missing; ./dev test fetches it"
        shutil.copytree(PACKAGE / "config", config, dirs_exist_ok=True)  # what `haraka --install` does
        for each in (plugins, self.folder / "queue"):
            each.mkdir(exist_ok=True)
        for name, text in CONFIG.items():
            (config / name).write_text(text.format(mx=self.mx, mailboxes="\n".join(MAILBOXES)))
        shutil.copy(self.authority, config / "tls_cert.pem")
        shutil.copy(self.key, config / "tls_key.pem")
        # It would make some by itself, for minutes.
        run("openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out",
            config / "dhparams.pem")
        shutil.copy(HERE / "_haraka.js", plugins / "mailboxes.js")

    def command(self):
        return ["node", PACKAGE / "haraka.js"], {"HARAKA": str(self.folder)}
