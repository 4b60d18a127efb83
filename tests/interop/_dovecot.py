"""Dovecot as a peer; see _peers.py: the accounts for a Postfix, a submission service in front of a relay, LMTP by TCP and
by a socket, and IMAP to read what came."""

import base64
import hmac
import imaplib
import json
import os
import ssl
import time

from _peers import MAILBOXES, PASSWORD, PATIENCE, USER, Peer, free_port, wait_for

CONFIG = """base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = {protocols}
listen = 127.0.0.1
hostname = localhost
auth_mechanisms = plain login cram-md5 scram-sha-256 oauthbearer xoauth2
auth_failure_delay = 0
disable_plaintext_auth = yes
ssl = yes
ssl_cert = <{authority}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = passwd-file
  mechanisms = plain login cram-md5 scram-sha-256
  args = scheme=PLAIN username_format=%n {folder}/users
}}
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {folder}/users
  default_fields = uid=nobody gid=nogroup home={folder}/home
}}
service auth {{
  unix_listener {folder}/auth-client {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
  # No waiting because somebody on this machine had a wrong password.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{services}
"""
OAUTH2 = """introspection_mode = local
username_attribute = sub
local_validation_key_dict = fs:posix:prefix={folder}/keys/
"""
SUBMISSION = """submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
submission_relay_ssl = no
service submission-login {{
  chroot =
  inet_listener submission {{
    port = {starttls}
  }}
  inet_listener submissions {{
    port = {implicit}
    ssl = yes
  }}
}}
"""
LMTP = """lmtp_user_concurrency_limit = 10
auth_username_format = %n
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
"""
IMAP = """service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imap}
    ssl = yes
  }}
}}
"""
TOKEN_KEY = b"the key that signs what Dovecot is shown"


class Dovecot(Peer):
    NAMES = "DNS:localhost"
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2")

    imap = None

    def __init__(self, relay=None, lmtp=False, imap=False):
        """`relay`: a port that takes mail without a login; then there is a submission service that hands on to it.
        `lmtp`: there is LMTP as well. `imap`: and IMAP, with TLS from the first octet, at the port of that name."""
        self.relay, self.with_lmtp, self.with_imap, self.accounts = relay, lmtp, imap, self
        self.PORTS = (("starttls", "implicit") if relay else ()) + (("lmtp",) if lmtp else ())

    @property
    def auth_socket(self):
        return self.folder / "auth-client"

    @property
    def lmtp_socket(self):
        return self.folder / "lmtp"

    def read(self, local, count=1):
        """`count` messages in a mailbox as IMAP has them, waited for."""
        context = ssl.create_default_context(cafile=str(self.authority))
        end = time.monotonic() + PATIENCE
        with imaplib.IMAP4_SSL("localhost", self.imap, ssl_context=context, timeout=PATIENCE) as client:
            # Not LOGIN: the password is not ASCII.
            client.authenticate("PLAIN", lambda _: f"\0{local}\0{PASSWORD}".encode())
            while True:
                found = int(client.select("INBOX", readonly=True)[1][0])
                if found >= count:
                    break
                assert time.monotonic() < end, f"{found} messages for {local} came, expected {count}"
                time.sleep(0.05)
            assert found == count, f"{found} messages for {local}, expected {count}"
            return [client.fetch(str(number), "(BODY.PEEK[])")[1][0][1] for number in range(1, count + 1)]

    def token(self, user=USER, seconds=600):
        """What OAUTHBEARER and XOAUTH2 take for a password: a JSON web token that this Dovecot believes."""
        def encoded(part):
            return base64.urlsafe_b64encode(part).rstrip(b"=")

        claims = {"sub": user, "iat": int(time.time()) - 5, "exp": int(time.time()) + seconds}
        text = b".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        return (text + b"." + encoded(hmac.digest(TOKEN_KEY, text, "sha256"))).decode()

    def configure(self):
        for name, owner in (("run", 0), ("mail", 65534), ("home", 65534)):
            (self.folder / name).mkdir(exist_ok=True)
            os.chown(self.folder / name, owner, -1)
        users = self.folder / "users"
        users.write_text("".join(f"{name}:{PASSWORD}::::::\n" for name in (USER, *MAILBOXES)))
        users.chmod(0o644)
        keys = self.folder / "keys/default/HS256"
        keys.mkdir(parents=True, exist_ok=True)
        (keys / "default").write_bytes(base64.b64encode(TOKEN_KEY))
        (self.folder / "oauth2.conf").write_text(OAUTH2.format(folder=self.folder))
        protocols = " ".join(name for name, wanted in (
            ("submission", self.relay), ("lmtp", self.with_lmtp), ("imap", self.with_imap)) if wanted)
        services = (SUBMISSION.format(relay=self.relay, starttls=self.starttls, implicit=self.implicit)
                    if self.relay else "") + (LMTP.format(lmtp=self.lmtp, folder=self.folder) if self.with_lmtp else "")
        if self.with_imap:
            self.imap = free_port()
            services += IMAP.format(imap=self.imap)
        (self.folder / "dovecot.conf").write_text(CONFIG.format(
            folder=self.folder, protocols=protocols, authority=self.authority, key=self.key, services=services))

    def command(self):
        return ["/usr/sbin/dovecot", "-F", "-c", self.folder / "dovecot.conf"], {}

    def ready(self):
        self.wait_until(self.auth_socket.exists, "listens for logins")
        if self.with_imap:
            wait_for(self.imap, self.process, PATIENCE)
