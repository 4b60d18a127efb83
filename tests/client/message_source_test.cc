#include "postrider/client/message_source.h"

#include <cstdio>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "postrider/tests/client/client_fixture.h"

namespace postrider::client::testing {
namespace {

Task<void> read_to_end(MessageSource& source, std::string& out, transport::error_code& failure) {
  for (bool last = false; !last;) {
    const MessageSource::SliceResult slice = co_await source.next();
    if (!slice) {
      failure = slice.error();
      co_return;
    }
    out.append(slice->octets);
    last = slice->last;
  }
}

std::string read_all(MessageSource& source) {
  transport::Loop loop;
  std::string out;
  transport::error_code failure;
  loop.spawn(read_to_end(source, out, failure));
  while (loop.poll()) {
  }
  EXPECT_FALSE(failure) << failure.message();
  return out;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view octets) : file_(std::tmpfile()) {
    EXPECT_EQ(std::fwrite(octets.data(), 1, octets.size(), file_), octets.size());
    std::fflush(file_);
  }
  ~TemporaryFile() { std::fclose(file_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  int descriptor() const { return ::dup(::fileno(file_)); }

 private:
  std::FILE* file_;
};

TEST(MessageSourceTest, InspectsWhatIsInMemory) {
  struct Case {
    std::string_view octets;
    protocol::Flaws flaws;
    bool ends_with_line;
  };
  using namespace std::string_view_literals;
  const std::vector<Case> cases = {
      {"a\r\n", {}, true},
      {"", {}, true},
      {"a", {}, false},
      {"a\n", {.bare_lf = true}, false},
      {"a\r", {.bare_cr = true}, false},
      {"\r\n", {}, true},
      {"\n", {.bare_lf = true}, false},
      {"a\0\r\n"sv, {.nul = true}, true},
      {"\xff\r\n", {.eight_bit = true}, true},
  };
  for (const Case& each : cases) {
    const MessageFacts facts = MemoryMessage(each.octets).facts();
    EXPECT_EQ(facts.octets, each.octets.size());
    EXPECT_TRUE(facts.inspected);
    EXPECT_EQ(facts.flaws, each.flaws) << ::testing::PrintToString(each.octets);
    EXPECT_EQ(facts.ends_with_line, each.ends_with_line) << ::testing::PrintToString(each.octets);
  }
}

TEST(MessageSourceTest, InspectsTheSameInSlices) {
  const std::string text = "a\r\nb\r\r\nc\xff\nd\r\n";
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      MessageInspector inspector;
      inspector.look(text.substr(0, first));
      inspector.look(text.substr(first, second - first));
      inspector.look(text.substr(second));
      const MessageFacts facts = inspector.finish();
      EXPECT_EQ(facts.octets, text.size());
      EXPECT_EQ(facts.flaws, (protocol::Flaws{.bare_cr = true, .bare_lf = true, .eight_bit = true}));
      EXPECT_TRUE(facts.ends_with_line);
    }
  }
}

TEST(MessageSourceTest, TurnsEveryLineEndIntoCrlf) {
  EXPECT_EQ(with_crlf("a\nb\r\nc\rd"), "a\r\nb\r\nc\r\nd");
  EXPECT_EQ(with_crlf("\n\n"), "\r\n\r\n");
  EXPECT_EQ(with_crlf("\r\r\n"), "\r\n\r\n");
  EXPECT_EQ(with_crlf(""), "");
  EXPECT_EQ(with_crlf("a\r"), "a\r\n");
}

TEST(MessageSourceTest, ReadsAFileAgainAndAgain) {
  const std::string text = make_text(200'000);
  TemporaryFile file(text);
  auto message = FileMessage::adopt(file.descriptor());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->facts().octets, text.size());
  EXPECT_TRUE(message->facts().ends_with_line);
  EXPECT_EQ(read_all(*message), text);
  EXPECT_FALSE(message->rewind());
  EXPECT_EQ(read_all(*message), text);
}

TEST(MessageSourceTest, ConvertsAFile) {
  // A CR at the end of one block and its LF at the beginning of the next are one line end.
  for (const std::size_t at : {65'534U, 65'535U, 65'536U, 131'071U}) {
    const std::string text = std::string(at, 'x') + "\r\n" + std::string(70'000, 'y') + "\n";
    TemporaryFile file(text);
    auto message = FileMessage::adopt(file.descriptor(), LineEnds::convert);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->facts().octets, text.size() + 1);
    EXPECT_FALSE(message->facts().flaws.bare_ending());
    EXPECT_EQ(read_all(*message), with_crlf(text)) << at;
  }
}

TEST(MessageSourceTest, ReadsFilesOfAWholeNumberOfBlocks) {
  for (const std::size_t size : {0U, 65'536U, 131'072U}) {
    TemporaryFile file(std::string(size, 'x'));
    auto message = FileMessage::adopt(file.descriptor());
    ASSERT_TRUE(message);
    EXPECT_EQ(message->facts().octets, size);
    EXPECT_EQ(read_all(*message).size(), size);
  }
}

TEST(MessageSourceTest, SaysWhyAFileCannotBeRead) {
  const auto missing = FileMessage::open("/no/such/file");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), boost::system::errc::no_such_file_or_directory);
  const auto folder = FileMessage::open("/");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error(), boost::system::errc::is_a_directory);
}

TEST(MessageSourceTest, AMovedFileIsClosedOnce) {
  TemporaryFile file("x\r\n");
  auto message = FileMessage::adopt(file.descriptor());
  ASSERT_TRUE(message);
  FileMessage moved = std::move(*message);
  EXPECT_EQ(read_all(moved), "x\r\n");
  *message = std::move(moved);
  EXPECT_FALSE(message->rewind());
  EXPECT_EQ(read_all(*message), "x\r\n");
}

}  // namespace
}  // namespace postrider::client::testing
