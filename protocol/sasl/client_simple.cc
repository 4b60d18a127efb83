// The mechanisms of one or two lines, and the table of all.
#include <charconv>
#include <utility>

#include "postrider/protocol/sasl/client.h"
#include "postrider/protocol/sasl/client_scram.h"

namespace postrider::protocol::sasl {
namespace {

using namespace std::string_view_literals;

// PLAIN, RFC 4616 2: message = [authzid] UTF8NUL authcid UTF8NUL passwd. EXTERNAL, RFC 4422 appendix A: the
// authorization identity or nothing. Both are said at once.
class OneMessage final : public ClientMechanism {
 public:
  explicit OneMessage(Secret message) : message_(std::move(message)) {}

  std::optional<Secret> initial() override { return std::move(message_); }
  std::expected<Secret, Fault> respond(std::string_view) override {
    return std::unexpected(Fault::out_of_order);
  }

 private:
  Secret message_;
};

// LOGIN, which no RFC describes: the server asks for the name, then for the password. What it asks is not
// looked at, since servers put it in words of their own.
class LoginClient final : public ClientMechanism {
 public:
  explicit LoginClient(const Credentials& credentials)
      : user_(credentials.user), password_(credentials.password.copy()) {}

  std::optional<Secret> initial() override { return std::nullopt; }
  std::expected<Secret, Fault> respond(std::string_view) override {
    ++asked_;
    if (asked_ == 1) return Secret(user_);
    if (asked_ == 2) return std::move(password_);
    return std::unexpected(Fault::out_of_order);
  }
  bool proven() const noexcept override { return asked_ == 2; }

 private:
  std::string user_;
  Secret password_;
  int asked_ = 0;
};

// CRAM-MD5, RFC 2195 2: the name, a space, and HMAC-MD5 of the challenge in hexadecimal.
class CramMd5Client final : public ClientMechanism {
 public:
  CramMd5Client(const Primitives& primitives, const Credentials& credentials)
      : primitives_(primitives), user_(credentials.user), password_(credentials.password.copy()) {}

  std::optional<Secret> initial() override { return std::nullopt; }
  std::expected<Secret, Fault> respond(std::string_view challenge) override {
    if (std::exchange(answered_, true)) return std::unexpected(Fault::out_of_order);
    if (challenge.empty()) return std::unexpected(Fault::malformed);
    if (challenge.size() > kMaxMessage) return std::unexpected(Fault::too_long);
    static constexpr char kDigits[] = "0123456789abcdef";
    const Md5 digest = primitives_.hmac_md5(password_.view(), challenge);
    password_ = Secret();
    std::string line = user_ + " ";
    for (const char c : digest) {
      line += kDigits[static_cast<unsigned char>(c) >> 4];
      line += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return Secret(line);
  }
  bool proven() const noexcept override { return answered_; }

 private:
  const Primitives& primitives_;
  std::string user_;
  Secret password_;
  bool answered_ = false;
};

// XOAUTH2 and OAUTHBEARER: one message; a challenge is the server's complaint, which is answered by as good
// as nothing (RFC 7628 3.2.3) and followed by the refusal.
class TokenClient final : public ClientMechanism {
 public:
  TokenClient(Secret message, std::string_view acknowledgement)
      : message_(std::move(message)), acknowledgement_(acknowledgement) {}

  std::optional<Secret> initial() override { return std::move(message_); }
  std::expected<Secret, Fault> respond(std::string_view challenge) override {
    if (std::exchange(refused_, true)) return std::unexpected(Fault::out_of_order);
    complaint_ = challenge.substr(0, kMaxMessage);
    return Secret(acknowledgement_);
  }
  bool proven() const noexcept override { return !refused_; }
  std::string_view complaint() const noexcept override { return complaint_; }

 private:
  Secret message_;
  std::string_view acknowledgement_;
  std::string complaint_;
  bool refused_ = false;
};

constexpr std::string_view kSeparator = "\x01"sv;

// RFC 7628 3.1: client-resp = gs2-header kvsep *kvpair kvsep
std::unique_ptr<ClientMechanism> oauthbearer(const Credentials& credentials) {
  std::string header = "n,";
  // RFC 7628 3.1: the user is what gs2-header has in a=.
  const std::string& name = credentials.authorization.empty() ? credentials.user : credentials.authorization;
  if (!name.empty()) header += "a=" + escape_name(name);
  header += ",";
  header += kSeparator;
  if (!credentials.host.empty()) header.append("host=").append(credentials.host).append(kSeparator);
  if (credentials.port != 0) {
    header.append("port=").append(std::to_string(credentials.port)).append(kSeparator);
  }
  return std::make_unique<TokenClient>(
      Secret::join({header, "auth=Bearer ", credentials.token.view(), kSeparator, kSeparator}), kSeparator);
}

std::unique_ptr<ClientMechanism> xoauth2(const Credentials& credentials) {
  return std::make_unique<TokenClient>(Secret::join({"user=", credentials.user, kSeparator, "auth=Bearer ",
                                                     credentials.token.view(), kSeparator, kSeparator}),
                                       "");
}

ScramClient::Binding binding_for(Mechanism which, MechanismSet offered, const ClientConditions& conditions) {
  ScramClient::Binding binding;
  if (conditions.bindings.empty()) return binding;
  if (which == Mechanism::scram_sha_256_plus) {
    binding.flag = BindingFlag::bound;
    binding.channel = conditions.bindings.front();
  } else if (!offered.has(Mechanism::scram_sha_256_plus)) {
    // RFC 5802 6: tells a server that has it that somebody took it out of what we saw.
    binding.flag = BindingFlag::unsupported;
  }
  return binding;
}

}  // namespace

std::unique_ptr<ClientMechanism> make_client_mechanism(Mechanism which, MechanismSet offered,
                                                       const Credentials& credentials,
                                                       const ClientConditions& conditions,
                                                       const Primitives& primitives) {
  switch (which) {
    case Mechanism::cram_md5: return std::make_unique<CramMd5Client>(primitives, credentials);
    case Mechanism::login: return std::make_unique<LoginClient>(credentials);
    case Mechanism::plain:
      return std::make_unique<OneMessage>(Secret::join(
          {credentials.authorization, "\0"sv, credentials.user, "\0"sv, credentials.password.view()}));
    case Mechanism::xoauth2: return xoauth2(credentials);
    case Mechanism::oauthbearer: return oauthbearer(credentials);
    case Mechanism::external: return std::make_unique<OneMessage>(Secret(credentials.authorization));
    case Mechanism::scram_sha_256:
    case Mechanism::scram_sha_256_plus: break;
  }
  return std::make_unique<ScramClient>(primitives, credentials, binding_for(which, offered, conditions),
                                       conditions.least_iterations, make_nonce(primitives));
}

}  // namespace postrider::protocol::sasl
