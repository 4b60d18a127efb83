#include "postrider/tests/client/fake_tls.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace postrider::client::testing {
namespace {

using namespace transport;

class FakeEngine : public TlsEngine {
 public:
  Step handshake() override {
    if (has_failed()) return {Status::failed, 0};
    begin();
    char c = 0;
    while (take_input(&c, 1) == 1) {
      line_ += c;
      if (c == '\n') return on_line(std::string_view(line_).substr(0, line_.size() - 1));
    }
    return {Status::want_input, 0};
  }
  Step read(std::span<char> into) override {
    const std::size_t count = take_input(into.data(), into.size());
    if (count == 0) return {Status::want_input, 0};
    return {Status::done, count};
  }
  Step write(std::string_view plaintext) override {
    if (room() == 0) return {Status::want_output, 0};
    const std::string_view part = plaintext.substr(0, room());
    put_output(part);
    return {Status::done, part.size()};
  }
  Step shutdown() override { return {Status::done, 0}; }
  bool pending() const override { return input_left() != 0; }
  TlsInfo info() const override { return info_; }

 protected:
  virtual void begin() {}
  virtual Step on_line(std::string_view line) = 0;

  TlsInfo info_;

 private:
  std::string line_;
};

class ServerEnd final : public FakeEngine {
 public:
  ServerEnd(std::string name, bool refuse) : name_(std::move(name)), refuse_(refuse) {}

 private:
  Step on_line(std::string_view) override {
    put_output(refuse_ ? "alert\n" : "certificate " + name_ + "\n");
    if (refuse_) return fail("no common cipher");
    return {Status::done, 0};
  }

  std::string name_;
  bool refuse_;
};

class ClientEnd final : public FakeEngine {
 public:
  explicit ClientEnd(TlsTarget target) : target_(std::move(target)) { info_.cipher = "TLS_FAKE"; }

 private:
  void begin() override {
    if (!std::exchange(begun_, true)) put_output("hello " + target_.name + "\n");
  }
  Step on_line(std::string_view line) override {
    if (line == "alert") return fail("the peer sent the alert handshake_failure (40)");
    const std::string name(line.substr(line.find(' ') + 1));
    const bool right = name == target_.name || std::ranges::find(target_.also, name) != target_.also.end();
    const bool verifies = target_.policy == TlsPolicy::pkix || target_.policy == TlsPolicy::dane;
    if (verifies && !right) return fail("the certificate is for " + name + ", not for " + target_.name);
    if (target_.policy != TlsPolicy::none) info_.trust = right ? TlsTrust::trusted : TlsTrust::failed;
    info_.verification = right ? "the name is right" : "the name is wrong";
    info_.peer_subject = "CN=" + name;
    return {Status::done, 0};
  }

  TlsTarget target_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<TlsEngine> fake_tls_server(std::string name, bool refuse) {
  return std::make_unique<ServerEnd>(std::move(name), refuse);
}

TlsResult<std::unique_ptr<TlsEngine>> FakeTlsContext::engine(const TlsTarget& target) const {
  targets.push_back(target);
  return std::make_unique<ClientEnd>(target);
}

}  // namespace postrider::client::testing
