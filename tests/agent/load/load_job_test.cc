#include "postrider/agent/load/load_job.h"

#include <gtest/gtest.h>

#include "postrider/client/message_source.h"

namespace postrider::agent {
namespace {

TEST(LoadJobTest, PreparesContentThatNeedsNoCare) {
  LoadOptions options;
  options.size = 0;
  const std::size_t headers = LoadJob::make(options, {})->content().size();
  for (std::uint64_t size = 2; size < 400; ++size) {
    options.size = size;
    const auto job = LoadJob::make(options, {});
    ASSERT_TRUE(job);
    const std::string_view content = job->content();
    EXPECT_EQ(content.size(), headers + size);
    const client::MessageFacts facts = client::MemoryMessage(content).facts();
    EXPECT_EQ(facts.flaws, protocol::Flaws());
    EXPECT_TRUE(facts.ends_with_line);
    EXPECT_EQ(content.find("\r\n."), content.npos);
    EXPECT_FALSE(content.starts_with('.'));
  }
}

TEST(LoadJobTest, RefusesWhatIsNoAddress) {
  LoadOptions options;
  options.from = "a@example.org>\r\nRSET";
  EXPECT_FALSE(LoadJob::make(options, {}));
  options.from = "<>";
  EXPECT_TRUE(LoadJob::make(options, {}));
  options.to = "";
  const auto job = LoadJob::make(options, {});
  ASSERT_FALSE(job);
  EXPECT_TRUE(job.error().starts_with("--to ''")) << job.error();
}

TEST(LoadJobTest, GivesOutEachMessageOnce) {
  LoadOptions options;
  options.messages = 3;
  auto job = LoadJob::make(options, {});
  LoadJob moved = std::move(*job);
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(moved.take());
  for (int n = 0; n < 3; ++n) EXPECT_FALSE(moved.take());
  EXPECT_EQ(std::get<protocol::Rcpt>(moved.rcpt()).to.mailbox.text(), "b@example.net");
}

}  // namespace
}  // namespace postrider::agent
