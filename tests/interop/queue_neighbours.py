"""Postfix, Exim and OpenSMTPD on either side of the queue: what one hands to us arrives at the next as it was, refusals and
DSN requests too; and what an operator does to the queue meanwhile."""

import concurrent.futures
import contextlib
import email
import email.policy
import json
import re
import smtplib

from _dovecot import Dovecot
from _exim import Exim
from _opensmtpd import OpenSmtpd
from _peers import PASSWORD, USER, free_port
from _postfix import Postfix
from _queue import Hop, QueueAgent, behind_trace, listener, until

SENDER = "fred@sender.example"
HEADER = (b"From: <fred@sender.example>\r\nTo: <bob@example.net>\r\nSubject: between neighbours\r\n"
          b"Date: Sat, 1 Aug 2026 12:00:00 +0000\r\nMessage-ID: <1@sender.example>\r\n")
EIGHT_BIT = (HEADER + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
             b".\r\n..\r\n.leading dot\r\n\r\n" + "Zwölf Boxkämpfer jagen Viktor. ☃\r\n".encode() + b"end\r\n")
LARGE = HEADER + b"\r\n" + b"".join(b".%07d and so on, until the line is long enough to be one of many\r\n" % line
                                    for line in range(5 * 1024 * 1024 // 65))
PLAIN = HEADER + b"\r\nThe end.\r\n"
RELAY_FROM = 'relay_from = ["127.0.0.1/32"]'


def submit(port, message, to, sender=SENDER, mail_options=(), rcpt_options=()):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo("client.example")
        refused = client.sendmail(sender, to, message, mail_options, rcpt_options)
        assert not refused, refused


BOXES = iter([f"box{number}" for number in range(300)])  # one for each message; several threads take them


def to_each(neighbour, send, agent):
    """8-bit content, a large message, and several recipients with some refused; `send(message, to, options)`."""
    name = type(neighbour).__name__
    for message, options in ((EIGHT_BIT, ["BODY=8BITMIME"]), (LARGE, [])):
        box = next(BOXES)
        send(message, [f"{box}@example.net"], options)
        behind_trace(neighbour.messages(box)[0], message)
    good = [next(BOXES) for _ in range(3)]
    send(PLAIN, [f"{local}@example.net" for local in (good[0], "stranger", good[1], "nobody", good[2])], [])
    for box in good:
        behind_trace(neighbour.messages(box)[0], PLAIN)
    report = agent.report("stranger@example.net")
    assert report.actions() == {"stranger@example.net": "failed", "nobody@example.net": "failed"}, (name, report.octets)
    for fields in report.recipients.values():
        assert fields["Status"].startswith("5.") and fields["Diagnostic-Code"].startswith("smtp; 5"), (name, report.octets)
    assert b"Subject: between neighbours" in report.octets, report.octets
    agent.until_empty()


def smtputf8(neighbour, agent):
    box = next(BOXES)
    content = HEADER.replace(b"between neighbours", "zwischen Nachbarn, größer".encode()) + b"\r\nThe end.\r\n"
    submit(agent.port, content, [f"{box}@example.net"], "frédéric@sender.example", ["SMTPUTF8", "BODY=8BITMIME"])
    behind_trace(neighbour.messages(box)[0], content)
    agent.until_empty()


def no_smtputf8(agent):
    """OpenSMTPD has no SMTPUTF8: what needs it cannot go there, and the sender is told."""
    content = HEADER.replace(b"between neighbours", "größer".encode()) + b"\r\nThe end.\r\n"
    submit(agent.port, content, ["bob@example.net"], "frédéric@sender.example", ["SMTPUTF8", "BODY=8BITMIME"])
    report = agent.report("bob@example.net", "frédéric")
    fields = report.recipients["bob@example.net"]
    assert fields["Action"] == "failed" and fields["Status"].startswith("5.6."), report.octets
    agent.until_empty()


def outgoing(stack, neighbour, **more):
    """An agent from which everything for example.net goes to `neighbour`, by a smart host or by MX."""
    where = more.get("where", f"smtp://127.0.0.1:{neighbour.mx}")
    zone = "example.net. MX 10 mx.example.net.\nmx.example.net. A 127.0.0.1\n"
    return stack.enter_context(QueueAgent({"sender.example": "maildir", "example.net": (where, more.get("route", ""))},
                                          [listener(more=RELAY_FROM)], "mx.sender.example", zone))


def to_neighbour(make):
    with contextlib.ExitStack() as stack:
        neighbour = stack.enter_context(make())
        agent = outgoing(stack, neighbour, where=f"mx:{neighbour.mx}")
        to_each(neighbour, lambda message, to, options: submit(agent.port, message, to, mail_options=options), agent)
        if isinstance(neighbour, OpenSmtpd):
            no_smtputf8(agent)
            return
        smtputf8(neighbour, agent)
        # A smart host with an account, over TLS that is needed for it.
        password = agent.folder / "password"
        password.write_text(PASSWORD + "\n")
        for scheme, port in (("smtp", neighbour.starttls), ("smtps", neighbour.implicit)):
            login = f'tls = "required"\nuser = "{USER}"\npassword_file = "{password}"'
            with contextlib.ExitStack() as inner:
                other = outgoing(inner, neighbour, where=f"{scheme}://127.0.0.1:{port}", route=login)
                box = next(BOXES)
                submit(other.port, PLAIN, [f"{box}@example.net"])
                behind_trace(neighbour.messages(box)[0], PLAIN)
                other.until_empty()


def between_neighbours(make_first, make_last):
    """One as the first hop, another one as the last one, we between them; and Maildirs of ours beside that."""
    with contextlib.ExitStack() as stack:
        last = stack.enter_context(make_last())
        agent = stack.enter_context(QueueAgent(
            {"sender.example": "maildir", "here.example": "maildir", "example.net": f"smtp://127.0.0.1:{last.mx}"}))
        first = stack.enter_context(make_first(agent.port))
        to_each(last, lambda message, to, options: submit(first.mx, message, to, mail_options=options), agent)
        # Into a Maildir of ours, at once and beside a recipient for whom there is the queue.
        box = next(BOXES)
        submit(first.mx, EIGHT_BIT, ["ann@here.example", f"{box}@example.net"], mail_options=["BODY=8BITMIME"])
        behind_trace(agent.messages("ann", "here.example")[0], EIGHT_BIT)
        behind_trace(last.messages(box)[0], EIGHT_BIT)
        agent.until_empty()


def delivery_status(accounts):
    """Postfix is handed the DSN requests, and reports success to the sender through us."""
    with contextlib.ExitStack() as stack:
        back = free_port()
        # It takes the mailboxes of example.net alone, and hands its reports to us.
        postfix = stack.enter_context(Postfix(accounts, f"relayhost = [127.0.0.1]:{back}\n"))
        agent = stack.enter_context(QueueAgent(
            {"sender.example": "maildir", "example.net": f"smtp://127.0.0.1:{postfix.mx}"}, [listener(port=back)],
            "mx.sender.example"))
        box = next(BOXES)
        submit(back, PLAIN, [f"{box}@example.net"], mail_options=["RET=HDRS", "ENVID=QQ+2B314"],
               rcpt_options=["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;bob+2Btag@example.org"])
        postfix.messages(box)
        report = agent.report(f"{box}@example.net")
        assert report.about["Reporting-MTA"] == "dns; localhost", report.octets
        assert report.about["Original-Envelope-Id"] in ("QQ+314", "QQ+2B314"), report.octets
        assert report.actions() == {f"{box}@example.net": "delivered"}, report.octets
        assert report.original(f"{box}@example.net") == "rfc822;bob+tag@example.org", report.octets
        assert b"The end." not in report.octets, report.octets  # RET=HDRS
        # NEVER, to one who is refused and to one who is not.
        box = next(BOXES)
        submit(back, PLAIN, [f"{box}@example.net", "stranger@example.net"], rcpt_options=["NOTIFY=NEVER"])
        postfix.messages(box)
        # SUCCESS alone asks for no report of a failure, RFC 3461 4.1; FAILURE asks for one, and RET=FULL for everything.
        submit(back, PLAIN, ["stranger@example.net"], rcpt_options=["NOTIFY=SUCCESS"])
        submit(back, PLAIN, ["nobody@example.net"], mail_options=["RET=FULL", "ENVID=second"],
               rcpt_options=["NOTIFY=FAILURE", "ORCPT=rfc822;no+2Bbody@example.org"])
        agent.until_empty()
        report = agent.report("nobody@example.net")
        agent.messages("fred", "sender.example", 2)  # and no more
        assert report.actions() == {"nobody@example.net": "failed"}, report.octets
        assert report.about["Original-Envelope-Id"] == "second", report.octets
        assert report.original("nobody@example.net").replace(" ", "") == "rfc822;no+body@example.org", report.octets
        assert b"The end." in report.octets, report.octets


def relayed(accounts):
    """Where the next hop has no DSN, we say that the message was relayed, RFC 3461 5.2.2."""
    with contextlib.ExitStack() as stack:
        deaf = stack.enter_context(Postfix(accounts, "smtpd_discard_ehlo_keywords = dsn\n"))
        agent = outgoing(stack, deaf)
        box, quiet = next(BOXES), next(BOXES)
        submit(agent.port, PLAIN, [f"{box}@example.net"], mail_options=["ENVID=one"], rcpt_options=["NOTIFY=SUCCESS"])
        report = agent.report(f"{box}@example.net")
        assert report.actions() == {f"{box}@example.net": "relayed"}, report.octets
        assert report.recipients[f"{box}@example.net"]["Status"].startswith("2."), report.octets
        assert report.about["Original-Envelope-Id"] == "one", report.octets
        submit(agent.port, PLAIN, [f"{quiet}@example.net"])
        deaf.messages(quiet)
        agent.until_empty()
        agent.messages("fred", "sender.example")  # and no other


def success_reports(make):
    """Who offers DSN is handed the request, and reports success to the sender through us; where it is not offered we say
    that the message was relayed."""
    with contextlib.ExitStack() as stack:
        back = free_port()
        neighbour = stack.enter_context(make(back))
        agent = stack.enter_context(QueueAgent(
            {"sender.example": "maildir", "example.net": f"smtp://127.0.0.1:{neighbour.mx}"}, [listener(port=back)],
            "mx.sender.example"))
        with smtplib.SMTP("127.0.0.1", neighbour.mx, timeout=60) as client:
            client.ehlo("client.example")
            offered = "dsn" in client.esmtp_features
        box = next(BOXES)
        submit(back, PLAIN, [f"{box}@example.net", "stranger@example.net"], mail_options=["RET=HDRS", "ENVID=QQ+2B314"],
               rcpt_options=["NOTIFY=SUCCESS,FAILURE"])
        behind_trace(neighbour.messages(box)[0], PLAIN)
        def told(address):
            """OpenSMTPD's reports are no multipart/report, so that the octets are looked at."""
            reports = [file.read_bytes() for file in agent.files("fred", "sender.example")]
            found = [each for each in reports if re.search(rb"Final-Recipient: ?rfc822; ?<?" + address.encode(), each, re.I)]
            assert len(found) < 2, found
            return found[0] if found else None

        report = until(lambda: told(f"{box}@example.net"), "no report of success came")
        assert (b"Action: delivered" if offered else b"Action: relayed") in report, report
        assert (b"dns; localhost" if offered else b"dns; mx.sender.example") in report, report
        # The failure is told once, by us or by who has found out later.
        report = until(lambda: told("stranger@example.net"), "no report of the failure came")
        assert b"Action: failed" in report and b"Status: 5." in report, report
        agent.until_empty()


def seven_bits(accounts):
    with contextlib.ExitStack() as stack:
        postfix = stack.enter_context(Postfix(accounts, "smtpd_discard_ehlo_keywords = 8bitmime, chunking, smtputf8, dsn\n"))
        agent = outgoing(stack, postfix)
        box = next(BOXES)
        submit(agent.port, EIGHT_BIT, [f"{box}@example.net"], mail_options=["BODY=8BITMIME"])
        arrived = postfix.messages(box)[0]
        assert arrived.isascii(), arrived
        parsed, sent = (email.message_from_bytes(each, policy=email.policy.default) for each in (arrived, EIGHT_BIT))
        assert parsed["Content-Transfer-Encoding"] in ("quoted-printable", "base64"), arrived
        assert parsed.get_content().replace("\r\n", "\n") == sent.get_content().replace("\r\n", "\n"), arrived
        for name in ("From", "To", "Subject", "Date", "Message-ID"):
            assert parsed[name] == sent[name], (name, arrived)
        # The header cannot be converted.
        submit(agent.port, HEADER.replace(b"between", "größer".encode()) + b"\r\nx\r\n", ["bob@example.net"],
               mail_options=["BODY=8BITMIME", "SMTPUTF8"])
        report = agent.report("bob@example.net")
        assert report.recipients["bob@example.net"]["Status"].startswith("5.6."), report.octets
        agent.until_empty()


def only(agent):
    entries = agent.queued()
    assert len(entries) == 1, entries
    return entries[0]


def comes_back():
    """A next hop that nobody can reach, and an operator who looks after it."""
    port = free_port()
    with QueueAgent({"sender.example": "maildir", "hop.example": f"smtp://127.0.0.1:{port}"}) as agent:
        submit(agent.port, PLAIN, ["a@hop.example"])
        until(lambda: only(agent)["state"] == "deferred", "nothing was tried")
        entry = only(agent)
        assert entry["sender"] == SENDER and entry["size"] > len(PLAIN) and len(entry["recipients"]) == 1, entry
        recipient = entry["recipients"][0]
        assert recipient["address"] == "a@hop.example" and recipient["attempts"] >= 1, entry
        assert "refused" in recipient["last_reply"] or recipient["last_reply"].startswith("4"), entry
        # On the agent that is stopped, too; and it knows it afterwards.
        agent.stop()
        stopped = only(agent)
        assert stopped["id"] == entry["id"] and stopped["state"] in ("ready", "deferred"), stopped
        agent.start()
        # Held ones stay when the host is back.
        held = json.loads(agent.queue("hold", entry["id"], "--json").stdout)
        assert held == {"action": "hold", "id": entry["id"], "changed": True}, held
        submit(agent.port, PLAIN, ["b@hop.example"])
        submit(agent.port, PLAIN, ["dropped@hop.example"])
        dropped = [each["id"] for each in agent.queued() if each["recipients"][0]["address"] == "dropped@hop.example"][0]
        until(lambda: agent.queue("drop", dropped, status=None).returncode == 0, "it cannot be dropped")
        agent.queue("show", dropped, status=65)
        with Hop(port=port) as hop:
            # By itself, though the host was left alone for a while because it could not be reached.
            until(lambda: "b@hop.example" in hop.recipients(), "it is not tried again")
            until(lambda: len(agent.queued()) == 1, "more is left than is held")
            assert only(agent)["state"] == "held", agent.queued()
            agent.queue("retry", entry["id"], status=65)
            agent.queue("release", entry["id"])
            until(lambda: "a@hop.example" in hop.recipients(), "it is not released")
            agent.until_empty()
            assert hop.recipients() == {"a@hop.example": 1, "b@hop.example": 1}, hop.recipients()
            for each in hop.taken:
                behind_trace(each.content, PLAIN)
        # A retry that somebody asks for does not wait for the host's rest to be over.
        submit(agent.port, PLAIN, ["c@hop.example"])
        until(lambda: only(agent)["recipients"][0]["attempts"] >= 1, "nothing was tried")
        waiting = only(agent)["id"]
        with Hop(port=port) as hop:
            asked = agent.queue("retry", waiting, status=None)
            assert asked.returncode == 0 or hop.recipients(), asked  # on a slow machine its own retry may come first
            until(lambda: hop.recipients(), "it is not tried when somebody says so", 10)
            agent.until_empty()
        # Stopped and empty.
        agent.stop()
        assert agent.queued() == []


def main():
    with Dovecot() as accounts, concurrent.futures.ThreadPoolExecutor(3) as workers:
        def postfix():
            return Postfix(accounts)

        jobs = [(between_neighbours, lambda port: Postfix(relay=port, main="virtual_mailbox_domains =\n"), Exim),
                (between_neighbours, lambda port: Exim(port, "*"), OpenSmtpd),
                (between_neighbours, lambda port: OpenSmtpd(port, "any"), postfix),
                (to_neighbour, postfix), (to_neighbour, Exim), (to_neighbour, OpenSmtpd),
                (delivery_status, accounts), (relayed, accounts),
                (success_reports, lambda port: Exim(port, "! example.net")),
                (success_reports, lambda port: OpenSmtpd(port, 'domain "sender.example"')), (seven_bits, accounts), (comes_back,)]
        # Most of the time goes by in waiting for the servers.
        running = [workers.submit(*job) for job in jobs]
        for each in running:
            each.result()


main()
