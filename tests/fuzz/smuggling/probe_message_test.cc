#include "postrider/fuzz/smuggling/probe_message.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::fuzz {
namespace {

ProbeMessage probe_of(std::string_view name) {
  return make_probe(*find_variant(name), "id-1", "a@example.org", "b@example.net");
}

std::string joined(const ProbeMessage& probe) {
  std::string out;
  for (const std::string& octets : probe.writes) out += octets;
  return out;
}

TEST(ProbeMessage, HasTheSequenceBetweenItsMarks) {
  for (const Variant& each : variants()) {
    const ProbeMessage probe = make_probe(each, "id-1", "a@example.org", "b@example.net");
    const std::string all = joined(probe);
    EXPECT_NE(all.find(inner_mark("id-1")), std::string::npos) << each.name;
    EXPECT_EQ(all.find(outer_mark("id-1")) == std::string::npos, each.empty_message) << each.name;
    if (each.carrier == Carrier::data && !each.empty_message) {
      EXPECT_NE(all.find(before_mark("id-1") + each.sequence() + "MAIL FROM:<a@example.org>\r\nRCPT TO:<"),
                std::string::npos)
          << each.name;
      EXPECT_TRUE(all.ends_with("\r\n.\r\n")) << each.name;
    }
  }
}

TEST(ProbeMessage, IsOneWriteUnlessTheVariantIsCut) {
  EXPECT_EQ(probe_of("lf-dot-lf").writes.size(), 1U);
  const ProbeMessage cut = probe_of("split-dot");
  ASSERT_EQ(cut.writes.size(), 3U);
  EXPECT_TRUE(cut.writes[0].ends_with("\r\n."));
  EXPECT_EQ(cut.writes[1], "\r\n");
  EXPECT_TRUE(cut.writes[2].starts_with("MAIL FROM:"));
}

// Reads what stands in a write of BDAT as a right receiver does.
std::string content_of(const std::string& write, bool& last) {
  const std::size_t end = write.find("\r\n");
  const std::string command = write.substr(0, end);
  last = command.ends_with(" LAST");
  EXPECT_EQ(std::stoul(command.substr(5)), write.size() - end - 2) << command;
  return write.substr(end + 2);
}

TEST(ProbeMessage, AnnouncesExactlyTheOctetsOfItsChunks) {
  for (const Variant& each : variants()) {
    if (each.carrier != Carrier::bdat || each.size == ChunkSize::beyond_32_bits) continue;
    const ProbeMessage probe = make_probe(each, "id-1", "a@example.org", "b@example.net");
    EXPECT_EQ(probe.replies, probe.writes.size()) << each.name;
    std::string content;
    for (std::size_t at = 0; at < probe.writes.size(); ++at) {
      bool last = false;
      content += content_of(probe.writes[at], last);
      EXPECT_EQ(last, at + 1 == probe.writes.size()) << each.name;
    }
    EXPECT_NE(content.find(before_mark("id-1") + each.sequence()), std::string::npos) << each.name;
  }
}

TEST(ProbeMessage, PutsTheCommandsWhereWrongReadersOfASizeWouldBegin) {
  const std::string zero = probe_of("bdat-size-leading-zero").writes.front();
  const std::size_t begin = zero.find("\r\n") + 2;
  const std::size_t octal = std::stoul(zero.substr(5), nullptr, 8);
  EXPECT_TRUE(zero.substr(begin + octal).starts_with("MAIL FROM:<"));

  const std::string beyond = probe_of("bdat-size-beyond-32-bits").writes.front();
  const std::size_t at = beyond.find("\r\n") + 2;
  const std::size_t cut = static_cast<std::uint32_t>(std::stoull(beyond.substr(5)));
  EXPECT_TRUE(beyond.substr(at + cut).starts_with("MAIL FROM:<"));
}

}  // namespace
}  // namespace postrider::fuzz
