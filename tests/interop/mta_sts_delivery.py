"""MTA-STS where it is in the world: policies of a real nginx on port 443, which `postrider mx` shows and `send --mx` keeps
to. nginx listens on an address of 127.0.0.0/8 that is this test's alone; the port needs root, as others of these tests do."""

import json
import os
import pathlib
import random
import tempfile

from _nginx import Nginx
from _queue import QueueAgent, listener
from _support import POSTRIDER, run

CONFIG = """hostname = "sender.example.org"
state = "{folder}/state"
[console]
address = ""
[tls]
backend = "openssl"
[resolver]
backend = "static"
zone = "{folder}/zone.txt"
[[route]]
domains = ["*"]
deliver = "mx:{port}"
"""
MESSAGE = b"From: <fred@example.org>\r\nSubject: by MX\r\n\r\nHello\r\n"
MX = "{domain}. MX 10 {host}.\n{host}. A 127.0.0.1\n"

# The host that takes the mail shows a certificate for mx.good.test. What the policy says, the MX host, whether the mail
# arrives, and words that say why not.
DOMAINS = {
    "good.test": ("enforce", "mx.good.test", True, ""),
    "wrong.test": ("enforce", "mx.wrong.test", False, "certificate"),
    "unlisted.test": ("enforce", "elsewhere.unlisted.test", False, "is not listed in the MTA-STS policy"),
    "testing.test": ("testing", "mx.testing.test", True, ""),
    "stranger.test": ("enforce", "mx.stranger.test", True, ""),  # a policy that nobody vouches for is none
}


def random_address():
    number = random.SystemRandom().randrange(1 << 16, (1 << 24) - 2)
    return f"127.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def start(folder):
    nginx = Nginx(folder, random_address(), 443)
    for domain, (mode, _, _, _) in DOMAINS.items():
        authority = nginx.stranger if domain == "stranger.test" else None
        nginx.serve_policy(domain.removesuffix(".test"), mode, authority=authority)
    nginx.start()
    return nginx


def check(folder, nginx, agent):
    config = folder / "sender.toml"
    config.write_text(CONFIG.format(folder=folder, port=agent.port))
    (folder / "zone.txt").write_text("$TTL 60\n" + nginx.zone() + "".join(
        MX.format(domain=domain, host=host) for domain, (_, host, _, _) in DOMAINS.items()))
    trust = {"SSL_CERT_FILE": str(nginx.authority.pem)}
    for domain, (mode, host, arrives, words) in DOMAINS.items():
        seen = json.loads(run(POSTRIDER, "mx", domain, "--json", "--config", config, environment=trust).stdout)
        if domain == "stranger.test":
            assert seen["mta_sts"]["mode"] is None and "certificate" in seen["mta_sts"]["failure"], seen
        else:
            assert seen["mta_sts"]["mode"] == mode and seen["mta_sts"]["failure"] is None, seen
        (shown,) = seen["hosts"]
        assert shown["name"] == host, shown
        done = run(POSTRIDER, "send", "--config", config, "--mx", "--transcript", "--from", "fred@example.org", "--to",
                   f"bob@{domain}", stdin=MESSAGE, status=0 if arrives else 69, environment=trust, timeout=120)
        transcript = done.stdout.decode(errors="replace")
        assert words in transcript, (domain, transcript)
        assert arrives == bool(agent.files("bob", domain)), (domain, transcript)
        if not arrives:
            assert "-> MAIL" not in transcript, transcript
    asked = [line.split()[1] for line in nginx.requests()]
    assert asked.count("mta-sts.good.test") == 2, "each command fetches the policy once"


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-mta-sts-") as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        with start(folder) as nginx:
            pem, key = nginx.authority.issue("mx", "mx.good.test")
            agent = QueueAgent(dict.fromkeys(DOMAINS, "maildir"), [listener(tls="starttls")], hostname="mx.good.test")
            with agent.config.open("a") as config:
                config.write(f'[tls]\ncertificate = "{pem}"\nkey = "{key}"\n')
            with agent:
                check(folder, nginx, agent)


if __name__ == "__main__":
    assert os.geteuid() == 0, "port 443 needs root"
    main()
