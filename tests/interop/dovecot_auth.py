"""A real Dovecot authenticates clients of ours: each mechanism, right and wrong passwords, users that do not exist."""

import os
import pathlib
import pwd
import grp
import socket
import subprocess
import sys
import tempfile
import time

LOGIN = os.environ["DOVECOT_LOGIN"]

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


def wait_for(path, process):
    """The file is there before anybody listens behind it."""
    end = time.monotonic() + 60
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(path))
                return
        except OSError:
            assert process.poll() is None and time.monotonic() < end, "Dovecot does not start"
            time.sleep(0.02)


def log_in(folder, mechanism, user, password):
    done = subprocess.run([LOGIN, folder / "auth-client", mechanism, user, password], stdout=subprocess.PIPE, text=True,
                          check=True, timeout=60)
    offered, result = done.stdout.rstrip("\n").rsplit("\n", 1)
    assert set(offered.split()[2:]) == {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"}, offered
    return result


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-dovecot-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        root = os.geteuid() == 0
        user = "dovecot" if root else pwd.getpwuid(os.geteuid()).pw_name
        group = "dovecot" if root else grp.getgrgid(os.getegid()).gr_name
        (folder / "run").mkdir()
        (folder / "users").write_text("fred:pencil::::::\nanna@example.org:pass word, = too::::::\n")
        (folder / "users").chmod(0o644)
        config = folder / "dovecot.conf"
        config.write_text(CONFIG.format(folder=folder, user=user, group=group))
        process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", config], stdout=subprocess.DEVNULL)
        try:
            wait_for(folder / "auth-client", process)
            for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"):
                for who, password in (("fred", "pencil"), ("anna@example.org", "pass word, = too")):
                    result = log_in(folder, mechanism, who, password)
                    assert result == f"235 2.7.0 Authenticated as {who}", f"{mechanism}: {result}"
                for who, password in (("fred", "chalk"), ("nobody", "pencil")):
                    result = log_in(folder, mechanism, who, password)
                    assert result == "535 5.7.8 Credentials are not good", f"{mechanism}: {result}"
            print("a real Dovecot lets in whom it should, by PLAIN, LOGIN, CRAM-MD5 and SCRAM-SHA-256")
        except BaseException:
            log = folder / "log"
            print(log.read_text() if log.exists() else "no log", file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait(60)


if __name__ == "__main__":
    main()
