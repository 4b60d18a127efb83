"""User agent -> submission (TLS, AUTH) -> the queue -> MX -> a second Postrider -> LMTP -> Dovecot, read back by IMAP; by
TCP and by Dovecot's socket, with recipients that Dovecot refuses or has no room for at the moment."""

import contextlib
import re

from _dovecot import Dovecot
from _peers import PASSWORD, free_port
from _queue import QueueAgent, behind_trace, listener, until
from _support import POSTRIDER, run

SENDER = "fred@sender.example"
HEADER = (b"From: <fred@sender.example>\r\nTo: <all@tcp.example>\r\nSubject: end to end\r\n"
          b"Date: Sat, 1 Aug 2026 12:00:00 +0000\r\nMessage-ID: <1@sender.example>\r\n")
MESSAGES = {
    "dots and 8-bit": HEADER + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                               b"Content-Transfer-Encoding: 8bit\r\n\r\n.\r\n..\r\n.leading dot\r\n"
                               + "Zwölf Boxkämpfer. ☃\r\n".encode() + b"From here\r\n\r\nend without more\r\n",
    "one line": HEADER + b"\r\nThe end.\r\n",
    "longest lines": HEADER + b"\r\n" + (b"x" * 998 + b"\r\n") * 5 + b"." * 998 + b"\r\n",
    "two MiB": HEADER + b"\r\n" + b"".join(b".%07d and so on, until the line is long enough\r\n" % line
                                          for line in range(40000)),
}
# The MX of both domains is the second agent, which hands them over by other ways. Reports go back to the first.
ZONE = """tcp.example. MX 10 mx.example.net.
sock.example. MX 10 mx.example.net.
sender.example. MX 10 mail.sender.example.
mx.example.net. A 127.0.0.1
mail.sender.example. A 127.0.0.1
"""


class Setting:
    def __init__(self, stack):
        self.dovecot = stack.enter_context(Dovecot(lmtp=True, imap=True))
        first, second = free_port(), free_port()
        self.second = stack.enter_context(QueueAgent(
            {"tcp.example": f"lmtp://127.0.0.1:{self.dovecot.lmtp}",
             "sock.example": f"lmtp+unix:{self.dovecot.lmtp_socket}",
             "*": f"mx:{first}"},
            [listener(tls="starttls", port=second)], "mx.example.net", ZONE))
        self.first = QueueAgent({"sender.example": "maildir", "*": f"mx:{second}"},
                                [listener(tls="starttls", port=first), listener("submission", "starttls")],
                                "mail.sender.example", ZONE)
        run(POSTRIDER, "user", "add", "fred", "--config", self.first.config, stdin=PASSWORD.encode() + b"\n")
        stack.enter_context(self.first)

    def submit(self, message, *to):
        done = run("swaks", "--server", "127.0.0.1", "--port", self.first.ports[1], "-tls", "--auth", "PLAIN", "--auth-user",
                   "fred", "--auth-password", PASSWORD, "--from", SENDER, "--to", ",".join(to), "--data", "-",
                   stdin=message[:-2])  # swaks ends the last line itself
        assert re.search(rb"250 2\.0\.0 Ok: queued as", done.stdout), done.stdout

    def drained(self):
        self.first.until_empty()
        self.second.until_empty()
        self.first.until_empty()


def the_same_octets(setting):
    boxes = iter(range(100))
    for name, message in MESSAGES.items():
        for domain in ("tcp.example", "sock.example"):
            box = f"box{next(boxes)}"
            setting.submit(message, f"{box}@{domain}")
            fields = behind_trace(setting.dovecot.read(box)[0], message)
            received = [each for each in fields if each.startswith("Received:")]
            assert len(received) == 3, (name, received)
            assert "by mx.example.net with ESMTPS id" in " ".join(received[1].split()), received
            assert "by mail.sender.example with ESMTPSA id" in " ".join(received[2].split()), received
            assert f"Return-Path: <{SENDER}>" in fields, fields
    setting.drained()


def one_is_refused(setting):
    for number, domain in enumerate(("tcp.example", "sock.example")):
        box = f"box{50 + number}"
        setting.submit(MESSAGES["dots and 8-bit"], f"{box}@{domain}", f"stranger@{domain}")
        behind_trace(setting.dovecot.read(box)[0], MESSAGES["dots and 8-bit"])
        report = setting.first.report(f"stranger@{domain}")
        assert report.actions() == {f"stranger@{domain}": "failed"}, report.octets
        fields = report.recipients[f"stranger@{domain}"]
        assert fields["Status"] == "5.1.1" and fields["Diagnostic-Code"].startswith("smtp; 550 5.1.1"), report.octets
        assert report.about["Reporting-MTA"] == "dns; mx.example.net", report.octets
        assert b"unix:" not in report.octets, report.octets  # where the socket lies is told to nobody
        assert b"Return-Path: <>" in report.octets and b"Subject: end to end" in report.octets, report.octets
    setting.drained()


def one_waits(setting):
    """After the content LMTP answers for each recipient by itself: who has the message does not get it again when it comes
    for the other one."""
    mail = setting.dovecot.mail / "box61"
    mail.write_text("no folder, so nothing can be delivered into it")
    setting.submit(MESSAGES["one line"], "box60@sock.example", "box61@sock.example")
    setting.dovecot.read("box60")

    def waiting():
        return [each for each in setting.second.queued() if each["state"] == "deferred"]

    entry = until(waiting, "nobody waits")[0]
    assert [each["address"] for each in entry["recipients"]] == ["box61@sock.example"], entry
    assert entry["recipients"][0]["last_reply"].startswith("4"), entry
    mail.unlink()
    setting.dovecot.read("box61")
    setting.drained()
    behind_trace(setting.dovecot.read("box60")[0], MESSAGES["one line"])


def main():
    with contextlib.ExitStack() as stack:
        setting = Setting(stack)
        the_same_octets(setting)
        one_is_refused(setting)
        one_waits(setting)


main()
