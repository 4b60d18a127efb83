#include "postrider/agent/command_line/help_text.h"

#include <array>

namespace postrider::agent {
namespace {

struct Examples {
  std::string_view subcommand;
  std::string_view text;
};

constexpr std::array<Examples, 15> kExamples{{
    {"", R"(First steps:
  postrider serve                        a mail server on 127.0.0.1:2525, mail for localhost goes to ./postrider-state
  postrider send --from me@localhost --to you@localhost --subject Hi --body 'Hello'
  postrider config default > postrider.toml    the defaults, commented, to start a configuration of your own from
  postrider help SUBCOMMAND              options and examples of one subcommand

Exit status: 0 done; 64 usage; 65 bad input data; 69 service unavailable; 70 internal error;
75 temporary failure; 77 permission or authentication; 78 configuration error.)"},
    {"serve", R"(Without --config, ./postrider.toml is read if it exists, else the embedded defaults are used.
SIGTERM or SIGINT: no new sessions, messages under way may end; a second one ends them too. SIGHUP: reads the
configuration again, without dropping a session; one with errors is reported, and the old one stays.

Examples:
  postrider serve
  postrider serve --config /etc/postrider.toml
  kill -HUP $(pidof postrider))"},
    {"config", R"(Examples:
  postrider config default > postrider.toml
  postrider config check postrider.toml && kill -HUP $(pidof postrider))"},
    {"send",
     R"(The message is FILE, or stdin for '-' or nothing, with line ends as Unix has them or as mail has them; or it is made
from --subject and --body. One line is printed for each recipient that was refused, with the server's full reply.
The exit status is 0 only when every recipient was accepted.

Examples:
  postrider send --server 127.0.0.1:2525 --from a@localhost --to b@localhost --subject Hi --body 'Hello, B'
  postrider send --server mx.example.org --from a@example.net --to b@example.org message.eml
  PASSWORD=… postrider send --server mail.example.org --user a --password-env PASSWORD --from a@example.org \
    --to b@example.net message.eml
  postrider send --lmtp --server 127.0.0.1:24 --from '<>' --to b --to c --transcript < message.eml)"},
    {"sink",
     R"(Counts what comes and prints the sums at the end; every few seconds too when stderr is a terminal.

Examples:
  postrider sink --listen 127.0.0.1:2600                     accept and discard, as fast as it can
  postrider sink --listen 127.0.0.1:2600 --maildir ./caught   keep every message
  postrider sink --listen 127.0.0.1:2600 --maildir './caught/{domain}/{local}'
  postrider sink --listen 127.0.0.1:2600 --tls starttls      with the certificate of `serve`, or one of its own)"},
    {"load", R"(Examples:
  postrider load 127.0.0.1:2600 --messages 100000 --sessions 20 --size 1024
  postrider load localhost:2600 --messages 1000 --per-connection 1 --tls starttls --ca postrider-state/certificate.pem)"},
    {"mx",
     R"(Shows the hosts in the order in which they are tried, with their addresses, what DNSSEC says of them, their TLSA
records (DANE), the domain's MTA-STS policy, and what follows for TLS. Nothing is connected to, but for the policy.
The resolver is that of the configuration.

Examples:
  postrider mx example.org
  postrider mx example.org --json | jq -r '.hosts[].name'

Exit status: 0 mail can go somewhere; 69 the domain takes no mail; 75 nobody knows now.)"},
    {"probe",
     R"(Shows the greeting, what is offered before and after TLS, the version of TLS, the cipher, the certificate and
whether it would be believed. No mail is sent.

Examples:
  postrider probe mx.example.org
  postrider probe mail.example.org:465 --json)"},
    {"user",
     R"(Accounts are for submission listeners. The file holds what checks a password, never the password; a running agent
sees a change at the next login.

Examples:
  postrider user add fred@example.org                        asks for the password
  pass show mail/fred | postrider user add fred --config /etc/postrider.toml
  postrider user list --json)"},
    {"queue",
     R"(Asks the agent that runs with the state of the configuration; where none runs, opens its store. Every accepted
message is delivered, reported to its sender, or in this list.

States: ready, due and waiting for its turn; active, being tried right now; deferred, to be tried again later; held,
not tried until it is released; damaged, its record cannot be read: it can be shown and dropped, and is never removed
otherwise. A message has the first of held, active, ready, deferred that any of its recipients has.

`retry` makes recipients due now and forgets that their servers could not be reached; what is held stays so. `drop`
tells nobody: a sender who is to know needs a message of yours. What is being delivered cannot be dropped: hold it,
and drop it a moment later. `show --content` prints the message octet by octet, whatever it does to a terminal.

Examples:
  postrider queue list
  postrider queue list --json | jq -r '.[] | select(.state == "deferred") | .id'
  postrider queue show 0cb9k3v8m4q1e --content > message.eml
  postrider queue retry --domain example.org

Exit status: 0 done; 65 there is no such message, or it is damaged or held; 69 the queue was in the memory of an agent
that runs no more; 75 it is being delivered, or agent or store fail: try again; 77 the agent or the store is somebody
else's; 78 the configuration is wrong, or asks for a store that is not built.)"},
    {"conform",
     R"(Each check is a short dialogue of its own about one clause of an RFC: 5321, 1870 (SIZE), 2034, 2920 (PIPELINING),
3030 (CHUNKING), 3207 (STARTTLS), 3461 (DSN), 4954 (AUTH), 6152 (8BITMIME) and 6531 (SMTPUTF8). What a server does not
offer is not asked. Failures are shown with a transcript, which `postrider replay` plays again. Certificates are not
verified. Messages that are accepted are for the recipient alone, and there will be some forty.

Examples:
  postrider conform 127.0.0.1:2525 --recipient bob@localhost --refused nobody@localhost
  postrider conform 127.0.0.1:2525 --recipient bob@localhost --html report.html --junit report.xml
  postrider conform 127.0.0.1:2525 --recipient bob@localhost --check rfc5321-4.1.1.4 --transcripts
  PASSWORD=… postrider conform 127.0.0.1:587 --recipient bob@localhost --user fred --password-env PASSWORD --login
  postrider conform --list

Exit status: 0 every MUST that could be tried holds; 65 one does not, or the server did not let it come so far;
69 nobody answers.)"},
    {"replay",
     R"(The client's side is sent in the pieces in which it was recorded, each when the server has said as much as it had
then. Replies are compared by code and enhanced status. Passwords are not in transcripts of `--record`: a login that was
recorded does not succeed again. `--session` plays the other side's octets into our own session of the protocol.

Examples:
  postrider send --server 127.0.0.1:2525 --from a@localhost --to b@localhost --body Hi --record hi.transcript
  postrider replay hi.transcript 127.0.0.1:2525
  postrider replay hi.transcript 127.0.0.1:25 --exact --timing
  postrider replay finding.transcript --session server

Exit status: 0 all is the same; 65 something is different, or FILE is no transcript; 69 nobody answers.)"},
    {"fuzz",
     R"(Plays sessions that are generated from a seed, right ones and wrong ones, and says where the server breaks an RFC: each
kind of finding once, with the clause, how often it was seen, and a transcript that was made as short as possible. A
session is played whole, and once more in pieces; the replies must be the same.

  crash                  nobody listens any more
  hang                   no reply in time, or the connection stays open behind the last one
  closed-early           the end of the connection, without 421, where a reply was due
  malformed-reply, unbounded-output, unasked-reply
  wrong-reply, out-of-sequence    a code that the command does not have; a command taken where it has to be refused
  bare-line-end, early-end-of-data, chunk-as-commands    octets that become commands: what SMTP smuggling needs
  injected-plaintext, capability-leak                    what was said in clear counts inside TLS
  cut-matters            whole and in pieces the same octets have other replies

With --compare several servers get the same sessions, and disagreements are shown by command and state.
No password is tried that anybody could have. The messages are real, though: use a recipient whose mail goes nowhere.
Fuzz nobody's server but your own; on anything but loopback --yes-i-own-it says that it is.

Examples:
  postrider fuzz 127.0.0.1:2525 --recipient you@localhost
  postrider fuzz localhost:25 --seconds 600 --seed 7 --findings ./found --junit fuzz.xml
  postrider fuzz localhost:25 --seed 7 --session 4711        the session that a finding names
  postrider fuzz --compare localhost:25 localhost:2525 --sessions 300 --json | jq '.disagreements[].clause'

Exit status: 0 nothing was found; 65 something was; 69 the server does not answer at the start.)"},
    {"smuggle",
     R"(One reader of mail sees the end of a message at LF . LF, another one only at CRLF . CRLF. Between the two a sender
can put a second message into the first, from whom it likes: that is SMTP smuggling. This sends a message with each
such sequence in it, and commands behind it, to a relay, listens where the relay hands its mail on, and says of each

  as receiver  refused; content: taken as text; normalised: its line ends made CRLF; ended data: it obeyed the commands
  as sender    unchanged, normalised, as it came, or changed, with the octets that left; two messages
  verdict      ok; SMUGGLED: one message became two; LEAKS: what left is an end of data to a lenient next server;
               END LOST: two messages became one

The relay has to take mail for --recipient from here and to hand it on to --outbound, by SMTP or LMTP. Test nobody's
relay but your own: on anything but loopback --yes-i-own-it says that it is.

Examples:
  postrider smuggle --list
  postrider smuggle --inbound 127.0.0.1:25 --outbound 127.0.0.1:2600 --recipient smuggle@next.example
  postrider smuggle --inbound localhost:25 --outbound 127.0.0.1:2600 --recipient b@next.example --json |
    jq -r '.cases[] | select(.disagreement) | .name'

Exit status: 0 no disagreement; 65 there is one; 69 the relay cannot be reached, takes nothing or hands nothing on.)"},
    {"help", R"(Example:
  postrider help send)"},
}};

}  // namespace

std::string_view help_examples(std::string_view subcommand) noexcept {
  for (const Examples& each : kExamples) {
    if (each.subcommand == subcommand) return each.text;
  }
  return {};
}

}  // namespace postrider::agent
