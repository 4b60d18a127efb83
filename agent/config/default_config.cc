#include "postrider/agent/config/default_config.h"

namespace postrider::agent {
namespace {

constexpr std::string_view kDefaultConfig =
    R"toml(# Postrider's defaults. A key left out of a configuration file has the value that it has here.
# Durations: "8s" "5m" "4h" "5d". Sizes: "2048", "50MiB". Paths are relative to the file.
hostname  = "localhost"            # our name in the greeting, EHLO, Received and bounces
state     = "./postrider-state"    # spool, generated certificate, accounts
threads   = 0                      # 0: one per core

[[listen]]
address = "127.0.0.1:2525"
role    = "mx"                     # mx: mail for our domains | submission: our users, anywhere | lmtp | sink
tls     = "starttls"               # none | starttls | implicit
# proxy_protocol = ["127.0.0.1/32"]  # peers that must speak PROXY v1/v2
# xclient        = ["127.0.0.1/32"]  # peers that may say by XCLIENT for whom they speak
# relay_from     = ["127.0.0.0/8"]   # peers that may send to any domain
# sender_check   = "none"            # submission: none | account (senders must be the account's own address)
# client_certificates = "none"       # none | request | require: one that tls.client_ca vouches for
# record         = "sessions"        # folder for a transcript of each session, without passwords

[[listen]]
address = "127.0.0.1:2587"
role    = "submission"             # AUTH required, and offered under TLS alone
tls     = "starttls"

[[listen]]
address = "127.0.0.1:2465"
role    = "submission"
tls     = "implicit"

[tls]
backend     = "wolfssl"            # wolfssl | openssl
# certificate = "cert.pem"         # left out: a self-signed one is made under state/
# key         = "key.pem"
minimum     = "1.2"                # 1.2 | 1.3
# client_ca   = "ca.pem"           # who vouches for clients' certificates; on submission AUTH EXTERNAL takes them

[resolver]
backend = "system"                 # system (c-ares) | unbound (validates DNSSEC) | doh | static
# servers = ["127.0.0.1:5300"]     # system, unbound
# url     = "https://…/dns-query"  # doh
# zone    = "zone.txt"             # static: master-file lines
# trust_anchor = "root.key"        # unbound

[queue]
store    = "rocksdb"               # rocksdb (embedded, under state/) | memory | postgresql
# url    = "postgresql://…"        # postgresql: several agents share one queue
retry    = ["1m", "5m", "15m", "30m", "1h", "2h", "4h"]   # the last one repeats
expire   = "5d"                    # then a non-delivery report
warn     = "4h"                    # a delayed-delivery report, once
concurrency_per_destination = 20   # deliveries at once; domains with the same MX hosts are one destination
connections = 500                  # outgoing, in all
rate_per_destination = 0           # messages a second; 0: as many as there may be

[[route]]                          # first match wins
domains = ["localhost"]
deliver = "maildir:./postrider-state/mail/{domain}/{local}"

[[route]]
domains = ["*"]
deliver = "mx"                     # mx | mx:PORT | smtp://HOST:PORT | smtps://… | lmtp://HOST:PORT | lmtp+unix:/PATH | maildir:PATH | discard | reject:REASON
# tls    = "opportunistic"         # none | opportunistic | required | verify; DANE and MTA-STS raise it by themselves
# user   = "u"                     # smart host account
# password_file = "…"

[aliases]                          # who gets the mail for an address of ours instead
# file = "aliases"                 # left out: none. Lines "address: target, target", "@domain: target" for the rest
# tag  = "+"                       # left out: user+tag is a mailbox of its own; "+": its mail is user's

[limits]
message_size = "50MiB"
recipients   = 1000
command_line = 2048
idle         = "5m"                # and per-command timeouts of RFC 5321 §4.5.3.2 for the client
connections  = 20000
connections_per_address = 200
errors       = 20                  # then 421 and close

[accounts]
file = "accounts.toml"             # made by `postrider user add`; SCRAM verifiers, never passwords
# dovecot = "/run/dovecot/auth-client"  # instead of file: a Dovecot's authentication socket

[tls_report]                       # daily reports about TLS to the domains that ask for them, RFC 8460
# contact = "tls-reports@example.org"  # who sends them; left out: none are sent
# organization = "Example Org"       # left out: the contact's domain

[console]
address = "127.0.0.1:8025"         # web console, /metrics, /healthz, JSON API; "" turns it off

[log]
format = "text"                    # text | json
level  = "info"
)toml";

}  // namespace

std::string_view default_config_text() noexcept { return kDefaultConfig; }

}  // namespace postrider::agent
