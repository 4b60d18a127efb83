// What a server does wrong, as a value: for each stage of a session, what happens in place of the ordinary
// reply.
//
//   Script script;
//   script.at(Stage::rcpt) = {Act(Deed::say, "354 Go on\r\n")};
//   script.at(Stage::final_dot) = {Act(Deed::close)};
//
// The acts of a stage are used one after the other and then again from the first (Order::cycle), so that
// {ordinary, swallow} leaves every second command without a reply.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postrider::fuzz {

enum class Stage : std::uint8_t {
  connect,    // the greeting
  hello,      // EHLO, HELO, LHLO
  start_tls,  // STARTTLS: the reply; and, when that is a 220, what comes instead of the handshake
  auth,
  mail,
  rcpt,
  data,       // the reply to DATA
  content,    // some of the content has come, and its end is still to be read; no reply is due
  final_dot,  // the end of the content, by the final dot or by BDAT LAST
  chunk,      // BDAT without LAST
  reset,      // RSET
  quit,
  other,  // NOOP, VRFY, HELP, and what is unknown
};
inline constexpr std::size_t kStages = static_cast<std::size_t>(Stage::other) + 1;
std::string_view to_string(Stage stage) noexcept;

enum class Deed : std::uint8_t {
  ordinary,    // what a good server says; `octets` are not used
  say,         // `octets`, and on it goes as if it had been the reply: a 2xx takes, a 354 waits for content
  swallow,     // no reply, and on it goes
  close,       // `octets`, and closes
  reset,       // `octets`, and the peer sees a reset
  half_close,  // `octets`, and sends nothing any more, but reads on. Under TLS: a close_notify
  silent,      // `octets`, and says nothing any more, but reads on
  deaf,        // `octets`, and neither speaks nor reads
  endless,     // `octets` again and again, up to HostileLimits::flood
  twice,       // the ordinary reply, and the same once more
  drip,        // the ordinary reply, an octet at a time
  echo,        // what the client said
  greylist,    // `octets` to a command that was not heard before by any session of the server
};

struct Act {
  Act() = default;
  explicit Act(Deed its_deed, std::string its_octets = {}) : deed(its_deed), octets(std::move(its_octets)) {}

  Deed deed = Deed::ordinary;
  std::string octets;
};

enum class Order : std::uint8_t {
  cycle,        // over the acts, from the first again
  transaction,  // from the first act with each MAIL; the last one again and again
  server,       // over all sessions of the server; then ordinary
};

// What a server does about TLS once it has answered STARTTLS by 220.
enum class TlsDeed : std::uint8_t {
  handshake,  // as it should
  say,        // Script::tls_octets in place of its handshake, and on in clear
  close,
  reset,
  silent,
  endless,  // tls_octets again and again
};

struct Script {
  using Acts = std::vector<Act>;

  Acts& at(Stage stage) { return acts[static_cast<std::size_t>(stage)]; }
  const Acts& at(Stage stage) const { return acts[static_cast<std::size_t>(stage)]; }

  std::array<Acts, kStages> acts;  // of a stage that has none: ordinary
  Order order = Order::cycle;
  // What EHLO offers, a line each. STARTTLS is one of them when it is to be offered.
  std::vector<std::string> offers = {"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE 10000000"};
  std::vector<std::string> offers_encrypted;  // the same under TLS; empty: `offers` without STARTTLS
  TlsDeed tls = TlsDeed::handshake;
  std::string tls_octets;
  bool slow = false;         // every reply leaves an octet at a time
  bool only_tls = false;     // the acts count under TLS alone; before, everything is ordinary
  bool drops_group = false;  // PIPELINING is offered, and what came behind a command in the same read is lost
};

}  // namespace postrider::fuzz
