"""Reports about TLS (RFC 8460): Python's email, gzip and json read their mail as the RFC describes it; and an agent counts
a host that offers no TLS and an MTA-STS policy that cannot be had, keeps that across a restart, and sends the report when
its day is over: by mail, and by HTTPS to nginx."""

import datetime
import email.policy
import email.utils
import gzip
import json
import os
import pathlib
import smtplib
import subprocess
import tempfile

from _nginx import Nginx
from _peers import free_port
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


def make_late(counts):
    """As if it had been two days ago: that is late, and sent at once."""
    day = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=2)
    number = (day - datetime.date(1970, 1, 1)).days
    lines = [line.split(" ") for line in counts.read_text().splitlines()]
    counts.write_text("".join(
        " ".join(["domain", str(number), *words[2:]] if words[0] == "domain" else words) + "\n" for words in lines))
    return day


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
            day = make_late(counts)
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


# ---- By HTTPS, with an MTA-STS policy that nobody serves ----

# A host for each, since a connection that is used again is no new session to report.
WEB_ZONE = """$TTL 1m
{addresses}
{domains}
"""
WEB_DOMAIN = """{name}. MX 10 mx.{name}.
mx.{name}. A 127.0.0.1
_mta-sts.{name}. TXT "v=STSv1; id=1;"
mta-sts.{name}. A 127.0.0.9
_smtp._tls.{name}. TXT "v=TLSRPTv1; rua={rua}"
"""
# Takes what is posted, keeps it, and says 201; the other server is what nginx hands it to.
TAKING = """
    location = /reports {{
      client_body_in_file_only on; client_body_temp_path {folder}/posted; client_max_body_size 1m;
      proxy_pass http://127.0.0.1:{behind}/;
    }}
    location = /broken {{ return 503; }}
"""
BEHIND = "server {{ listen 127.0.0.1:{behind}; access_log off; location / {{ return 201; }} }}"


def start_nginx(folder):
    nginx, behind = Nginx(folder), free_port()
    nginx.add(BEHIND.format(behind=behind))
    taking = TAKING.format(folder=folder, behind=behind)
    nginx.server("reports.test", taking)
    nginx.server("stranger.test", taking, authority=nginx.stranger)
    nginx.start()
    return nginx


def is_posted():
    with tempfile.TemporaryDirectory(prefix="postrider-tls-report-") as folder, Hop() as hop:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        with start_nginx(folder) as nginx:
            at = f":{nginx.port}"
            wanted = {
                "example.org": f"https://reports.test{at}/reports",
                "example.com": f"https://reports.test{at}/broken,mailto:tls@reports.example",
                "example.net": f"https://stranger.test{at}/reports",
            }
            zone = WEB_ZONE.format(addresses="\n".join(nginx.records), domains="".join(
                WEB_DOMAIN.format(name=name, rua=rua) for name, rua in wanted.items()))
            routes = {**{name: f"mx:{hop.port}" for name in wanted}, "reports.example": "maildir"}
            agent = QueueAgent(routes, [listener(more='relay_from = ["127.0.0.0/8"]')], hostname="mx.sender.example",
                               zone=zone)
            with agent.config.open("a") as config:
                config.write('[tls_report]\ncontact = "tls@sender.example"\n[tls]\nbackend = "openssl"\n')
            os.environ["SSL_CERT_FILE"] = str(nginx.authority.pem)
            with agent:
                post_all(agent, nginx, hop, list(wanted))


def post_all(agent, nginx, hop, domains):
    with smtplib.SMTP("127.0.0.1", agent.port, timeout=60) as client:
        for name in domains:
            client.sendmail("alice@sender.example", [f"bob@{name}"], b"Subject: Hi\r\n\r\nHello\r\n")
    until(lambda: len(hop.recipients()) == len(domains), "the next hop did not get everything")
    agent.until_empty()
    agent.stop()
    # RFC 8461 3.3: operators hear of it.
    assert "MTA-STS: https://mta-sts.example.org/.well-known/mta-sts.txt" in agent.log_text()
    counts = agent.folder / "state" / "tls-report" / "counts"
    day = make_late(counts)
    agent.start()
    (octets,) = agent.messages("tls", "reports.example")
    assert parts_of(octets)[0]["TLS-Report-Domain"] == "example.com"
    posted = until(lambda: list((nginx.folder / "posted").rglob("*[0-9]")), "nothing was posted")
    until(lambda: "TLS report not taken" in agent.log_text() and "stranger.test" in agent.log_text(), "no word of it")
    agent.stop()
    requests = nginx.requests()
    assert sorted(requests) == ["POST reports.test /broken application/tlsrpt+gzip 503",
                                "POST reports.test /reports application/tlsrpt+gzip 201"], requests
    (body,) = [each for each in posted if each.is_file()]
    report = json.loads(gzip.decompress(body.read_bytes()))
    assert report["contact-info"] == "tls@sender.example" and report["organization-name"] == "sender.example"
    assert report["date-range"]["end-datetime"] == f"{day}T23:59:59Z"
    policies = {each["policy"]["policy-type"]: each for each in report["policies"]}
    assert policies.keys() == {"no-policy-found", "sts"}, policies
    (detail,) = policies["sts"]["failure-details"]
    assert detail["result-type"] == "sts-policy-fetch-error" and detail["failed-session-count"] == 1, detail
    assert "Connection refused" in detail["failure-reason-code"], detail
    assert policies["sts"]["policy"]["policy-domain"] == "example.org"
    assert policies["sts"]["summary"]["total-failure-session-count"] == 1
    # What nobody took waits for another try; what was taken is forgotten.
    kept = counts.read_text()
    assert "example.net" in kept and "example.org\n" not in kept and "example.com" not in kept, kept


reads_as_the_rfc_has_it()
is_posted()
is_counted_kept_and_sent()
print("the reports are read back")
