"""The mail of a TLSRPT report (RFC 8460): Python's email, gzip and json read it as the RFC describes it."""

import email.policy
import email.utils
import gzip
import json
import os
import subprocess

raw = subprocess.run([os.environ["TLS_REPORT_TOOL"]], capture_output=True, timeout=60, check=True).stdout
assert all(line.endswith(b"\r") and len(line) <= 999 for line in raw.split(b"\n")[:-1])
assert raw.isascii()

mail = email.message_from_bytes(raw, policy=email.policy.SMTP)
assert not mail.defects, mail.defects
assert mail.get_content_type() == "multipart/report"
assert mail.get_param("report-type") == "tlsrpt"
assert mail["TLS-Report-Domain"] == "example.org"
assert mail["TLS-Report-Submitter"] == "example.net"
assert mail["TLS-Required"] == "No"
assert mail["Subject"] == "Report Domain: example.org Submitter: example.net Report-ID: <1795824000.example.org.abc@example.net>", mail["Subject"]
assert [address.addr_spec for address in mail["To"].addresses] == ["reports@example.org", '"odd, one"@example.com']
assert email.utils.parsedate_to_datetime(mail["Date"]).isoformat() == "2026-11-29T01:00:00+00:00"

text, attached = mail.iter_parts()
assert text.get_content_type() == "text/plain" and "example.org" in text.get_content()
assert not text.defects and not attached.defects
assert attached.get_content_type() == "application/tlsrpt+gzip"
assert attached.get_filename() == "example.net!example.org!1795824000!1795910399!abc.json.gz"

report = json.loads(gzip.decompress(attached.get_content()))
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
print("the report reads back")
