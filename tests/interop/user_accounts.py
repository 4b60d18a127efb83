"""`postrider user` as people and scripts use it: a prompt on a terminal, a line of stdin elsewhere, exit codes."""

import json
import os
import pathlib
import pty
import stat
import subprocess
import tempfile

POSTRIDER = os.path.abspath(os.environ.get("POSTRIDER", "build/release/postrider"))


def user(folder, *words, stdin=""):
    return subprocess.run([POSTRIDER, "user", *words], cwd=folder, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60)


def at_a_terminal(folder, words, answers):
    """What was shown, and the exit status; `answers` are (what is waited for, what is typed)."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execv(POSTRIDER, [POSTRIDER, "user", *words])
    shown = b""
    for prompt, answer in answers:
        while prompt not in shown.rsplit(b"\n", 1)[-1]:
            shown += os.read(terminal, 1024)
        os.write(terminal, answer + b"\n")
        shown += b"\n"
    while True:
        try:
            piece = os.read(terminal, 1024)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    return shown, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-user-") as name:
        folder = pathlib.Path(name)
        config = folder / "c.toml"
        config.write_text('[accounts]\nfile = "sub/users.toml"\n')
        file = folder / "sub" / "users.toml"

        added = user(folder, "add", "Fred@Example.org", "--config", "c.toml", stdin="pencil\nignored\n")
        assert (added.returncode, added.stdout) == (0, "added fred@example.org\n"), added
        assert stat.S_IMODE(file.stat().st_mode) == 0o600 and "pencil" not in file.read_text()
        assert user(folder, "add", "fred@example.org", "--config", "c.toml", stdin="chalk\n").returncode == 65
        assert user(folder, "add", "anna", "--config", "c.toml").returncode == 65, "no password"
        assert user(folder, "remove", "anna", "--config", "c.toml").returncode == 65
        assert user(folder, "list", "--config", "c.toml").stdout == "fred@example.org\n"

        shown, status = at_a_terminal(folder, ["add", "anna", "--config", "c.toml"],
                                      [(b"Password: ", b"pen cil"), (b"Once more: ", b"pen cil")])
        assert status == 0 and b"added anna" in shown and b"pen cil" not in shown, shown
        shown, status = at_a_terminal(folder, ["add", "otto", "--config", "c.toml"],
                                      [(b"Password: ", b"pencil"), (b"Once more: ", b"pensil")])
        assert status == 65 and b"pencil" not in shown, shown
        listed = json.loads(user(folder, "list", "--json", "--config", "c.toml").stdout)
        assert [each["name"] for each in listed] == ["anna", "fred@example.org"], listed
        assert user(folder, "remove", "ANNA", "--config", "c.toml").stdout == "removed anna\n"

        file.write_text("[[account]]\nname = 7\n")
        broken = user(folder, "list", "--config", "c.toml")
        assert broken.returncode == 78 and f"{file}:2: account[0].name" in broken.stderr, broken
        assert user(folder, "frobnicate").returncode == 64
    print("accounts are added, listed and removed")


if __name__ == "__main__":
    main()
