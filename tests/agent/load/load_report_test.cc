#include "postrider/agent/load/load_report.h"

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

LoadReport sample() {
  LoadCounts counts;
  for (int n = 0; n < 4; ++n) {
    counts.delivered.add();
    counts.latency.add(std::chrono::microseconds(100 * (n + 1)));
  }
  counts.failed.add();
  counts.connections.add();
  counts.add_error(protocol::code::mailbox_unavailable);
  counts.add_error("Connection \"refused\"");
  LoadReport report;
  report.add(counts);
  report.time = std::chrono::seconds(2);
  report.processor = std::chrono::microseconds(40);
  report.octets = 1000;
  return report;
}

TEST(LoadReportTest, IsReadByPeople) {
  LoadOptions options;
  options.messages = 5;
  options.pipelining = false;
  EXPECT_EQ(sample().to_text(options),
            "messages     4 accepted, 1 not, of 5\n"
            "rate         2 messages/s, 0.0 MB/s, 2.000 s\n"
            "connections  1, 1 at a time, one command a turn\n"
            "latency      p50 0.201 ms, p90 0.400 ms, p99 0.400 ms, max 0.400 ms\n"
            "             (from writing MAIL to reading the reply to the end of the message)\n"
            "processor    10.0 us of this program's time a message\n"
            "error        1 x 550\n"
            "error        1 x Connection \"refused\"\n");
}

TEST(LoadReportTest, IsReadByPrograms) {
  LoadOptions options;
  options.messages = 5;
  options.pipelining = false;
  EXPECT_EQ(
      sample().to_json(options),
      "{\"messages\":5,\"accepted\":4,\"failed\":1,\"seconds\":2.000000,\"rate\":2.0,\"octets_per_second\":"
      "2000,"
      "\"size\":1024,\"octets_per_message\":1000,\"sessions\":1,\"connections\":1,\"pipelining\":false,"
      "\"tls\":\"none\","
      "\"processor_us_per_message\":10.00,\"latency_ms\":{\"p50\":0.2007,\"p90\":0.4000,\"p99\":0.4000,"
      "\"max\":0.4000,\"measured\":\"from writing MAIL to reading the reply to the end of the message\"},"
      "\"errors\":{\"550\":1,\"Connection \\\"refused\\\"\":1}}\n");
}

TEST(LoadReportTest, TellsOfHandshakes) {
  LoadReport report = sample();
  LoadCounts counts;
  counts.handshakes.add(std::chrono::milliseconds(2));
  counts.handshakes.add(std::chrono::milliseconds(1));
  counts.resumptions = 1;
  report.add(counts);
  LoadOptions options;
  options.tls = client::TlsUse::required;
  const std::string text = report.to_text(options);
  EXPECT_NE(text.find("\nhandshakes   2, 1 resumed; p50 1.0"), std::string::npos) << text;
  EXPECT_NE(text.find(", max 2.000 ms\nlatency      p50"), std::string::npos) << text;
  const std::string json = report.to_json(options);
  EXPECT_NE(
      json.find("\"tls\":\"starttls\",\"handshakes\":2,\"resumptions\":1,\"handshake_ms\":{\"p50\":1.0"),
      std::string::npos)
      << json;
  EXPECT_NE(json.find("\"max\":2.0000},\"processor_us_per_message\""), std::string::npos) << json;
}

TEST(LoadReportTest, TakesARunWithoutAMessage) {
  const LoadReport report;
  EXPECT_NE(report.to_text({}).find("rate         0 messages/s"), std::string::npos);
  EXPECT_NE(report.to_json({}).find("\"errors\":{}"), std::string::npos);
}

}  // namespace
}  // namespace postrider::agent
