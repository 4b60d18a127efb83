"""REQUIRETLS of RFC 8689 from a user through two agents: it is offered under TLS alone, demanded of the next hop, and what
cannot be had is told at once, in a report without the text."""

import contextlib
import os
import pathlib
import smtplib
import ssl
import tempfile

from _certificates import Authority
from _queue import Hop, QueueAgent, behind_trace, listener

SENDER = "fred@sender.example"
MESSAGE = b"From: <fred@sender.example>\r\nSubject: secret\r\n\r\nThe end.\r\n"
ZONE = "mx.example.net. A 127.0.0.1\nunvouched.example. MX 10 mx.example.net.\n"
TRUSTED = listener(tls="starttls", more='relay_from = ["127.0.0.0/8"]')


def agent(authority, name, routes):
    """One whose certificate is for `name`; it trusts the authority, by OpenSSL's own environment."""
    made = QueueAgent(routes, [TRUSTED], name, ZONE)
    certificate, key = authority.issue(name, name)
    with made.config.open("a") as config:
        config.write(f'[tls]\nbackend = "openssl"\ncertificate = "{certificate}"\nkey = "{key}"\n')
    return made


def session(port):
    """A user's, under TLS."""
    client = smtplib.SMTP("127.0.0.1", port, timeout=60)
    client.ehlo("client.example")
    assert "requiretls" not in client.esmtp_features, client.esmtp_features
    code, text = client.docmd("MAIL", f"FROM:<{SENDER}> REQUIRETLS")
    assert code == 555, (code, text)
    client.starttls(context=ssl._create_unverified_context())
    client.ehlo("client.example")
    assert "requiretls" in client.esmtp_features, client.esmtp_features
    return client


def send(port, to, *more):
    with session(port) as client:
        refused = client.sendmail(SENDER, to, MESSAGE, ["REQUIRETLS", *more])
        assert not refused, refused


def main():
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postrider-requiretls-")))
        authority = Authority(folder)
        os.environ["SSL_CERT_FILE"] = str(authority.pem)
        hop = stack.enter_context(Hop())
        plain = f"smtp://127.0.0.1:{hop.port}"
        last = stack.enter_context(agent(authority, "mx.example.net", {
            "sender.example": "maildir", "example.net": "maildir", "onward.example": plain}))
        by_name = f"smtp://mx.example.net:{last.port}"
        first = stack.enter_context(agent(authority, "mx.sender.example", {
            "sender.example": "maildir", "example.net": by_name, "onward.example": by_name,
            "unvouched.example": f"mx:{last.port}", "plain.example": plain}))

        # Through both, into a mailbox.
        send(first.port, ["bob@example.net"])
        (fields, *_) = [behind_trace(each, MESSAGE) for each in last.messages("bob", "example.net")]
        assert any("by mx.example.net with ESMTPS" in each for each in fields), fields
        first.until_empty()

        # Nobody vouches for the host that the MX record names.
        send(first.port, ["bob@unvouched.example"], "RET=FULL")
        report = first.report("bob@unvouched.example")
        assert report.actions() == {"bob@unvouched.example": "failed"}, report.octets
        assert report.recipients["bob@unvouched.example"]["Status"] == "5.7.10", report.octets
        assert b"Subject: secret" in report.octets and b"The end." not in report.octets, report.octets

        # A next hop without TLS, which would get it otherwise.
        send(first.port, ["bob@plain.example"])
        report = first.report("bob@plain.example")
        assert report.recipients["bob@plain.example"]["Status"] == "5.7.10", report.octets

        # The second agent demands it as well: it was said to it.
        send(first.port, ["bob@onward.example"])
        report = last.report("bob@onward.example")
        assert report.recipients["bob@onward.example"]["Status"] == "5.7.10", report.octets
        assert not hop.recipients(), hop.recipients()

        # Without it all of them go.
        with session(first.port) as client:
            client.sendmail(SENDER, ["bob@plain.example", "bob@onward.example"], MESSAGE)
        first.until_empty()
        last.until_empty()
        assert hop.recipients() == {"bob@plain.example": 1, "bob@onward.example": 1}, hop.recipients()


main()
print("TLS was required, and had")
