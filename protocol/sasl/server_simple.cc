#include "postrider/protocol/sasl/server_simple.h"

#include <algorithm>
#include <utility>

#include "postrider/protocol/sasl/bounds.h"
#include "postrider/protocol/sasl/prepare.h"
#include "postrider/protocol/sasl/scram_message.h"

namespace postrider::protocol::sasl {
namespace {

// Both PLAIN and LOGIN end in a name and a password.
ServerStep ask_password(std::string user, Secret password) {
  if (user.empty() || password.empty()) return Failure{Fault::malformed};
  if (user.size() > kMaxName || password.view().size() > kMaxPassword) return Failure{Fault::too_long};
  if (!is_prepared(user) || !is_prepared(password.view())) return Failure{Fault::forbidden_octets};
  return PasswordQuestion{std::move(user), std::move(password)};
}

// The result of a verdict about somebody who calls himself `user`.
ServerStep result(const Verdict& verdict, const std::string& user) {
  if (verdict.kind != Verdict::Kind::accepted) return Failure{Fault::refused};
  const std::string& name = verdict.user.empty() ? user : verdict.user;
  if (name.empty()) return Failure{Fault::misuse};
  return Success{name};
}

// message = [authzid] UTF8NUL authcid UTF8NUL passwd, RFC 4616 2
class PlainServer final : public ServerMechanism {
 public:
  ServerStep respond(std::string_view octets) override {
    const std::size_t first = octets.find('\0');
    const std::size_t second = first == octets.npos ? octets.npos : octets.find('\0', first + 1);
    if (second == octets.npos) return Failure{Fault::malformed};
    const std::string_view authorization = octets.substr(0, first);
    user_ = octets.substr(first + 1, second - first - 1);
    if (!authorization.empty() && authorization != user_) return Failure{Fault::not_authorized};
    return ask_password(user_, Secret(octets.substr(second + 1)));
  }
  ServerStep on_verdict(const Verdict& verdict) override { return result(verdict, user_); }

 private:
  std::string user_;
};

class LoginServer final : public ServerMechanism {
 public:
  ServerStep start() override { return Challenge{"Username:"}; }
  // An initial response is the name; some clients send it.
  ServerStep respond(std::string_view octets) override {
    if (!std::exchange(named_, true)) {
      if (octets.size() > kMaxName) return Failure{Fault::too_long};
      user_ = octets;
      return Challenge{"Password:"};
    }
    return ask_password(user_, Secret(octets));
  }
  ServerStep on_verdict(const Verdict& verdict) override { return result(verdict, user_); }

 private:
  std::string user_;
  bool named_ = false;
};

class ExternalServer final : public ServerMechanism {
 public:
  ServerStep respond(std::string_view octets) override {
    if (octets.size() > kMaxName) return Failure{Fault::too_long};
    if (!is_prepared(octets)) return Failure{Fault::forbidden_octets};
    asked_ = octets;
    return CertificateQuestion{asked_};
  }
  ServerStep on_verdict(const Verdict& verdict) override { return result(verdict, asked_); }

 private:
  std::string asked_;
};

constexpr char kSeparator = '\x01';

// b64token of RFC 6750 2.1 and what else is seen in the field: printable, no space.
bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

bool take_prefix(std::string_view& text, std::string_view prefix) noexcept {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "Bearer" in any case, RFC 7628 3.1 and RFC 6750 2.1.
bool take_bearer(std::string_view& value) noexcept {
  static constexpr std::string_view kScheme = "bearer ";
  if (value.size() < kScheme.size()) return false;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = value[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kScheme[i]) return false;
  }
  value.remove_prefix(kScheme.size());
  return true;
}

// A refusal is told as a challenge in JSON, which the client acknowledges; then the exchange fails.
class TokenServer : public ServerMechanism {
 public:
  ServerStep respond(std::string_view octets) final {
    if (refused_) return Failure{Fault::refused};
    if (octets.size() > kMaxToken) return Failure{Fault::too_long};
    return read(octets);
  }
  ServerStep on_verdict(const Verdict& verdict) final {
    if (verdict.kind == Verdict::Kind::accepted) return result(verdict, user_);
    refused_ = true;
    return Challenge{std::string(complaint_)};
  }

 protected:
  explicit TokenServer(std::string_view complaint) : complaint_(complaint) {}
  virtual ServerStep read(std::string_view octets) = 0;

  ServerStep ask(std::string user, std::string_view token, std::string_view host, std::string_view port) {
    if (!is_token(token)) return Failure{Fault::malformed};
    if (user.size() > kMaxName || host.size() > kMaxName) return Failure{Fault::too_long};
    if (!is_prepared(user) || !is_prepared(host)) return Failure{Fault::forbidden_octets};
    user_ = user;
    return TokenQuestion{std::move(user), Secret(token), std::string(host), std::string(port)};
  }

 private:
  std::string user_;
  std::string_view complaint_;
  bool refused_ = false;
};

// "user=" user ^A "auth=Bearer " token ^A ^A
class Xoauth2Server final : public TokenServer {
 public:
  Xoauth2Server() : TokenServer(R"({"status":"401","schemes":"bearer","scope":"smtp"})") {}

 private:
  ServerStep read(std::string_view octets) override {
    if (!take_prefix(octets, "user=")) return Failure{Fault::malformed};
    const std::size_t end = octets.find(kSeparator);
    if (end == octets.npos || end == 0) return Failure{Fault::malformed};
    const std::string user(octets.substr(0, end));
    octets.remove_prefix(end + 1);
    if (!take_prefix(octets, "auth=") || !take_bearer(octets) || !octets.ends_with("\x01\x01")) {
      return Failure{Fault::malformed};
    }
    octets.remove_suffix(2);
    return ask(user, octets, {}, {});
  }
};

bool is_port(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// gs2-header kvsep *kvpair kvsep, RFC 7628 3.1
class OauthbearerServer final : public TokenServer {
 public:
  OauthbearerServer() : TokenServer(R"({"status":"invalid_token"})") {}

 private:
  ServerStep read(std::string_view octets) override {
    const std::size_t header_end = octets.find(kSeparator);
    if (header_end == octets.npos) return Failure{Fault::malformed};
    auto user = read_gs2_user(octets.substr(0, header_end));
    if (!user) return Failure{user.error()};
    std::string_view pairs = octets.substr(header_end + 1);
    std::string_view token;
    std::string_view host;
    std::string_view port;
    while (pairs != std::string_view("\x01", 1)) {
      const std::size_t end = pairs.find(kSeparator);
      if (end == pairs.npos || end == 0) return Failure{Fault::malformed};
      std::string_view pair = pairs.substr(0, end);
      pairs.remove_prefix(end + 1);
      if (take_prefix(pair, "auth=")) {
        if (!token.empty() || !take_bearer(pair)) return Failure{Fault::malformed};
        token = pair;
      } else if (take_prefix(pair, "host=")) {
        host = pair;
      } else if (take_prefix(pair, "port=")) {
        if (!is_port(pair)) return Failure{Fault::malformed};
        port = pair;
      } else if (pair.find('=') == pair.npos || pair.front() == '=') {
        return Failure{Fault::malformed};
      }
    }
    return ask(*std::move(user), token, host, port);
  }
};

}  // namespace

std::unique_ptr<ServerMechanism> make_plain_server() { return std::make_unique<PlainServer>(); }
std::unique_ptr<ServerMechanism> make_login_server() { return std::make_unique<LoginServer>(); }
std::unique_ptr<ServerMechanism> make_external_server() { return std::make_unique<ExternalServer>(); }
std::unique_ptr<ServerMechanism> make_xoauth2_server() { return std::make_unique<Xoauth2Server>(); }
std::unique_ptr<ServerMechanism> make_oauthbearer_server() { return std::make_unique<OauthbearerServer>(); }

}  // namespace postrider::protocol::sasl
