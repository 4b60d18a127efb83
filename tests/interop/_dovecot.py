"""Dovecot as a peer; see _peers.py: the accounts for a Postfix, a submission service in front of a relay, and LMTP."""

import base64
import hmac
import json
import os
import time

from _peers import MAILBOXES, PASSWORD, USER, Peer

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
}}
"""
TOKEN_KEY = b"the key that signs what Dovecot is shown"


class Dovecot(Peer):
    NAMES = "DNS:localhost"
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2")

    def __init__(self, relay=None, lmtp=False):
        """`relay`: a port that takes mail without a login; then there is a submission service that hands on to it.
        `lmtp`: there is LMTP as well."""
        self.relay, self.with_lmtp, self.accounts = relay, lmtp, self
        self.PORTS = (("starttls", "implicit") if relay else ()) + (("lmtp",) if lmtp else ())

    @property
    def auth_socket(self):
        return self.folder / "auth-client"

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
        protocols = ("submission " if self.relay else "") + ("lmtp" if self.with_lmtp else "")
        services = (SUBMISSION.format(relay=self.relay, starttls=self.starttls, implicit=self.implicit)
                    if self.relay else "") + (LMTP.format(lmtp=self.lmtp) if self.with_lmtp else "")
        (self.folder / "dovecot.conf").write_text(CONFIG.format(
            folder=self.folder, protocols=protocols, authority=self.authority, key=self.key, services=services))

    def command(self):
        return ["/usr/sbin/dovecot", "-F", "-c", self.folder / "dovecot.conf"], {}

    def ready(self):
        self.wait_until(self.auth_socket.exists, "listens for logins")
