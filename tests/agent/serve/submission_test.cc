// A submission service as its users meet it: TLS, accounts, and what it adds to a message. RFC 6409, RFC 8314
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/accounts/account_file.h"
#include "postrider/agent/serve/listener_tls.h"
#include "postrider/client/client.h"
#include "postrider/tests/agent/serve/running_agent.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

using client::Client;
using client::ClientConfig;
using client::ClientLogin;
using client::Outcome;
using client::Phase;
using client::TlsUse;
using protocol::Mechanism;

constexpr std::string_view kRoutes = R"(
[[route]]
domains = ["here.example"]
deliver = "maildir:mail/{domain}/{local}"
[[route]]
domains = ["*"]
deliver = "maildir:other/{local}"
)";

std::string listening(std::string_view keys, TlsBackend backend = TlsBackend::openssl,
                      std::string_view tls_keys = "") {
  return "hostname = \"localhost\"\nstate = \"state\"\n[tls]\nbackend = \"" +
         std::string(backend == TlsBackend::openssl ? "openssl" : "wolfssl") + "\"\n" +
         std::string(tls_keys) + "[[listen]]\naddress = \"127.0.0.1:0\"\n" + std::string(keys) +
         std::string(kRoutes);
}

struct Attempt {
  std::optional<Outcome<void>> connected;
  std::optional<client::DeliveryReport> report;
  std::string cipher;
  bool authenticated = false;
};

client::Task<void> attempt(transport::Loop& loop, ClientConfig config, transport::Endpoint server,
                           std::string to, std::string text, Attempt& out) {
  transport::SocketNetwork network(loop);
  Client client(loop, std::move(config));
  out.connected = co_await client.connect(network, server);
  if (*out.connected) {
    if (client.tls() != nullptr) out.cipher = client.tls()->cipher;
    out.authenticated = client.authenticated();
    client::Envelope envelope = client::Envelope::from("fred@here.example").value();
    envelope.add(to).value();
    client::MemoryMessage message(text);
    out.report = co_await client.send(envelope, message);
  }
  co_await client.quit();
  loop.stop();
}

class SubmissionTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    const auto added = update_account_file(root_ / "accounts.toml", [this](Accounts& accounts) {
      accounts.verifiers["fred"] = protocol::sasl::make_verifier(primitives_, "sesame", "salt", 4096);
      return true;
    });
    ASSERT_TRUE(added);
  }

  // A certificate that vouches for itself, which is in ca.pem: for the name of an account, or of nobody.
  transport::TlsCertificate client_certificate(const std::string& name) {
    const auto made = (*tls_provider(TlsBackend::openssl))
                          ->self_signed(transport::SelfSignedOptions(name, std::chrono::system_clock::now()));
    std::ofstream(root_ / "ca.pem", std::ios::app) << made->certificate_pem;
    return {transport::PemSource::text(made->certificate_pem), transport::PemSource::text(made->key_pem)};
  }

  ClientConfig config(TlsUse use, TlsBackend backend = TlsBackend::openssl,
                      const transport::TlsCertificate& certificate = {}) {
    ClientConfig config;
    config.hello_name = "client.example";
    config.tls.use = use;
    transport::TlsClientConfig tls;
    tls.roots = transport::TlsRoots::given(
        transport::PemSource::file((root_ / "state" / "certificate.pem").string()));
    tls.certificate = certificate;
    config.tls.context = (*tls_provider(backend))->client(tls).value();
    config.tls.target.name = "localhost";
    return config;
  }

  std::shared_ptr<const ClientLogin> login(std::string_view password,
                                           std::optional<Mechanism> only = std::nullopt) {
    auto login = std::make_shared<ClientLogin>();
    login->credentials.user = "fred";
    login->credentials.password = protocol::sasl::Secret(password);
    login->primitives = &primitives_;
    login->only = only;
    return login;
  }

  std::shared_ptr<const ClientLogin> login_by_certificate() {
    auto login = std::make_shared<ClientLogin>();
    login->credentials.external = true;
    login->primitives = &primitives_;
    login->only = Mechanism::external;
    return login;
  }

  Attempt send(RunningAgent& agent, ClientConfig config, std::string to = "bob@here.example",
               std::string text = "Subject: x\r\n\r\nbody\r\n") {
    Attempt out;
    transport::Loop loop;
    loop.spawn(attempt(loop, std::move(config), agent.address(), std::move(to), std::move(text), out));
    loop.run();
    return out;
  }

  SaslPrimitives primitives_;
};

TEST_F(SubmissionTest, TakesMailOfUsersUnderTlsByEachMechanismAndBackend) {
  int expected = 0;
  for (const TlsBackend server : {TlsBackend::openssl, TlsBackend::wolfssl}) {
    for (const TlsUse use : {TlsUse::required, TlsUse::implicit}) {
      std::filesystem::remove_all(root_ / "state");
      const std::string tls = use == TlsUse::implicit ? "implicit" : "starttls";
      RunningAgent running(root_, listening("role = \"submission\"\ntls = \"" + tls + "\"\n", server));
      for (const TlsBackend mine : {TlsBackend::openssl, TlsBackend::wolfssl}) {
        for (const Mechanism mechanism :
             {Mechanism::plain, Mechanism::login, Mechanism::scram_sha_256, Mechanism::scram_sha_256_plus}) {
          SCOPED_TRACE(tls + " " + std::string(to_string(mechanism)));
          ClientConfig settings = config(use, mine);
          settings.login = login("sesame", mechanism);
          const Attempt attempt = send(running, std::move(settings));
          ASSERT_TRUE(attempt.connected && *attempt.connected) << attempt.connected->error().text();
          EXPECT_TRUE(attempt.authenticated);
          EXPECT_TRUE(attempt.report->all_delivered());
          ++expected;
        }
      }
    }
  }
  EXPECT_EQ(contents("mail/here.example/bob/new").size(), static_cast<std::size_t>(expected));
}

TEST_F(SubmissionTest, AddsWhatAMessageLacksAndSaysHowItCame) {
  RunningAgent running(root_, listening("role = \"submission\"\ntls = \"implicit\"\n"));
  ClientConfig settings = config(TlsUse::implicit);
  settings.login = login("sesame");
  ASSERT_TRUE(send(running, std::move(settings), "x@elsewhere.example").report->all_delivered());
  const std::vector<std::string> found = contents("other/x/new");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("\tby localhost with ESMTPSA id "), std::string::npos) << found[0];
  EXPECT_NE(found[0].find("\r\n\ttls TLS_"), std::string::npos) << found[0];
  EXPECT_NE(found[0].find("\r\nSubject: x\r\nDate: "), std::string::npos) << found[0];
  EXPECT_NE(found[0].find("\r\nMessage-ID: <"), std::string::npos) << found[0];
  EXPECT_TRUE(found[0].ends_with("@localhost>\r\n\r\nbody\r\n")) << found[0];
  const std::string logged = running.logged("info message ");
  EXPECT_NE(logged.find("user=fred tls=\"TLSv1.3 "), std::string::npos) << logged;
}

TEST_F(SubmissionTest, LetsNobodyInWithTheWrongPassword) {
  RunningAgent running(root_, listening("role = \"submission\"\ntls = \"starttls\"\n"));
  for (const Mechanism mechanism : {Mechanism::plain, Mechanism::scram_sha_256}) {
    ClientConfig settings = config(TlsUse::required);
    settings.login = login("seasame", mechanism);
    const Attempt attempt = send(running, std::move(settings));
    ASSERT_FALSE(*attempt.connected);
    EXPECT_EQ(attempt.connected->error().phase, Phase::authentication);
    EXPECT_EQ(attempt.connected->error().reply->code(), protocol::code::auth_failed);
  }
  EXPECT_EQ(running.count_logged("login failed"), 2U);
}

TEST_F(SubmissionTest, OffersNoLoginInClear) {
  RunningAgent running(root_, listening("role = \"submission\"\ntls = \"starttls\"\n"));
  Dialogue client(running.address());
  EXPECT_EQ(client.reply().substr(0, 3), "220");
  const std::string offer = client.say("EHLO client.example");
  EXPECT_NE(offer.find("STARTTLS"), std::string::npos);
  EXPECT_EQ(offer.find("AUTH"), std::string::npos);
  EXPECT_EQ(client.say("AUTH PLAIN AGZyZWQAc2VzYW1l").substr(0, 10), "538 5.7.11");
  EXPECT_EQ(client.say("MAIL FROM:<fred@here.example>"), "530 5.7.0 Authentication required");
}

TEST_F(SubmissionTest, ClosesWhenClearTextFollowsStartTls) {
  RunningAgent running(root_, listening("role = \"submission\"\ntls = \"starttls\"\n"));
  Dialogue client(running.address());
  client.reply();
  client.say("EHLO client.example");
  client.send("STARTTLS\r\nNOOP\r\n");
  EXPECT_EQ(client.reply().substr(0, 9), "554 5.5.1");
  EXPECT_EQ(client.reply(), "");
}

TEST_F(SubmissionTest, TheClientVerifiesTheServer) {
  RunningAgent running(root_, listening("role = \"submission\"\ntls = \"starttls\"\n"));
  ClientConfig settings = config(TlsUse::required);
  settings.tls.target.name = "mail.example.org";
  settings.login = login("sesame");
  const Attempt attempt = send(running, std::move(settings));
  ASSERT_FALSE(*attempt.connected);
  EXPECT_EQ(attempt.connected->error().phase, Phase::start_tls);
  EXPECT_NE(attempt.connected->error().text().find("certificate is refused"), std::string::npos)
      << attempt.connected->error().text();
}

TEST_F(SubmissionTest, ARequiredTlsThatIsNotOfferedIsAnErrorBeforeAnyMail) {
  RunningAgent running(root_, listening("role = \"mx\"\ntls = \"starttls\"\n"));
  RunningAgent in_clear(root_, listening("role = \"mx\"\ntls = \"none\"\n"));
  const Attempt refused = send(in_clear, config(TlsUse::required));
  ASSERT_FALSE(*refused.connected);
  EXPECT_NE(refused.connected->error().text().find("does not offer STARTTLS"), std::string::npos);
  EXPECT_TRUE(send(in_clear, config(TlsUse::opportunistic)).report->all_delivered());
  const Attempt encrypted = send(running, config(TlsUse::opportunistic));
  EXPECT_TRUE(encrypted.report->all_delivered());
  EXPECT_FALSE(encrypted.cipher.empty());
}

TEST_F(SubmissionTest, AReloadTakesUpANewCertificate) {
  const std::string toml = listening("role = \"mx\"\ntls = \"starttls\"\n");
  RunningAgent running(root_, toml);
  const ClientConfig old = config(TlsUse::required);
  EXPECT_TRUE(send(running, old).report->all_delivered());
  std::filesystem::remove_all(root_ / "state");
  ASSERT_TRUE(running.agent().reload(running.config(toml)));
  EXPECT_FALSE(*send(running, old).connected);
  EXPECT_TRUE(send(running, config(TlsUse::required)).report->all_delivered());
}

TEST_F(SubmissionTest, ABadCertificateIsNamedAtTheStart) {
  std::ofstream(root_ / "cert.pem") << "nonsense";
  std::ofstream(root_ / "key.pem") << "nonsense";
  std::string toml = listening("role = \"mx\"\n");
  toml.insert(toml.find("[[listen]]"), "certificate = \"cert.pem\"\nkey = \"key.pem\"\n");
  RunningAgent good(root_, listening("role = \"mx\"\n"));
  const auto reloaded = good.agent().reload(good.config(toml));
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(reloaded.error().exit_code, ExitCode::configuration);
  EXPECT_NE(reloaded.error().text.find("cert.pem"), std::string::npos) << reloaded.error().text;
}

// ---- Client certificates ----

constexpr std::string_view kClientCa = "client_ca = \"ca.pem\"\n";
constexpr std::string_view kRequest = "role = \"submission\"\nclient_certificates = \"request\"\n";

TEST_F(SubmissionTest, ACertificateThatNamesAnAccountLogsIn) {
  for (const TlsBackend backend : {TlsBackend::openssl, TlsBackend::wolfssl}) {
    std::filesystem::remove_all(root_ / "state");
    std::filesystem::remove(root_ / "ca.pem");
    const transport::TlsCertificate fred = client_certificate("fred");
    RunningAgent running(root_, listening(kRequest, backend, kClientCa));
    for (const TlsBackend mine : {TlsBackend::openssl, TlsBackend::wolfssl}) {
      ClientConfig settings = config(TlsUse::implicit, mine, fred);
      settings.login = login_by_certificate();
      for (int time = 0; time < 2; ++time) {  // the second may be a resumed session
        const Attempt attempt = send(running, settings);
        ASSERT_TRUE(attempt.connected && *attempt.connected) << attempt.connected->error().text();
        EXPECT_TRUE(attempt.authenticated);
        EXPECT_TRUE(attempt.report->all_delivered());
      }
    }
    EXPECT_NE(running.logged("info \"logged in\"", "mechanism=EXTERNAL user=fred"), "");
    EXPECT_NE(running.logged("info message ", "certificate=\"CN=fred\""), "");
  }
  EXPECT_NE(contents("mail/here.example/bob/new").at(0).find(", client certificate verified)"),
            std::string::npos);
}

TEST_F(SubmissionTest, ACertificateOfNobodyHereDoesNotLogIn) {
  const transport::TlsCertificate anna = client_certificate("anna");
  RunningAgent running(root_, listening(kRequest, TlsBackend::openssl, kClientCa));
  ClientConfig settings = config(TlsUse::implicit, TlsBackend::openssl, anna);
  settings.login = login_by_certificate();
  const Attempt attempt = send(running, std::move(settings));
  ASSERT_FALSE(*attempt.connected);
  EXPECT_EQ(attempt.connected->error().reply->code(), protocol::code::auth_failed);
}

TEST_F(SubmissionTest, WithoutATrustedCertificateThereIsNoExternal) {
  client_certificate("anna");
  const transport::TlsCertificate stranger = client_certificate("fred");
  std::filesystem::remove(root_ / "ca.pem");
  client_certificate("anna");
  RunningAgent running(root_, listening(kRequest, TlsBackend::openssl, kClientCa));
  for (const transport::TlsCertificate& shown : {transport::TlsCertificate(), stranger}) {
    ClientConfig settings = config(TlsUse::implicit, TlsBackend::openssl, shown);
    settings.login = login_by_certificate();
    EXPECT_FALSE(*send(running, settings).connected);
    settings.login = login("sesame");
    EXPECT_TRUE(send(running, settings).report->all_delivered()) << "passwords are as good as ever";
  }
}

TEST_F(SubmissionTest, ACertificateMayBeRequired) {
  for (const TlsBackend backend : {TlsBackend::openssl, TlsBackend::wolfssl}) {
    std::filesystem::remove_all(root_ / "state");
    std::filesystem::remove(root_ / "ca.pem");
    const transport::TlsCertificate fred = client_certificate("fred");
    RunningAgent running(root_,
                         listening("role = \"mx\"\nclient_certificates = \"require\"\n", backend, kClientCa));
    const Attempt good = send(running, config(TlsUse::required, TlsBackend::openssl, fred));
    ASSERT_TRUE(*good.connected) << good.connected->error().text();
    EXPECT_TRUE(good.report->all_delivered());
    EXPECT_FALSE(*send(running, config(TlsUse::required)).connected);
    running.stop();  // the client may hear of it before the log does
    EXPECT_NE(running.logged("info \"TLS failed\""), "");
  }
}

TEST_F(SubmissionTest, ABadClientCaIsNamedAtTheStart) {
  RunningAgent good(root_, listening("role = \"mx\"\n"));
  const auto reloaded = good.agent().reload(good.config(listening(kRequest, TlsBackend::openssl, kClientCa)));
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(reloaded.error().exit_code, ExitCode::configuration);
  EXPECT_NE(reloaded.error().text.find("ca.pem"), std::string::npos) << reloaded.error().text;
}

// ---- Resumption ----

TEST_F(SubmissionTest, ContextsLastAsLongAsWhatTheyAreMadeOf) {
  const transport::TlsCertificate fred = client_certificate("fred");
  RunningAgent running(root_, listening(kRequest, TlsBackend::openssl, kClientCa));
  Log log(LogConfig(), [](std::string_view) {}, transport::RealClock::instance());
  const auto made = [&](const Config& config, const ListenerContexts& before) {
    return server_tls(config, before, std::chrono::system_clock::now(), log).value();
  };
  const Config config = running.config(listening(kRequest, TlsBackend::openssl, kClientCa));
  const ListenerContexts first = made(config, {});
  ASSERT_NE(first.of(ClientCertificates::request), nullptr);
  EXPECT_EQ(first.of(ClientCertificates::none), nullptr) << "no listener wants it";
  EXPECT_EQ(made(config, first).of(ClientCertificates::request), first.of(ClientCertificates::request));
  for (const std::string_view change : {"backend", "minimum", "ca", "certificate"}) {
    Config other = config;
    if (change == "backend") other.tls.backend = TlsBackend::wolfssl;
    if (change == "minimum") other.tls.minimum = TlsVersion::v1_3;
    if (change == "ca") client_certificate("anna");
    if (change == "certificate") std::filesystem::remove_all(root_ / "state");
    EXPECT_NE(made(other, first).of(ClientCertificates::request), first.of(ClientCertificates::request))
        << change;
  }
}

TEST_F(SubmissionTest, TheCertificatesKeyIsOurs) {
  RunningAgent running(root_, listening("role = \"mx\"\n"));
  const auto mode = std::filesystem::status(root_ / "state" / "key.pem").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(running.logged("self-signed").empty());
}

}  // namespace
}  // namespace postrider::agent
