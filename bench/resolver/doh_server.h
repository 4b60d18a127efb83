// A DNS-over-HTTPS server on loopback with a thread of its own: it knows an A record of every name. Our own
// TLS at both ends, so that what is measured is a client and a server of the same make.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "postrider/resolver/backend/doh_backend.h"
#include "postrider/resolver/message.h"
#include "postrider/tests/support/fake_http_server.h"
#include "postrider/transport/socket_network.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::resolver {

class DohServer {
 public:
  DohServer() {
    server_ = std::make_unique<tests::FakeHttpServer>(loop_, network_,
                                                      *transport::Endpoint::parse("127.0.0.1:0"), context());
    server_->answer = [](const std::string& request) {
      return tests::FakeHttpServer::response(200, answer_to(request),
                                             "Content-Type: application/dns-message\r\n");
    };
    url_ = "https://localhost:" + std::to_string(server_->local().port()) + "/dns-query{?dns}";
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~DohServer() {
    loop_.post([this] {
      server_.reset();
      loop_.halt();
    });
    thread_.join();
  }
  DohServer(const DohServer&) = delete;
  DohServer& operator=(const DohServer&) = delete;

  const std::string& url() const noexcept { return url_; }
  // Trusts this server.
  std::shared_ptr<const transport::TlsClientContext> client() const {
    transport::TlsClientConfig config;
    config.roots = transport::TlsRoots::given(transport::PemSource::text(made_.certificate_pem));
    return provider().client(config).value();
  }

 private:
  static const transport::TlsProvider& provider() { return *transport::find_tls_provider("openssl"); }
  std::shared_ptr<const transport::TlsServerContext> context() const {
    transport::TlsCertificate certificate;
    certificate.chain = transport::PemSource::text(made_.certificate_pem);
    certificate.key = transport::PemSource::text(made_.key_pem);
    transport::TlsServerConfig config;
    config.certificates = {certificate};
    return provider().server(config).value();
  }
  static std::string octets_of_base64url(std::string_view text) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned held = 0;
    unsigned bits = 0;
    for (const char c : text) {
      held = held << 6 | static_cast<unsigned>(kAlphabet.find(c));
      bits += 6;
      if (bits < 8) continue;
      bits -= 8;
      out += static_cast<char>(held >> bits & 255);
    }
    return out;
  }
  static std::string answer_to(const std::string& request) {
    const std::size_t begin = request.find("?dns=") + 5;
    const std::size_t end = request.find(' ', begin);
    auto message = read_message(octets_of_base64url(std::string_view(request).substr(begin, end - begin)));
    if (!message || message->questions.empty()) return {};
    Record record;
    record.owner = message->questions.front().name;
    record.type = RecordType::a;
    record.ttl = std::chrono::seconds(300);
    record.data = "\xC0\x02\x01\x07";
    message->response = message->recursion_available = true;
    message->answers.push_back(record);
    return write_message(*message);
  }

  transport::Loop loop_;
  transport::SocketNetwork network_{loop_};
  transport::SelfSigned made_ = provider()
                                    .self_signed(transport::SelfSignedOptions(
                                        "localhost", transport::RealClock::instance().system_now()))
                                    .value();
  std::unique_ptr<tests::FakeHttpServer> server_;
  std::string url_;
  std::thread thread_;
};

}  // namespace postrider::resolver
