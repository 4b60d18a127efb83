// A small internet in one process: a zone, hosts in a MemoryNetwork, virtual time, and deliveries into it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/client/mx_delivery.h"
#include "postrider/resolver/backend/static_backend.h"
#include "postrider/tests/client/client_fixture.h"
#include "postrider/tests/client/fake_host.h"
#include "postrider/tests/client/fake_tls.h"
#include "postrider/transport/memory_network.h"

namespace postrider::client::testing {

// example.net has the hosts mx1, mx2 and mx3, in this order, at 192.0.2.1 to 192.0.2.3.
class MxTest : public ::testing::Test {
 protected:
  static constexpr const char* kFirst = "192.0.2.1";
  static constexpr const char* kSecond = "192.0.2.2";
  static constexpr const char* kThird = "192.0.2.3";

  MxTest();
  ~MxTest() override;

  FakeHost& host(const std::string& address, FakeHost::Setup setup = {}, std::uint16_t port = 25);
  // Where an answer to one command is all that is to be different.
  FakeHost& host_that_says(const std::string& address, const std::string& command, const std::string& reply);
  // Offers STARTTLS, with a certificate for `name`.
  FakeHost& host_with_tls(const std::string& address, const std::string& name, bool refuse = false);
  void use_tls();
  void zone(std::string_view master_file);

  // Destroys the hosts, so that a new internet can be made.
  void forget_hosts();
  void settle();

  MxReport deliver(std::string_view domain = "example.net");
  MxReport deliver_to(const FixedHost& fixed);

  static resolver::DomainName name(std::string_view text);

  transport::ManualClock clock;
  transport::Loop loop{clock};
  transport::MemoryNetwork network{loop};
  std::vector<std::unique_ptr<FakeHost>> hosts;
  resolver::StaticBackend* backend = nullptr;
  std::unique_ptr<resolver::Resolver> resolver;
  std::shared_ptr<FakeTlsContext> tls = std::make_shared<FakeTlsContext>();
  MxOptions options;
  Envelope envelope = make_envelope("a@example.org", {"b@example.net", "c@example.net"});
  std::string text = "Subject: x\r\n\r\nhello\r\n";
  std::stop_source stop;
  transport::Duration took{};

 private:
  MxReport run(Task<MxReport> task);
};

}  // namespace postrider::client::testing
