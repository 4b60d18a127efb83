"""OpenSMTPD as a peer; see _peers.py. In clear alone: Debian 12's cannot sign under OpenSSL 3."""

import os

from _peers import MAILBOXES, Peer, in_private, unpacked

USERS = ("opensmtpd", "opensmtpq")
CONFIG = """table mailboxes {{ {mailboxes} }}
listen on 127.0.0.1 port {mx} hostname localhost
smtp max-message-size "50M"
{main}
action "keep" maildir "{folder}/mail/%{{rcpt.user}}" virtual <mailboxes>
{relay}
match from any for domain "example.net" action "keep"
match from any for any reject
"""
RELAY = """action "relay" relay host "smtp://127.0.0.1:{port}"
match from any for {domains} action "relay"
"""


class OpenSmtpd(Peer):
    PORTS = ("mx",)

    def __init__(self, relay=None, domains='! domain "example.net"', main=""):
        """`relay`: a port at which mail for `domains` is handed on, from anybody; `main`: more lines."""
        self.relay, self.domains, self.main = relay, domains, main

    def configure(self):
        self.program, self.environment = unpacked("usr/sbin/smtpd")
        for name, owner in (("queue", 0), ("empty", 0), ("run", 0), ("mail", 65534)):
            (self.folder / name).mkdir(exist_ok=True)
            os.chown(self.folder / name, owner, -1)
        (self.folder / "queue").chmod(0o711)
        (self.folder / "smtpd.conf").write_text(CONFIG.format(
            folder=self.folder, mx=self.mx, main=self.main,
            relay=RELAY.format(port=self.relay, domains=self.domains) if self.relay else "",
            mailboxes=", ".join(f'"{each}@example.net" = "nobody"' for each in MAILBOXES)))

    def command(self):
        binds = {"/var/spool/smtpd": self.folder / "queue", "/var/lib/opensmtpd/empty": self.folder / "empty",
                 "/run/smtpd": self.folder / "run", "/usr/libexec/opensmtpd": unpacked("usr/libexec/opensmtpd")[0]}
        command = [self.program, "-d", "-f", self.folder / "smtpd.conf"]
        return in_private(self.folder, USERS, binds, command), self.environment
