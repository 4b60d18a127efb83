#include "postrider/tests/client/client_fixture.h"

namespace postrider::client::testing {
namespace {

Task<void> send_all(Client& client, std::unique_ptr<transport::Stream> stream, const Envelope& envelope,
                    MessageSource& message, int times, Outcome<void>& started,
                    std::vector<DeliveryReport>& reports, bool& done) {
  started = co_await client.start(std::move(stream));
  if (started) {
    for (int time = 0; time < times; ++time) {
      if (time != 0) message.rewind();
      DeliveryReport report = co_await client.send(envelope, message);
      reports.push_back(std::move(report));
    }
  }
  co_await client.quit();
  done = true;
}

}  // namespace

bool run_until(transport::Loop& loop, transport::ManualClock& clock, const bool& done) {
  while (!done) {
    if (loop.poll()) continue;
    const transport::SteadyTime next = loop.deadlines().next();
    if (next == transport::kNever) return false;
    // Deadlines fire at ticks: one that has passed waits for the next tick.
    const transport::Duration wait = next - clock.steady_now();
    clock.advance(wait > transport::Duration::zero() ? wait : transport::Deadlines::kTick);
    loop.expire();
  }
  return true;
}

Envelope make_envelope(std::string_view from, const std::vector<std::string>& to) {
  protocol::Result<Envelope> envelope = Envelope::from(from);
  EXPECT_TRUE(envelope) << from;
  for (const std::string& recipient : to) EXPECT_TRUE(envelope->add(recipient)) << recipient;
  return std::move(*envelope);
}

std::string make_text(std::size_t octets) {
  std::string text = "Subject: test\r\n\r\n";
  while (text.size() < octets) {
    const std::size_t line = text.size() / 64;
    text.append(line % 5 == 0 ? "." : "")
        .append("line ")
        .append(std::to_string(line))
        .append(50, 'x')
        .append("\r\n");
  }
  return text;
}

ClientTest::Session ClientTest::converse(transport::Loop& loop, Task<void> server,
                                         std::unique_ptr<transport::Stream> stream, const Envelope& envelope,
                                         MessageSource& message, int times) {
  Client client(loop, config);
  Session session;
  std::vector<DeliveryReport> reports;
  bool done = false;
  const transport::SteadyTime begin = clock.steady_now();
  loop.spawn(std::move(server));
  loop.spawn(send_all(client, std::move(stream), envelope, message, times, session.started, reports, done));
  EXPECT_TRUE(run_until(loop, clock, done)) << "stuck";
  while (loop.poll()) {
  }
  session.took = clock.steady_now() - begin;
  if (!reports.empty()) session.report = std::move(reports.front());
  for (std::size_t at = 1; at < reports.size(); ++at) session.more.push_back(std::move(reports[at]));
  return session;
}

ClientTest::Session ClientTest::play(FakeServer& server, const Envelope& envelope, std::string_view text,
                                     int times) {
  MemoryMessage message(text);
  return play(server, envelope, message, times);
}

ClientTest::Session ClientTest::play(FakeServer& server, std::string_view text) {
  return play(server, make_envelope("a@example.org", {"b@example.net"}), text);
}

}  // namespace postrider::client::testing
