// Messages by our client to one server, as fast as they go: the client and its pool without the queue, so
// that it can stand beside generators that have none. bench/delivery_peers.py runs it.
//
//   delivery_driver PORT MESSAGES SESSIONS OCTETS pool|alone
//
// SESSIONS deliveries are under way at a time, each of one message by MxDelivery to 127.0.0.1 in clear. With
// `pool` they share connections, as the deliveries of an agent do, a hundred messages on each; `alone` makes
// a connection for every message. Prints seconds and how many were delivered; fails when not all were.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "postrider/client/mx_delivery.h"
#include "postrider/transport/socket_network.h"

namespace {

using namespace postrider;
using transport::Task;

// The server is named by its address.
class NoNames final : public resolver::Backend {
 public:
  Task<resolver::AskResult> ask(resolver::Question, transport::SteadyTime) override {
    co_return resolver::AskResult(std::unexpect, resolver::LookupFault::unreachable, "nobody is asked");
  }
  std::string_view name() const noexcept override { return "none"; }
};

std::string content(std::size_t octets) {
  std::string text = "From: <a@example.org>\r\nTo: <b@remote.example>\r\nSubject: bench\r\n\r\n";
  while (text.size() < octets) text += "And so on, until the message is as long as it is wanted to be.\r\n";
  return text;
}

struct Job {
  client::MxDelivery& delivery;
  const client::FixedHost& host;
  const client::Envelope& envelope;
  const std::string& text;
  std::size_t left;
  std::size_t running;
  std::size_t delivered = 0;
  transport::Signal& ended;
};

Task<void> work(Job& job) {
  while (job.left != 0) {
    --job.left;
    client::MemoryMessage message(job.text);
    const client::MxReport report = co_await job.delivery.deliver_to(job.host, job.envelope, message);
    if (report.all_delivered()) ++job.delivered;
  }
  if (--job.running == 0) job.ended.notify();
}

// Farewells count: whoever makes a connection for each message says one for each.
Task<void> run(transport::Loop& loop, Job& job, client::ConnectionPool& pool,
               std::chrono::duration<double>& took) {
  const transport::SteadyTime begin = loop.now();
  for (std::size_t each = job.running; each != 0; --each) loop.spawn(work(job));
  [[maybe_unused]] const transport::error_code ended = co_await job.ended.wait();
  co_await pool.close(transport::later(loop.now(), std::chrono::seconds(10)));
  took = loop.now() - begin;
  loop.halt();
}

}  // namespace

int main(int count, char** words) {
  if (count != 6) {
    std::fprintf(stderr, "delivery_driver PORT MESSAGES SESSIONS OCTETS pool|alone\n");
    return 64;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(words[1]));
  const auto messages = static_cast<std::size_t>(std::atoll(words[2]));
  const auto sessions = static_cast<std::size_t>(std::atoll(words[3]));
  const std::string text = content(static_cast<std::size_t>(std::atoll(words[4])));
  const bool pooled = std::string_view(words[5]) == "pool";
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  resolver::Resolver resolver(loop, std::make_unique<NoNames>());
  client::PoolLimits limits;
  limits.per_destination = sessions;
  client::ConnectionPool pool(loop, limits);
  client::MxOptions options;
  options.client.hello_name = "bench.example.org";
  options.pool = pooled ? &pool : nullptr;
  client::MxDelivery delivery(loop, network, resolver, options);
  client::FixedHost host("127.0.0.1", port);
  host.level = client::TlsLevel::none;
  auto envelope = client::Envelope::from("a@example.org");
  if (!envelope || !envelope->add("b@remote.example")) return 70;
  transport::Signal ended(loop);
  Job job{delivery, host, *envelope, text, messages, sessions, 0, ended};
  std::chrono::duration<double> took{};
  loop.spawn(run(loop, job, pool, took));
  loop.run();
  std::printf("%.6f %zu\n", took.count(), job.delivered);
  return job.delivered == messages ? 0 : 75;
}
