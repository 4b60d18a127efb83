#include "postrider/tests/client/mx_fixture.h"

#include <utility>

#include "postrider/resolver/backend/master_file.h"

namespace postrider::client::testing {
namespace {

constexpr std::string_view kZone = R"($ORIGIN example.net.
$TTL 1h
@    SOA ns hostmaster 1 2h 15m 2w 5m
     MX 10 mx1
     MX 20 mx2
     MX 30 mx3
mx1  A 192.0.2.1
mx2  A 192.0.2.2
mx3  A 192.0.2.3
)";

std::vector<resolver::Record> records_of(std::string_view text) {
  auto records = resolver::read_master_file(text);
  EXPECT_TRUE(records) << to_string(records.error());
  return records ? *std::move(records) : std::vector<resolver::Record>();
}

Task<void> keep(Task<MxReport> task, MxReport& report, bool& done) {
  report = co_await std::move(task);
  done = true;
}

}  // namespace

MxTest::MxTest() {
  auto made = std::make_unique<resolver::StaticBackend>(loop, records_of(kZone));
  backend = made.get();
  resolver = std::make_unique<resolver::Resolver>(loop, std::move(made));
}

MxTest::~MxTest() { forget_hosts(); }

void MxTest::forget_hosts() {
  hosts.clear();
  settle();
}

void MxTest::settle() {
  while (loop.poll()) {
  }
}

FakeHost& MxTest::host(const std::string& address, FakeHost::Setup setup, std::uint16_t port) {
  hosts.push_back(std::make_unique<FakeHost>(loop, network, address, std::move(setup), port));
  return *hosts.back();
}

FakeHost& MxTest::host_that_says(const std::string& address, const std::string& command,
                                 const std::string& reply) {
  return host(address, [command, reply](FakeServer& server) { server.answer(command, {reply}); });
}

FakeHost& MxTest::host_with_tls(const std::string& address, const std::string& name, bool refuse) {
  return host(address, [name, refuse](FakeServer& server) {
    server.offer({"PIPELINING", "STARTTLS"}).answer("STARTTLS", {"220 2.0.0 Go ahead"});
    server.tls = [name, refuse] { return fake_tls_server(name, refuse); };
  });
}

void MxTest::use_tls() { options.client.tls.context = tls; }

void MxTest::zone(std::string_view master_file) {
  backend->set_records(records_of(master_file));
  resolver->clear();
}

resolver::DomainName MxTest::name(std::string_view text) { return *resolver::DomainName::parse(text); }

MxReport MxTest::run(Task<MxReport> task) {
  MxReport report;
  bool done = false;
  const transport::SteadyTime begin = clock.steady_now();
  loop.spawn(keep(std::move(task), report, done));
  EXPECT_TRUE(run_until(loop, clock, done)) << "stuck";
  took = clock.steady_now() - begin;
  settle();
  EXPECT_EQ(report.recipients.size(), envelope.recipients().size());
  return report;
}

MxReport MxTest::deliver(std::string_view domain) {
  const auto parsed = resolver::MailDomain::parse(domain);
  EXPECT_TRUE(parsed) << domain;
  MxDelivery delivery(loop, network, *resolver, options);
  MemoryMessage message(text);
  return run(delivery.deliver(*parsed, envelope, message, stop.get_token()));
}

MxReport MxTest::deliver_to(const FixedHost& fixed) {
  MxDelivery delivery(loop, network, *resolver, options);
  MemoryMessage message(text);
  return run(delivery.deliver_to(fixed, envelope, message, stop.get_token()));
}

}  // namespace postrider::client::testing
