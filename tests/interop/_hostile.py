"""`postrider fuzz --listen` as a next hop: a server that misbehaves as the catalogue says.

    with Hostile("closes-final", "polite") as hostile:
        send_to(hostile.port); hostile.settle()"""

import json
import queue
import subprocess
import threading
import time

from _support import POSTRIDER

PATIENCE = 60


class Hostile:
    """A server, as a context; each connection gets the next behaviour. `begun`: connections; `sessions`: what is known of
    those that have ended, as `--json` has it. `keep`: a folder for messages that came whole."""

    def __init__(self, *behaviours, keep=None):
        words = [word for name in behaviours for word in ("--behaviour", name)]
        if keep is not None:
            words += ["--keep", str(keep)]
        self.process = subprocess.Popen([POSTRIDER, "fuzz", "--listen", "127.0.0.1:0", "--json", *words], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stderr.readline()
        assert line.startswith("listening on 127.0.0.1:"), line
        self.port, self.begun, self.settled, self.sessions = int(line.rsplit(":", 1)[1]), 0, 0, []
        self.events = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def read(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def note(self, event):
        if event["event"] == "begin":
            self.begun += 1
        else:
            self.sessions.append(event)

    def connections(self):
        """How many have begun by now."""
        while not self.events.empty():
            self.note(self.events.get())
        return self.begun

    def settle(self):
        """The sessions since the last call, once they have ended. The client is done, so that what is to begin begins soon."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            over = len(self.sessions) > self.settled and self.begun == len(self.sessions)
            try:
                self.note(self.events.get(timeout=0.2 if over else max(0.1, end - time.monotonic())))
            except queue.Empty:
                break
        new, self.settled = self.sessions[self.settled:], len(self.sessions)
        return new
