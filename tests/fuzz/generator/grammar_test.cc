#include "postrider/fuzz/generator/grammar.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "postrider/fuzz/support/choices.h"
#include "postrider/protocol/framing/reply_reader.h"
#include "postrider/protocol/grammar/command.h"

namespace postrider::fuzz {
namespace {

TEST(Grammar, PlainChoicesAreValidCommands) {
  OctetChoices plain("");
  const Words words;
  for (const std::string& line : {make_hello(plain, words), make_mail(plain, words), make_rcpt(plain, words),
                                  make_other(plain, words), make_command(plain, words)}) {
    EXPECT_TRUE(protocol::parse_command(line, {protocol::Utf8::yes, {}, nullptr}).command) << line;
  }
}

TEST(Grammar, MostCommandsAreValidAndManyAreNot) {
  int valid = 0;
  const int all = 2000;
  for (std::uint64_t seed = 0; seed < all; ++seed) {
    SeededChoices choices(seed);
    if (protocol::parse_command(make_command(choices, {}), {protocol::Utf8::yes, {}, nullptr}).command)
      ++valid;
  }
  EXPECT_GT(valid, all / 4);
  EXPECT_LT(valid, all * 3 / 4);
}

TEST(Grammar, DomainsAndLocalPartsComeToTheirLimits) {
  std::set<std::size_t> domains;
  std::set<std::size_t> locals;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    SeededChoices choices(seed);
    domains.insert(make_domain(choices).size());
    locals.insert(make_local_part(choices).size());
  }
  for (const std::size_t size : {254u, 255u, 256u}) EXPECT_TRUE(domains.contains(size)) << size;
  for (const std::size_t size : {63u, 64u, 65u}) EXPECT_TRUE(locals.contains(size)) << size;
}

TEST(Grammar, DotsAreStuffedAtTheBeginningOfEachLineAlone) {
  EXPECT_EQ(dot_stuffed(""), "");
  EXPECT_EQ(dot_stuffed(".\r\na.\r\n..b\r\n"), "..\r\na.\r\n...b\r\n");
  EXPECT_EQ(dot_stuffed("a\n.b"), "a\n.b");
}

TEST(Grammar, ChunksCarryTheBody) {
  OctetChoices plain("");
  std::string octets;
  const std::vector<Chunk> chunks = make_chunks(plain, "abc\r\n");
  for (const Chunk& chunk : chunks) octets += chunk.octets;
  EXPECT_EQ(octets, "abc\r\n");
  EXPECT_EQ(chunks.back().command, "BDAT 5 LAST");
}

TEST(Grammar, AnswersToEhloAreReadAsReplies) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SeededChoices choices(seed);
    const std::string answer = make_ehlo_answer(choices);
    protocol::ReplyReader reader({});
    const auto read = reader.next(answer);
    ASSERT_TRUE(read.reply && *read.reply) << answer;
    EXPECT_EQ(read.consumed, answer.size());
  }
}

TEST(Grammar, RepliesAreRightAndWrong) {
  std::set<char> firsts;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SeededChoices choices(seed);
    const std::string reply = make_reply(choices);
    ASSERT_FALSE(reply.empty());
    firsts.insert(reply[0]);
  }
  EXPECT_GT(firsts.size(), 5u);
}

TEST(Grammar, Base64HasItsLimitAndItsFaults) {
  std::set<std::size_t> sizes;
  std::set<std::string> words;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SeededChoices choices(seed);
    const std::string word = make_base64(choices);
    sizes.insert(word.size());
    if (word.size() < 40) words.insert(word);
  }
  EXPECT_TRUE(sizes.contains(12288 - 2));  // RFC 4954 4
  EXPECT_TRUE(words.contains("*") && words.contains("=") && words.contains(""));
}

}  // namespace
}  // namespace postrider::fuzz
