"""Postfix as a peer; see _peers.py. It delivers into Maildirs by its own virtual(8)."""

import grp
import os
import pwd
import subprocess

from _peers import MAILBOXES, Peer

MAIN = """compatibility_level = 3.6
config_directory = {folder}
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = localhost
mydestination =
mynetworks =
alias_maps =
alias_database =
local_header_rewrite_clients =
relayhost = [127.0.0.1]:9
smtpd_peername_lookup = no
smtputf8_autodetect_classes = all
message_size_limit = 52428800
virtual_mailbox_domains = example.net
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/mailboxes
virtual_mailbox_limit = 0
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_tls_security_level = may
smtpd_tls_cert_file = {authority}
smtpd_tls_key_file = {key}
smtpd_tls_session_cache_database =
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {sasl}
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_delay_reject = yes
{more}
"""
MASTER = """127.0.0.1:{mx} inet n - n - - smtpd
127.0.0.1:{starttls} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{implicit} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
RELAY = """relayhost = [127.0.0.1]:{port}
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
"""


class Postfix(Peer):
    PORTS = ("mx", "starttls", "implicit")

    def __init__(self, accounts=None, main="", relay=None):
        """`accounts`: the Dovecot that knows who may log in; `main`: more lines for main.cf; `relay`: a port at which mail
        for others is handed on, from anybody."""
        self.accounts, self.main = accounts, main + (RELAY.format(port=relay) if relay else "")
        self.mechanisms = accounts.mechanisms if accounts else ()

    def configure(self):
        user, group = pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postdrop").gr_gid

        def make(name, mode, owner=user, of=-1):
            path = self.folder / name
            path.mkdir(exist_ok=True)
            os.chown(path, owner, of)
            path.chmod(mode)

        make("queue", 0o755, 0)
        make("queue/pid", 0o755, 0)
        for queue in QUEUES:
            make(f"queue/{queue}", 0o700)
        make("queue/maildrop", 0o1730, user, group)
        make("queue/public", 0o2710, user, group)
        make("data", 0o700)
        make("mail", 0o755, 65534)
        main = MAIN.format(folder=self.folder, authority=self.authority, key=self.key, more=self.main,
                           sasl=self.accounts.auth_socket if self.accounts else "private/auth")
        # A name that is there twice is warned of by every process: postlogd fills its own queue with that, and waits for
        # itself.
        last = {line.split("=")[0].strip(): line for line in main.splitlines() if line}
        (self.folder / "main.cf").write_text("\n".join(last.values()) + "\n")
        (self.folder / "master.cf").write_text(MASTER.format(mx=self.mx, starttls=self.starttls,
                                                             implicit=self.implicit))
        (self.folder / "mailboxes").write_text("".join(f"{each}@example.net {each}/\n" for each in MAILBOXES))

    def command(self):
        programs = subprocess.run(["postconf", "-c", self.folder, "-h", "daemon_directory"], capture_output=True,
                                  text=True, check=True).stdout.strip()
        return [f"{programs}/master", "-s", "-c", self.folder], {}
