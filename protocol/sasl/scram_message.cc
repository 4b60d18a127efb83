#include "postrider/protocol/sasl/scram_message.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/sasl/bounds.h"
#include "postrider/protocol/sasl/prepare.h"

namespace postrider::protocol::sasl {
namespace {

constexpr bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// cb-name = 1*(ALPHA / DIGIT / "." / "-")
bool is_binding_type(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

// Attributes one behind the other: attr-val = ALPHA "=" value, value = 1*value-char, which is UTF-8 without
// NUL and ",".
class Attributes {
 public:
  explicit Attributes(std::string_view text) : text_(text) {}

  // Where the next attribute begins.
  std::size_t at() const noexcept { return at_; }
  bool done() const noexcept { return at_ > text_.size(); }

  // The value, when an attribute with this name comes next.
  std::optional<std::string_view> take(char name) noexcept {
    if (done()) return std::nullopt;
    const std::string_view rest = text_.substr(at_);
    if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return std::nullopt;
    const std::string_view value =
        rest.substr(2, rest.find(',') == rest.npos ? rest.npos : rest.find(',') - 2);
    at_ += 2 + value.size() + 1;
    return value;
  }

  // Whatever is left are extensions that nobody has to know.
  bool only_extensions() noexcept {
    while (!done()) {
      const std::string_view rest = text_.substr(at_);
      if (rest.empty() || !is_letter(rest[0])) return false;
      const auto value = take(rest[0]);
      if (!value || value->empty() || value->find('\0') != value->npos) return false;
    }
    return true;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::expected<std::string, Fault> read_name(std::string_view escaped) {
  std::string name;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '=') {
      name.push_back(escaped[i]);
    } else if (escaped.substr(i, 3) == "=2C") {
      name.push_back(',');
      i += 2;
    } else if (escaped.substr(i, 3) == "=3D") {
      name.push_back('=');
      i += 2;
    } else {
      return std::unexpected(Fault::malformed);  // RFC 5802 5.1: the exchange fails
    }
  }
  if (name.empty()) return std::unexpected(Fault::malformed);
  if (name.size() > kMaxName) return std::unexpected(Fault::too_long);
  if (!is_prepared(name)) return std::unexpected(Fault::forbidden_octets);
  return name;
}

std::optional<std::string> read_base64(std::string_view text) {
  std::string out(base64_decoded_bound(text.size()), '\0');
  const Result<std::string_view> decoded = base64_decode(text, out);
  if (!decoded) return std::nullopt;
  out.resize(decoded->size());
  return out;
}

bool read_digest(std::string_view text, Sha256& out) {
  const std::optional<std::string> octets = read_base64(text);
  if (!octets || octets->size() != out.size()) return false;
  std::ranges::copy(*octets, out.begin());
  return true;
}

// posit-number = %x31-39 *DIGIT
std::optional<std::uint32_t> read_number(std::string_view text) noexcept {
  if (text.empty() || text.size() > 9 || text[0] == '0') return std::nullopt;
  std::uint32_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

// gs2-header = gs2-cbind-flag "," [ authzid ] ","; its octets are counted in `size`.
std::expected<ClientFirst, Fault> read_gs2_header(std::string_view text) {
  ClientFirst first;
  const std::size_t flag_end = text.find(',');
  if (flag_end == text.npos) return std::unexpected(Fault::malformed);
  const std::string_view flag = text.substr(0, flag_end);
  if (flag == "y") {
    first.flag = BindingFlag::unsupported;
  } else if (flag.starts_with("p=")) {
    first.flag = BindingFlag::bound;
    first.binding = flag.substr(2);
    if (!is_binding_type(first.binding)) return std::unexpected(Fault::malformed);
  } else if (flag != "n") {
    return std::unexpected(Fault::malformed);
  }
  const std::size_t name_end = text.find(',', flag_end + 1);
  if (name_end == text.npos) return std::unexpected(Fault::malformed);
  const std::string_view name = text.substr(flag_end + 1, name_end - flag_end - 1);
  if (!name.empty()) {
    if (!name.starts_with("a=")) return std::unexpected(Fault::malformed);
    auto read = read_name(name.substr(2));
    if (!read) return std::unexpected(read.error());
    first.authorization = *std::move(read);
  }
  first.gs2_header = text.substr(0, name_end + 1);
  first.bare = text.substr(name_end + 1);
  return first;
}

}  // namespace

// client-first-message = gs2-header client-first-message-bare
// client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
std::expected<ClientFirst, Fault> parse_client_first(std::string_view text) {
  if (text.size() > kMaxMessage) return std::unexpected(Fault::too_long);
  auto first = read_gs2_header(text);
  if (!first) return first;
  Attributes attributes(first->bare);
  if (attributes.take('m')) return std::unexpected(Fault::unknown_extension);
  const auto name = attributes.take('n');
  const auto nonce = attributes.take('r');
  if (!name || !nonce || !is_nonce(*nonce) || !attributes.only_extensions()) {
    return std::unexpected(Fault::malformed);
  }
  auto user = read_name(*name);
  if (!user) return std::unexpected(user.error());
  first->user = *std::move(user);
  first->nonce = *nonce;
  return first;
}

// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
std::expected<ServerFirst, Fault> parse_server_first(std::string_view text) {
  if (text.size() > kMaxMessage) return std::unexpected(Fault::too_long);
  Attributes attributes(text);
  if (attributes.take('m')) return std::unexpected(Fault::unknown_extension);
  const auto nonce = attributes.take('r');
  const auto salt = attributes.take('s');
  const auto iterations = attributes.take('i');
  if (!nonce || !salt || !iterations || !is_nonce(*nonce) || !attributes.only_extensions()) {
    return std::unexpected(Fault::malformed);
  }
  std::optional<std::string> octets = read_base64(*salt);
  const std::optional<std::uint32_t> number = read_number(*iterations);
  if (!octets || octets->empty() || !number) return std::unexpected(Fault::malformed);
  if (octets->size() > kMaxSalt) return std::unexpected(Fault::too_long);
  return ServerFirst{*nonce, *std::move(octets), *number};
}

// client-final-message = channel-binding "," nonce ["," extensions] "," proof
std::expected<ClientFinal, Fault> parse_client_final(std::string_view text) {
  if (text.size() > kMaxMessage) return std::unexpected(Fault::too_long);
  const std::size_t proof_at = text.rfind(",p=");
  if (proof_at == text.npos) return std::unexpected(Fault::malformed);
  ClientFinal final;
  final.without_proof = text.substr(0, proof_at);
  Attributes attributes(final.without_proof);
  const auto binding = attributes.take('c');
  const auto nonce = attributes.take('r');
  if (!binding || !nonce || !is_nonce(*nonce) || !attributes.only_extensions()) {
    return std::unexpected(Fault::malformed);
  }
  std::optional<std::string> octets = read_base64(*binding);
  if (!octets || octets->empty() || !read_digest(text.substr(proof_at + 3), final.proof)) {
    return std::unexpected(Fault::malformed);
  }
  final.binding = *std::move(octets);
  final.nonce = *nonce;
  return final;
}

// server-final-message = (server-error / verifier) ["," extensions]
std::expected<ServerFinal, Fault> parse_server_final(std::string_view text) {
  if (text.size() > kMaxMessage) return std::unexpected(Fault::too_long);
  Attributes attributes(text);
  ServerFinal final;
  if (const auto error = attributes.take('e')) {
    if (error->empty()) return std::unexpected(Fault::malformed);
    final.error = *error;
  } else {
    const auto signature = attributes.take('v');
    if (!signature || !read_digest(*signature, final.signature)) return std::unexpected(Fault::malformed);
  }
  if (!attributes.only_extensions()) return std::unexpected(Fault::malformed);
  return final;
}

std::expected<std::string, Fault> read_gs2_user(std::string_view header) {
  auto first = read_gs2_header(header);
  if (!first) return std::unexpected(first.error());
  if (first->flag == BindingFlag::bound || !first->bare.empty()) return std::unexpected(Fault::malformed);
  return std::move(first->authorization);
}

std::string escape_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

bool is_nonce(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxNonce &&
         std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7E && c != ','; });
}

}  // namespace postrider::protocol::sasl
