#include "postrider/agent/serve/trace_header.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace postrider::agent {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The names of RFC 3848 and, for internationalised mail, RFC 6531 4.3.
std::string protocol_word(const TraceInfo& info) {
  const bool lmtp = info.flavor == protocol::Flavor::lmtp;
  std::string word = lmtp ? "LMTP" : info.smtputf8 || !info.extended_hello ? "SMTP" : "ESMTP";
  if (info.smtputf8) word.insert(0, "UTF8");
  if (!info.extended_hello) return word;  // HELO: it can be neither
  if (!info.tls_version.empty()) word += 'S';
  if (info.authenticated) word += 'A';
  return word;
}

// RFC 8314 4.3
std::string tls_clause(const TraceInfo& info) {
  if (info.tls_version.empty()) return {};
  const std::string_view verified = info.client_verified ? ", client certificate verified" : "";
  return "\r\n\ttls " + info.tls_cipher + " (" + info.tls_version + std::string(verified) + ")";
}

// Extended-Domain, RFC 5321 4.4: the client's name for itself, and in brackets the address that it really
// has, with the name of that where it is known.
std::string from_domain(const TraceInfo& info) {
  const std::string literal = address_literal(info.peer);
  // A header of a message that is not internationalised stays in ASCII, RFC 6532 3.
  const bool usable = !info.hello.empty() && (info.smtputf8 || is_ascii(info.hello));
  if (literal.empty()) {
    const bool told = info.peer.family() != transport::Endpoint::Family::unspecified;
    return usable ? info.hello : told ? "localhost" : "unknown";
  }
  if (!usable) return info.peer_name.empty() ? literal : info.peer_name + " (" + literal + ")";
  return info.hello + " (" + (info.peer_name.empty() ? "" : info.peer_name + " ") + literal + ")";
}

}  // namespace

std::string trace_header(const TraceInfo& info) {
  return return_path_field(info.sender) + received_field(info);
}

std::string return_path_field(std::string_view sender) {
  return "Return-Path: <" + std::string(sender) + ">\r\n";
}

std::string received_field(const TraceInfo& info) {
  std::string out;
  out.append("Received: from ").append(from_domain(info)).append("\r\n");
  out.append("\tby ").append(info.hostname).append(" with ").append(protocol_word(info));
  out.append(" id ").append(info.id);
  if (info.recipient) {
    out.append("\r\n\tfor <").append(*info.recipient).append(">").append(tls_clause(info)).append("; ");
  } else {
    out.append(tls_clause(info)).append(";\r\n\t");
  }
  out.append(mail_date(info.time)).append("\r\n");
  return out;
}

std::string mail_date(transport::SystemTime time) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d +0000",
                                 kDays[static_cast<std::size_t>(parts.tm_wday)].data(), parts.tm_mday,
                                 kMonths[static_cast<std::size_t>(parts.tm_mon)].data(), parts.tm_year + 1900,
                                 parts.tm_hour, parts.tm_min, parts.tm_sec);
  return std::string(text.data(), static_cast<std::size_t>(size));
}

std::string address_literal(const transport::Endpoint& peer) {
  switch (peer.family()) {
    case transport::Endpoint::Family::ipv4: return "[" + peer.address_to_string() + "]";
    case transport::Endpoint::Family::ipv6: {
      std::string address = peer.address_to_string();
      address.erase(std::ranges::find(address, '%'), address.end());  // a scope is of no use to others
      return "[IPv6:" + address + "]";
    }
    default: return {};
  }
}

}  // namespace postrider::agent
