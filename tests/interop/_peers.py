"""Real servers for tests, each from a configuration, folders and free ports of its own; nothing of the machine's own
mail system is read or touched.

    with Dovecot() as accounts, Postfix(accounts) as postfix:
        send_to(postfix.starttls); postfix.messages("bob")

What every peer has (None where it has no such thing):
    mx         port that takes mail for example.net without a login, with STARTTLS
    starttls   submission: a login is asked for after STARTTLS
    implicit   submission with TLS from the first octet
    lmtp       LMTP
    mechanisms what it offers under TLS
    accounts   the Dovecot that knows who may log in, where it is one
    authority  PEM file that says whom to trust; the certificate is for NAMES
    messages() what it delivered for one of MAILBOXES at example.net; others are refused by 550
Other ports are taken when somebody was quicker, and waiting is generous: the machine may be busy."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from _support import run

PEERS = pathlib.Path(os.environ.get("PEERS", "build/peers")).resolve()
USER, PASSWORD = "fred", "open sesame \u00fc"
MAILBOXES = ("bob", "carol", *(f"box{number}" for number in range(300)))
PATIENCE = 30
TRIES = 4
FIRST_USER = 64000  # of those that in_private() adds


def wait_for(port, process, seconds, address="127.0.0.1"):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((address, port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}")


def free_port():
    """A port below those that the kernel hands out by itself, which other tests use at the same time."""
    while True:
        port = random.SystemRandom().randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def greeted(port):
    """Somebody speaks SMTP there, not only listens, as whoever was quicker might."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            return client.recv(4).startswith(b"220")
    except OSError:
        return False


def make_certificate(folder, names="DNS:localhost"):
    """(certificate, key) as PEM files, signed by itself."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "7",
        "-subj", "/CN=localhost", "-addext", f"subjectAltName={names}", "-keyout", key, "-out", certificate)
    key.chmod(0o600)
    return certificate, key


def unpacked(name):
    """A program of the packages in scripts/peers.txt, and the environment in which it finds its libraries."""
    program = PEERS / "root" / name
    assert program.exists(), f"{program} is missing; ./dev setup fetches it"
    return program, {"LD_LIBRARY_PATH": ":".join(str(each) for each in (PEERS / "root/usr/lib").glob("*-linux-gnu"))}


# Should the test be killed, its end of the pipe is closed, and its servers go with it.
GUARD = 'read -r _ || kill -s TERM -- "-$1"'


class Peer:
    """A server as a context. A subclass names the ports it wants in PORTS, writes its configuration in configure() and
    returns in command() what to run, and with which more environment."""

    PORTS = ()
    NAMES = "DNS:localhost,IP:127.0.0.1"
    mx = starttls = implicit = lmtp = accounts = None
    mechanisms = ()

    def __enter__(self):
        assert os.geteuid() == 0, "servers that others wrote change users when they start: run this as root"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"postrider-{type(self).__name__.lower()}-"))
        self.folder.chmod(0o755)
        self.log, self.mail, self.process = self.folder / "log", self.folder / "mail", None
        try:
            self.authority, self.key = make_certificate(self.folder, self.NAMES)
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, kind=None, *_):
        self.stop()
        if kind is not None:
            print(f"--- {type(self).__name__}\n{self.log_text()}")
        # What a server began for a message may still be at it.
        end = time.monotonic() + PATIENCE
        while self.folder.exists() and time.monotonic() < end:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        for left in reversed(range(TRIES)):
            for name in self.PORTS:
                setattr(self, name, free_port())
            self.configure()
            command, environment = self.command()
            with (self.folder / "output").open("ab") as output:
                self.process = subprocess.Popen([str(word) for word in command], env={**os.environ, **environment},
                                                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                                start_new_session=True)
            self.guard = subprocess.Popen(["sh", "-c", GUARD, "sh", str(self.process.pid)], stdin=subprocess.PIPE,
                                          start_new_session=True)
            try:
                for name in self.PORTS:
                    wait_for(getattr(self, name), self.process, PATIENCE)
                    self.wait_until(lambda name=name: name == "implicit" or greeted(getattr(self, name)), "greets")
                self.ready()
                return
            except AssertionError as problem:
                # Not every server says that a port was taken.
                self.stop()
                assert left, f"{type(self).__name__} does not start: {problem}\n{self.log_text()}"

    def stop(self):
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        self.guard.kill()
        self.guard.wait()
        self.guard.stdin.close()

    def ready(self):
        """Whatever more a test has to wait for."""

    def wait_until(self, happened, what):
        end = time.monotonic() + PATIENCE
        while not happened():
            assert self.process.poll() is None and time.monotonic() < end, f"nothing {what}"
            time.sleep(0.02)

    def log_text(self):
        files = [self.folder / "output", self.log]
        return "\n".join(file.read_text(errors="replace") for file in files if file.is_file())

    def mailbox(self, local):
        return self.mail / local / "new"

    def messages(self, local, count=1):
        """`count` delivered messages as octets, waited for."""
        end = time.monotonic() + PATIENCE
        while True:
            files = list(self.mailbox(local).glob("*"))
            if len(files) >= count:
                assert len(files) == count, f"{len(files)} messages for {local}, expected {count}"
                return [file.read_bytes() for file in files]
            assert time.monotonic() < end, f"{len(files)} messages for {local} came, expected {count}"
            time.sleep(0.02)


PRIVATE = """set -eu
folder=$1; shift
for name in passwd group; do
  mount --bind "$folder/$name" "/etc/$name"
done
while [ "$1" != -- ]; do
  above=${1%/*}
  while [ ! -d "$above" ]; do above=${above%/*}; done
  mount -t tmpfs -o mode=755 none "$above"
  mkdir -p "$1"
  mount --bind "$2" "$1"
  shift 2
done
shift
exec "$@"
"""


def in_private(folder, users, binds, command):
    """The command with more users in /etc/passwd and with folders at the fixed paths that it wants, which only it sees:
    a mount namespace. `binds`: {path: folder}, each alone in its parent."""

    for name, line in (("passwd", "{0}:x:{1}:{1}::/nonexistent:/usr/sbin/nologin\n"), ("group", "{0}:x:{1}:\n")):
        text = pathlib.Path("/etc", name).read_text()
        present = {each.split(":")[0] for each in text.splitlines()}
        text += "".join(line.format(user, FIRST_USER + at) for at, user in enumerate(users) if user not in present)
        (folder / name).write_text(text)
    pairs = [str(word) for pair in binds.items() for word in pair]
    return ["unshare", "--mount", "sh", "-c", PRIVATE, "sh", folder, *pairs, "--", *command]
