#include "postrider/transport/http/http_reader.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace postrider::transport {
namespace {

using Kind = HttpFailure::Kind;

constexpr std::string_view kPlain =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view kChunked =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n";

struct Outcome {
  std::string what;  // "200 hello", or the failure
  bool keeps = false;

  bool operator==(const Outcome&) const = default;
};
void PrintTo(const Outcome& outcome, std::ostream* out) { *out << outcome.what << " " << outcome.keeps; }

Outcome outcome_of(HttpReader& reader, const std::optional<HttpFailure>& failure) {
  if (failure) return {"failed: " + failure->text, false};
  if (!reader.done()) return {"unfinished", false};
  const bool keeps = reader.keeps_connection();
  const HttpResponse response = reader.take();
  return {std::to_string(response.status) + " " + response.body, keeps};
}

Outcome read_in(std::initializer_list<std::string_view> parts, bool end = false,
                const HttpLimits& limits = HttpLimits()) {
  HttpReader reader(limits);
  for (const std::string_view part : parts) {
    const auto failure = reader.give(part);
    if (failure) return outcome_of(reader, failure);
  }
  return outcome_of(reader, end ? reader.end_of_input() : std::nullopt);
}

Outcome octet_by_octet(std::string_view text) {
  HttpReader reader((HttpLimits()));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto failure = reader.give(text.substr(i, 1));
    if (failure) return outcome_of(reader, failure);
  }
  return outcome_of(reader, std::nullopt);
}

TEST(HttpReader, ReadsAResponseWhereverItIsCut) {
  const Outcome expected{"200 hello", true};
  for (const std::string_view text : {kPlain, kChunked}) {
    EXPECT_EQ(read_in({text}), expected);
    EXPECT_EQ(octet_by_octet(text), expected);
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
      EXPECT_EQ(read_in({text.substr(0, cut), text.substr(cut)}), expected) << cut;
  }
}

TEST(HttpReader, ATruncatedResponseIsNone) {
  for (const std::string_view text : {kPlain, kChunked}) {
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      HttpReader reader((HttpLimits()));
      ASSERT_FALSE(reader.give(text.substr(0, cut))) << cut;
      EXPECT_FALSE(reader.done()) << cut;
      EXPECT_EQ(reader.begun(), cut != 0);
      const auto failure = reader.end_of_input();
      ASSERT_TRUE(failure) << cut;
      EXPECT_EQ(failure->kind, Kind::broken_off);
    }
  }
}

TEST(HttpReader, ABodyWithoutLengthEndsWithTheConnection) {
  constexpr std::string_view kText = "HTTP/1.0 200 OK\r\n\r\nhello";
  EXPECT_EQ(read_in({kText}).what, "unfinished");
  EXPECT_EQ(read_in({kText}, true), (Outcome{"200 hello", false}));
}

TEST(HttpReader, ResponsesWithoutBodyEndWithTheirHeader) {
  EXPECT_EQ(read_in({"HTTP/1.1 204 No Content\r\n\r\n"}), (Outcome{"204 ", true}));
  EXPECT_EQ(read_in({"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"}), (Outcome{"304 ", true}));
}

TEST(HttpReader, TellsWhetherTheConnectionGoesOn) {
  EXPECT_FALSE(read_in({"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"}).keeps);
  EXPECT_FALSE(read_in({"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"}).keeps);
  EXPECT_FALSE(read_in({kPlain, "x"}).keeps) << "octets that nobody asked for";
  EXPECT_FALSE(read_in({std::string(kPlain) + "HTTP/1.1 200 OK\r\n"}).keeps);
  EXPECT_FALSE(read_in({kPlain}, true).keeps);
}

TEST(HttpReader, RefusesWhatIsTooLarge) {
  HttpLimits limits;
  limits.header_octets = 128;
  limits.body_octets = 16;
  const auto kind = [&](std::initializer_list<std::string_view> parts, bool end = false) {
    HttpReader reader(limits);
    std::optional<HttpFailure> failure;
    for (const std::string_view part : parts) {
      if (!failure) failure = reader.give(part);
    }
    if (!failure && end) failure = reader.end_of_input();
    return failure ? failure->kind : Kind::bad_request;
  };
  const std::string long_header = "HTTP/1.1 200 OK\r\nA: " + std::string(200, 'b') + "\r\n\r\n";
  EXPECT_EQ(kind({long_header}), Kind::too_large);
  EXPECT_EQ(kind({long_header.substr(0, 100), long_header.substr(100)}), Kind::too_large);
  EXPECT_EQ(kind({"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n"}), Kind::too_large);
  EXPECT_EQ(kind({"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n"}), Kind::too_large);
  EXPECT_EQ(kind({"HTTP/1.1 200 OK\r\n\r\n", "0123456789", "0123456789"}, true), Kind::too_large);
  EXPECT_EQ(kind({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "a\r\n0123456789\r\n", "7\r\n"}),
            Kind::too_large);
  EXPECT_EQ(kind({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1;" + std::string(8000, 'a')}),
            Kind::too_large);
}

TEST(HttpReader, RefusesWhatIsAmbiguous) {
  for (const std::string_view text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1 200 OK\r\nBad Name: 5\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "220 mx.example.org ESMTP\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"}) {
    EXPECT_TRUE(read_in({text}).what.starts_with("failed: no HTTP response: ")) << read_in({text}).what;
  }
}

TEST(HttpReader, InterimResponsesAreBounded) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  std::string text;
  for (int i = 0; i < HttpReader::kMaxInterim; ++i) text += interim;
  EXPECT_EQ(read_in({text, kPlain}).what, "200 hello");
  EXPECT_TRUE(read_in({text, interim, kPlain}).what.starts_with("failed: "));
  EXPECT_TRUE(read_in({"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"}).what.starts_with("failed"));
}

// Whatever comes: no crash, and never more body than was allowed.
TEST(HttpReader, StandsMutatedResponses) {
  HttpLimits limits;
  limits.body_octets = 64;
  std::uint32_t state = 12345;
  const auto random = [&] { return state = state * 1664525U + 1013904223U, state >> 8; };
  std::size_t finished = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text(round % 2 == 0 ? kPlain : kChunked);
    for (std::uint32_t i = 0; i <= random() % 3; ++i)
      text[random() % text.size()] = static_cast<char>(random() % 256);
    HttpReader reader(limits);
    const std::size_t cut = random() % text.size();
    auto failure = reader.give(std::string_view(text).substr(0, cut));
    if (!failure) failure = reader.give(std::string_view(text).substr(cut));
    if (!failure) failure = reader.end_of_input();
    if (failure) continue;
    ++finished;
    ASSERT_LE(reader.take().body.size(), limits.body_octets);
  }
  EXPECT_GT(finished, 0U);
}

}  // namespace
}  // namespace postrider::transport
