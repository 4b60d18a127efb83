#include "postrider/queue/content_scan.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

ContentFacts scan(std::string_view content, std::size_t cut = std::string_view::npos) {
  ContentScan scanner;
  scanner.feed(content.substr(0, cut));
  if (cut != std::string_view::npos) scanner.feed(content.substr(cut));
  return scanner.finish();
}

constexpr std::string_view kContent =
    "Received: from a\r\n\tby b; date\r\nRECEIVED : from c\r\nX-Received: no\r\n received: folded\r\n"
    "Received-SPF: no\r\nSubject: Gr\xc3\xbc\xc3\x9f\x65\r\n\r\nReceived: body\r\n\xe2\x82\xac\r\n";

TEST(ContentScanTest, CountsReceivedFieldsOfTheHeaderAlone) { EXPECT_EQ(scan(kContent).hops, 2); }

TEST(ContentScanTest, TellsHeaderFromBody) {
  EXPECT_TRUE(scan(kContent).eight_bit_header);
  const ContentFacts facts = scan("Subject: x\r\n\r\n\xe2\x82\xac\r\n");
  EXPECT_TRUE(facts.eight_bit);
  EXPECT_FALSE(facts.eight_bit_header);
}

TEST(ContentScanTest, AnyCutGivesTheSame) {
  const ContentFacts whole = scan(kContent);
  for (std::size_t cut = 0; cut <= kContent.size(); ++cut) EXPECT_EQ(scan(kContent, cut), whole) << cut;
  ContentScan one_by_one;
  for (const char& octet : kContent) one_by_one.feed({&octet, 1});
  EXPECT_EQ(one_by_one.finish(), whole);
}

// RFC 8689 3: requiretls-field = "TLS-Required:" [FWS] "No" CRLF
TEST(ContentScanTest, FindsTheWishToIgnorePoliciesAboutTls) {
  for (const char* const good :
       {"From: a\r\ntls-required:  no \r\n\r\n", "TLS-Required:NO\r\n", "TLS-Required:\r\n\tNo\r\n\r\nx"}) {
    EXPECT_TRUE(scan(good).tls_optional) << good;
    for (std::size_t cut = 0; cut <= std::string_view(good).size(); ++cut) {
      EXPECT_TRUE(scan(good, cut).tls_optional) << good << cut;
    }
  }
  for (const char* const bad :
       {"", "TLS-Required: No", "TLS-Required: Now\r\n\r\n", "TLS-Required: Yes\r\n\r\n",
        "TLS-Required: N o\r\n", "X-TLS-Required: No\r\n\r\n", "From: a\r\n\r\nTLS-Required: No\r\n",
        "TLS-Required:\r\nNo\r\n", "TLS-Required:\r\nSubject: no\r\n", "TLS-Required: No, really\r\n",
        " TLS-Required: No\r\n"}) {
    EXPECT_FALSE(scan(bad).tls_optional) << bad;
  }
}

TEST(ContentScanTest, KnowsHowTheContentEnds) {
  EXPECT_TRUE(scan("").ends_with_line);
  EXPECT_TRUE(scan("a\r\n").ends_with_line);
  EXPECT_FALSE(scan("a").ends_with_line);
  EXPECT_FALSE(scan("a\n").ends_with_line);
  EXPECT_EQ(scan("a\r\n").octets, 3U);
}

TEST(ContentScanTest, NotesFlaws) {
  EXPECT_TRUE(scan("a\rb\r\n").bare_cr);
  EXPECT_TRUE(scan("a\nb\r\n").bare_lf);
  EXPECT_TRUE(scan(std::string_view("a\0b\r\n", 5)).nul);
  EXPECT_TRUE(scan(std::string(1200, 'x') + "\r\n").long_line);
  EXPECT_EQ(scan("a\r\n").bare_cr, false);
}

TEST(ContentScanTest, ALoopIsSeenHoweverLong) {
  std::string content;
  for (int i = 0; i < 70'000; ++i) content += "Received: x\r\n";
  EXPECT_EQ(scan(content).hops, 65535);
}

}  // namespace
}  // namespace postrider::queue
