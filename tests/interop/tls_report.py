"""Reports about TLS (RFC 8460): Python's email, gzip and json read their mail as the RFC describes it; and an agent counts
a host that offers no TLS, keeps that across a restart, and sends the report when its day is over."""

import datetime
import email.policy
import email.utils
import gzip
import json
import os
import smtplib
import subprocess

from _queue import Hop, QueueAgent, listener, until

ZONE = """$TTL 1m
example.org. SOA ns.example.org. hostmaster.example.org. 1 2h 15m 2w 1m
example.org. MX 10 mx.example.org.
mx.example.org. A 127.0.0.1
_smtp._tls.example.org. TXT "v=TLSRPTv1; rua=mailto:tls@reports.example"
"""


def parts_of(octets):
    """The mail, its text for people, and the report."""
    mail = email.message_from_bytes(octets, policy=email.policy.SMTP)
    assert not mail.defects, mail.defects
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "tlsrpt"
    assert mail["TLS-Required"] == "No"
    text, attached = mail.iter_parts()
    assert not text.defects and not attached.defects
    assert text.get_content_type() == "text/plain"
    assert attached.get_content_type() == "application/tlsrpt+gzip"
    return mail, text, attached, json.loads(gzip.decompress(attached.get_content()))


def reads_as_the_rfc_has_it():
    raw = subprocess.run([os.environ["TLS_REPORT_TOOL"]], capture_output=True, timeout=60, check=True).stdout
    assert all(line.endswith(b"\r") and len(line) <= 999 for line in raw.split(b"\n")[:-1])
    assert raw.isascii()
    mail, text, attached, report = parts_of(raw)
    assert mail["TLS-Report-Domain"] == "example.org"
    assert mail["TLS-Report-Submitter"] == "example.net"
    subject = "Report Domain: example.org Submitter: example.net Report-ID: <1795824000.example.org.abc@example.net>"
    assert mail["Subject"] == subject, mail["Subject"]
    to = [address.addr_spec for address in mail["To"].addresses]
    assert to == ["reports@example.org", '"odd, one"@example.com'], to
    assert email.utils.parsedate_to_datetime(mail["Date"]).isoformat() == "2026-11-29T01:00:00+00:00"
    assert "example.org" in text.get_content()
    assert attached.get_filename() == "example.net!example.org!1795824000!1795910399!abc.json.gz"
    assert report["organization-name"] == "Example Net"
    assert report["contact-info"] == "tls@example.net"
    assert report["report-id"] == "1795824000.example.org.abc@example.net"
    assert report["date-range"] == {"start-datetime": "2026-11-28T00:00:00Z", "end-datetime": "2026-11-28T23:59:59Z"}
    (policy,) = report["policies"]
    assert policy["policy"]["policy-type"] == "sts"
    assert policy["policy"]["policy-domain"] == "example.org"
    assert policy["summary"] == {"total-successful-session-count": 5, "total-failure-session-count": 90}
    details = policy["failure-details"]
    assert len(details) == 90
    assert details[0]["result-type"] == "certificate-expired"
    assert details[0]["failure-reason-code"] == '"quoted" \\ and caf\u00e9'
    assert sum(each["failed-session-count"] for each in details) == 90


def is_counted_kept_and_sent():
    with Hop() as hop:
        routes = {"example.org": f"mx:{hop.port}", "reports.example": "maildir"}
        agent = QueueAgent(routes, [listener(more='relay_from = ["127.0.0.0/8"]')], hostname="mx.example.net", zone=ZONE)
        with agent.config.open("a") as config:
            config.write('[tls_report]\ncontact = "tls@example.net"\norganization = "Example"\n')
        with agent:
            with smtplib.SMTP("127.0.0.1", agent.port, timeout=60) as client:
                client.sendmail("alice@example.com", ["bob@example.org"], b"Subject: Hi\r\n\r\nHello\r\n")
            until(lambda: hop.recipients(), "the next hop got nothing")
            agent.until_empty()
            agent.stop()
            counts = agent.folder / "state" / "tls-report" / "counts"
            lines = counts.read_text().splitlines()
            assert "policy no-policy-found 0 1" in lines, lines
            assert "detail starttls-not-supported 1 - mx.example.org 127.0.0.1 -" in lines, lines
            # As if it had been two days ago: that is late, and sent at once.
            day = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=2)
            number = (day - datetime.date(1970, 1, 1)).days
            counts.write_text("".join(
                (f"domain {number} example.org" if line.startswith("domain ") else line) + "\n" for line in lines))
            agent.start()
            (octets,) = agent.messages("tls", "reports.example")
            mail, _, _, report = parts_of(octets)
            assert mail["Return-Path"] == "<>", mail["Return-Path"]
            assert mail["From"].addresses[0].addr_spec == "tls@example.net"
            assert report["organization-name"] == "Example"
            assert report["date-range"]["start-datetime"] == f"{day}T00:00:00Z"
            (policy,) = report["policies"]
            assert policy["summary"] == {"total-successful-session-count": 0, "total-failure-session-count": 1}
            (detail,) = policy["failure-details"]
            assert detail["result-type"] == "starttls-not-supported"
            assert detail["receiving-mx-hostname"] == "mx.example.org"
            agent.stop()
            assert "example.org" not in counts.read_text(), "what was sent is forgotten"


reads_as_the_rfc_has_it()
is_counted_kept_and_sent()
print("the reports are read back")
