"""nodemailer's smtp-server as a peer, from npm; see _peers.py."""

import os
import pathlib

from _peers import MAILBOXES, PASSWORD, USER, Peer

os.environ.setdefault("NODE_PATH", os.path.abspath("build/npm/node_modules"))
SCRIPT = pathlib.Path(__file__).with_suffix(".js")


class SmtpServer(Peer):
    PORTS = ("mx",)
    mechanisms = ("PLAIN", "LOGIN")

    def configure(self):
        (self.folder / "mailboxes").write_text("\n".join(MAILBOXES))

    def command(self):
        return ["node", SCRIPT, self.folder, str(self.mx), USER, PASSWORD], {}
