"""What a sender may ask of the queue, end to end: a time for delivery (RFC 2852) that is kept, lost or over; reports of
success through an alias; and an alias of several mailboxes over LMTP, of which one fails."""

import smtplib
import socket
import time

from _peers import free_port
from _queue import Hop, QueueAgent, behind_trace, listener, until

SENDER = "fred@sender.example"
MESSAGE = b"From: <fred@sender.example>\r\nSubject: wishes\r\n\r\nThe end.\r\n"
TRUSTED = listener(more='relay_from = ["127.0.0.0/8"]')


def send(port, to, mail_options=(), rcpt_options=()):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo("client.example")
        assert "deliverby" in client.esmtp_features and "mt-priority" in client.esmtp_features, client.esmtp_features
        refused = client.sendmail(SENDER, to, MESSAGE, mail_options, rcpt_options)
        assert not refused, refused


def only_mail(hop, recipient):
    (found,) = [each.mail for each in hop.taken if recipient in each.recipients]
    return found


def deadlines():
    with Hop(offers=["DELIVERBY 5", "MT-PRIORITY"]) as quick, Hop() as deaf:
        routes = {"sender.example": "maildir", "quick.example": f"smtp://127.0.0.1:{quick.port}",
                  "deaf.example": f"smtp://127.0.0.1:{deaf.port}", "dead.example": f"smtp://127.0.0.1:{free_port()}"}
        with QueueAgent(routes, [TRUSTED], "mx.sender.example") as agent:
            # The next hop is told what is left; a trace is of the relay.
            send(agent.port, ["b@quick.example"], ["BY=600;RT", "MT-PRIORITY=3"])
            report = agent.report("b@quick.example")
            assert report.actions() == {"b@quick.example": "relayed"}, report.octets
            assert report.about["Deliver-By-Date"] is not None, report.octets
            mail = only_mail(quick, "b@quick.example")
            assert "MT-PRIORITY=3" in mail, mail
            left = int(mail.split("BY=")[1].split(";")[0])
            assert 590 <= left < 600 and mail.split(";")[1].startswith("RT"), mail

            # Not to who promises nothing, nor to who needs longer.
            send(agent.port, ["c@deaf.example"], ["BY=600;R"])
            report = agent.report("c@deaf.example")
            assert report.actions() == {"c@deaf.example": "failed"}, report.octets
            assert report.recipients["c@deaf.example"]["Status"] == "5.3.3", report.octets
            send(agent.port, ["c@quick.example"], ["BY=4;R"])
            report = agent.report("c@quick.example")
            assert report.recipients["c@quick.example"]["Status"] == "5.4.7", report.octets

            # Mode N goes there, and its sender hears that nobody will keep the time.
            send(agent.port, ["d@deaf.example"], ["BY=600;N"])
            report = agent.report("d@deaf.example")
            assert report.actions() == {"d@deaf.example": "relayed"}, report.octets
            assert "BY=" not in only_mail(deaf, "d@deaf.example"), deaf.taken
            assert set(deaf.recipients()) == {"d@deaf.example"}, deaf.recipients()

            # Nobody is there: at the time and not much later, however long the host is left alone.
            began = time.monotonic()
            send(agent.port, ["e@dead.example"], ["BY=4;R"])
            send(agent.port, ["f@dead.example"], ["BY=4;N"])
            report = agent.report("e@dead.example")
            assert time.monotonic() - began < 15, "too late"
            assert report.actions() == {"e@dead.example": "failed"}, report.octets
            assert report.recipients["e@dead.example"]["Status"] == "5.4.7", report.octets
            report = agent.report("f@dead.example")
            assert report.actions() == {"f@dead.example": "delayed"}, report.octets
            assert [each["recipients"][0]["address"] for each in agent.queued()] == ["f@dead.example"], agent.queued()
            agent.queue("drop", agent.queued()[0]["id"], status=None)


def expanded():
    """RFC 3461 5.2.7.3: one report of the expansion, none of what becomes of the targets; of a single target its own."""
    with QueueAgent({"sender.example": "maildir", "here.example": "maildir"}, [TRUSTED], "mx.here.example") as agent:
        agent.stop()
        (agent.folder / "aliases").write_text("team@here.example: ann@here.example, bob@here.example\n"
                                              "one@here.example: ann@here.example\n")
        with agent.config.open("a") as config:
            config.write('[aliases]\nfile = "aliases"\n')
        agent.start()
        send(agent.port, ["team@here.example"], ["ENVID=abc"], ["NOTIFY=SUCCESS,FAILURE"])
        report = agent.report("team@here.example")
        assert report.actions() == {"team@here.example": "expanded"}, report.octets
        assert report.recipients["team@here.example"]["Status"].startswith("2."), report.octets
        assert report.about["Original-Envelope-Id"] == "abc", report.octets
        send(agent.port, ["one@here.example"], (), ["NOTIFY=SUCCESS"])
        report = agent.report("ann@here.example")
        assert report.actions() == {"ann@here.example": "delivered"}, report.octets
        assert report.original("ann@here.example").replace(" ", "") == "rfc822;one@here.example", report.octets
        for message in agent.messages("ann", "here.example", 2) + agent.messages("bob", "here.example"):
            behind_trace(message, MESSAGE)
        agent.until_empty()
        agent.messages("fred", "sender.example", 2)  # and no other report


def lmtp_alias():
    """Of two mailboxes one fails: the other one gets the message once, and the one that failed when it can."""
    with QueueAgent({"here.example": "maildir"}, [listener("lmtp")], "mx.here.example") as agent:
        agent.stop()
        (agent.folder / "aliases").write_text("team@here.example: ann@here.example, bob@here.example\n")
        with agent.config.open("a") as config:
            config.write('[aliases]\nfile = "aliases"\n')
        blocked = agent.mail / "here.example" / "bob"
        blocked.parent.mkdir(parents=True)
        blocked.write_text("a file where a folder should be")
        agent.start()
        with socket.create_connection(("127.0.0.1", agent.port), 60) as peer, peer.makefile("rwb") as lines:
            def say(line, code):
                if line:
                    lines.write(line + b"\r\n")
                    lines.flush()
                while True:
                    reply = lines.readline()
                    assert reply.startswith(code), (line, reply)
                    if reply[3:4] != b"-":
                        return
            say(b"", b"220")
            say(b"LHLO client.example", b"250")
            say(b"MAIL FROM:<fred@sender.example>", b"250")
            say(b"RCPT TO:<team@here.example>", b"250")
            say(b"DATA", b"354")
            say(MESSAGE + b".", b"250")
            say(b"QUIT", b"221")
        agent.messages("ann", "here.example")
        until(lambda: any(each["recipients"][0]["attempts"] > 1 for each in agent.queued()), "it is not tried again")
        blocked.unlink()
        agent.messages("bob", "here.example")
        agent.until_empty()
        agent.messages("ann", "here.example")  # still one


deadlines()
expanded()
lmtp_alias()
print("what was asked for was done")
