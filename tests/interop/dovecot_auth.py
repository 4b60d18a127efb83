"""`postrider serve` with a real Dovecot behind it: each mechanism, right and wrong passwords, users that do not exist, and a
Dovecot that comes late, goes and comes back."""

import os
import pathlib
import pwd
import grp
import signal
import smtplib
import ssl
import subprocess
import sys
import tempfile
import time

from _support import POSTRIDER, listening_ports, run

SERVE = """hostname = "localhost"
state = "state"
[console]
address = ""
[tls]
backend = "openssl"
[[listen]]
address = "127.0.0.1:0"
role = "submission"
tls = "implicit"
[[route]]
domains = ["example.net"]
deliver = "discard"
[accounts]
dovecot = "auth-client"
"""
CONFIG = """base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols =
ssl = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
auth_mechanisms = plain login cram-md5 scram-sha-256
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}
}}
service auth {{
  unix_listener {folder}/auth-client {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
}}
"""


MECHANISMS = {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"}
SECONDS = 30  # the agent looks for Dovecot every other second


class Dovecot:
    def __init__(self, folder):
        root = os.geteuid() == 0
        user = "dovecot" if root else pwd.getpwuid(os.geteuid()).pw_name
        group = "dovecot" if root else grp.getgrgid(os.getegid()).gr_name
        (folder / "run").mkdir()
        (folder / "users").write_text("fred:pencil::::::\nanna@example.org:pass word, = too::::::\n")
        (folder / "users").chmod(0o644)
        self.config = folder / "dovecot.conf"
        self.config.write_text(CONFIG.format(folder=folder, user=user, group=group))
        self.socket = folder / "auth-client"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", self.config], stdout=subprocess.DEVNULL)
        until(self.socket.exists, "Dovecot does not start")

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        self.process.wait(20)
        self.process = None
        self.socket.unlink(missing_ok=True)


class Agent:
    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "postrider.toml"
        self.config.write_text(SERVE)
        self.log = folder / "postrider.log"
        self.process = subprocess.Popen([POSTRIDER, "serve", "--config", self.config], stderr=self.log.open("w"))
        self.port = listening_ports(self.log, self.process, 1)[0]
        self.certificate = folder / "state" / "certificate.pem"

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0

    def connect(self):
        context = ssl.create_default_context(cafile=self.certificate)
        client = smtplib.SMTP_SSL("localhost", self.port, context=context, timeout=30)
        client.ehlo("client.example")
        return client

    def offered(self):
        with self.connect() as client:
            return set(client.esmtp_features.get("auth", "").split())

    def auth_plain(self):
        with self.connect() as client:
            return client.docmd("AUTH", "PLAIN AGZyZWQAcGVuY2ls")

    def send(self, mechanism, user, password):
        return run(POSTRIDER, "send", "--server", f"localhost:{self.port}", "--tls", "implicit", "--ca", self.certificate,
                   "--auth", mechanism, "--user", user, "--password-env", "SECRET", "--from", "fred@example.org", "--to",
                   "bob@example.net", "--subject", "s", "--body", "b", status=None, environment={"SECRET": password})


def until(condition, problem):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, problem
        time.sleep(0.1)


def each_mechanism(agent):
    for mechanism in sorted(MECHANISMS):
        for who, password in (("fred", "pencil"), ("anna@example.org", "pass word, = too")):
            done = agent.send(mechanism, who, password)
            assert done.returncode == 0, (mechanism, done)
            assert f"user={who}" in agent.log.read_text(), mechanism
        for who, password in (("fred", "chalk"), ("nobody", "pencil")):
            done = agent.send(mechanism, who, password)
            assert done.returncode == 77 and b"535 5.7.8" in done.stderr + done.stdout, (mechanism, done)


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-dovecot-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        dovecot = Dovecot(folder)
        agent = None
        try:
            agent = Agent(folder)
            assert "no AUTH is offered until it is" in agent.log.read_text(), "the warning at the start"
            assert agent.offered() == set(), "what is not known is not offered"
            dovecot.start()
            until(lambda: agent.offered() == MECHANISMS, "Dovecot is not found when it comes")
            each_mechanism(agent)
            dovecot.stop()
            code, text = agent.auth_plain()
            assert (code, text[:5]) == (454, b"4.7.0"), (code, text)
            agent.process.send_signal(signal.SIGHUP)
            until(lambda: "AUTH is answered 454 until it is" in agent.log.read_text(), "a reload looks for Dovecot")
            dovecot.start()
            until(lambda: agent.auth_plain()[0] == 235, "Dovecot is not found when it is back")
            done = run(POSTRIDER, "user", "list", "--config", agent.config, status=78)
            assert b"Dovecot keeps the accounts" in done.stderr, done.stderr
            agent.stop()
            # And one that is there from the beginning.
            agent = Agent(folder)
            assert agent.offered() == MECHANISMS
            agent.stop()
            print("a real Dovecot lets in whom it should, by PLAIN, LOGIN, CRAM-MD5 and SCRAM-SHA-256, and may come and go")
        except BaseException:
            for log in (folder / "log", folder / "postrider.log"):
                print(log.read_text() if log.exists() else f"no {log}", file=sys.stderr)
            raise
        finally:
            dovecot.stop()
            if agent is not None and agent.process.poll() is None:
                agent.process.kill()
                agent.process.wait()


if __name__ == "__main__":
    main()
