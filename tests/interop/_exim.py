"""Exim as a peer; see _peers.py. Debian's package excludes Postfix's, so that it is unpacked beside the build."""

import os

from _peers import FIRST_USER, MAILBOXES, PASSWORD, USER, Peer, in_private, unpacked

CONFIG = """primary_hostname = localhost
exim_path = {program}
spool_directory = {folder}/spool
log_file_path = {folder}/exim.%slog
pid_file_path = {folder}/spool/pid
exim_user = Debian-exim
exim_group = Debian-exim
never_users =
trusted_users = root
keep_environment = LD_LIBRARY_PATH
deliver_drop_privilege = yes
local_interfaces = 127.0.0.1
daemon_startup_retries = 0
daemon_smtp_ports = {mx} : {starttls} : {implicit}
tls_on_connect_ports = {implicit}
tls_advertise_hosts = *
tls_certificate = {authority}
tls_privatekey = {key}
host_lookup =
rfc1413_hosts =
smtputf8_advertise_hosts = *
smtp_accept_max = 300
chunking_advertise_hosts = *
dsn_advertise_hosts = *
{main}
queue_run_max = 1
acl_smtp_rcpt = recipient
begin acl
recipient:
{relay_acl}
  deny    !authenticated = *
          condition   = ${{if !eq{{$received_port}}{{{mx}}}}}
          message     = 5.7.1 Log in first
  accept  domains     = example.net
          local_parts = lsearch;{folder}/mailboxes
  deny    message     = 5.1.1 There is nobody of this name
begin routers
{relay_router}
all:
  driver = accept
  local_parts = lsearch;{folder}/mailboxes
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = {folder}/mail/$local_part_data
  maildir_format
  user = Debian-exim
relay:
  driver = smtp
  hosts_try_fastopen =
begin retry
* * F,1h,1m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = ${{if def:tls_in_cipher}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
  server_advertise_condition = ${{if def:tls_in_cipher}}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{{user}}}{{{password}}}fail}}
  server_set_id = $auth1
  server_advertise_condition = ${{if def:tls_in_cipher}}
"""
RELAY_ACL = """  accept  condition   = ${{if eq{{$received_port}}{{{mx}}}}}"""
RELAY_ROUTER = """relay:
  driver = manualroute
  domains = {domains}
  route_list = * 127.0.0.1::{port} byname
  self = send
  transport = relay
  no_more"""


class Exim(Peer):
    PORTS = ("mx", "starttls", "implicit")
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5")

    def __init__(self, relay=None, domains="! example.net", main=""):
        """`relay`: a port at which mail for `domains` is handed on, from anybody; `main`: more of the main section."""
        self.relay, self.domains, self.main = relay, domains, main

    def configure(self):
        self.program, self.environment = unpacked("usr/sbin/exim4")
        # Its user is one of the private /etc/passwd, and has a number alone outside.
        for name in ("spool", "mail"):
            (self.folder / name).mkdir(exist_ok=True)
            os.chown(self.folder / name, FIRST_USER, FIRST_USER)
        os.chown(self.key, FIRST_USER, FIRST_USER)
        os.chown(self.folder, FIRST_USER, -1)
        (self.folder / "mailboxes").write_text("".join(f"{each}: {each}\n" for each in MAILBOXES))
        (self.folder / "exim.conf").write_text(CONFIG.format(
            program=self.program, folder=self.folder, mx=self.mx, starttls=self.starttls, implicit=self.implicit,
            authority=self.authority, key=self.key, user=USER, password=PASSWORD, main=self.main,
            relay_acl=RELAY_ACL.format(mx=self.mx) if self.relay else "",
            relay_router=RELAY_ROUTER.format(domains=self.domains, port=self.relay) if self.relay else ""))

    def command(self):
        command = [self.program, "-C", self.folder / "exim.conf", "-bdf", "-q1m"]
        return in_private(self.folder, ["Debian-exim"], {}, command), self.environment

    def log_text(self):
        logs = self.folder.glob("exim.*log")
        return super().log_text() + "\n".join(file.read_text(errors="replace") for file in logs)
