"""aiosmtpd as a relay: its own Proxy handler hands on by Python's smtplib, while the client waits."""

import sys

from _peers import Peer

PROGRAM = """
import sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Proxy
port, relay = int(sys.argv[1]), int(sys.argv[2])
controller = Controller(Proxy("127.0.0.1", relay), hostname="127.0.0.1", port=port, ready_timeout=60)
controller.start()
while True:
    time.sleep(60)
"""


class AiosmtpdRelay(Peer):
    PORTS = ("mx",)

    def __init__(self, relay):
        """`relay`: the port that everything is handed on to."""
        self.relay = relay

    def configure(self):
        self.program = self.folder / "relay.py"
        self.program.write_text(PROGRAM)

    def command(self):
        return [sys.executable, self.program, self.mx, self.relay], {}
