#include "postrider/protocol/sasl/scram_message.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/protocol/sasl/bounds.h"
#include "postrider/tests/protocol/sasl/sasl_fixture.h"

namespace postrider::protocol::sasl {
namespace {

using namespace std::string_view_literals;

const std::string kDigest = to_base64(std::string(32, 'd'));

template <class Message>
std::string fault_name(const std::expected<Message, Fault>& read) {
  return read ? "taken" : std::string(to_string(read.error()));
}

struct Row {
  std::string text;
  std::string_view result;
};

TEST(ParseClientFirst, ReadsAllOfIt) {
  const auto first = parse_client_first("p=tls-exporter,a=o=2Cther,n=us=3Der,r=abc,x=1,y=2");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->flag, BindingFlag::bound);
  EXPECT_EQ(first->binding, "tls-exporter");
  EXPECT_EQ(first->authorization, "o,ther");
  EXPECT_EQ(first->user, "us=er");
  EXPECT_EQ(first->nonce, "abc");
  EXPECT_EQ(first->gs2_header, "p=tls-exporter,a=o=2Cther,");
  EXPECT_EQ(first->bare, "n=us=3Der,r=abc,x=1,y=2");
  EXPECT_EQ(parse_client_first("y,,n=a,r=b")->flag, BindingFlag::unsupported);
  EXPECT_EQ(parse_client_first("n,,n=a,r=b")->flag, BindingFlag::no);
}

TEST(ParseClientFirst, Table) {
  const Row rows[] = {
      {"n,,n=user,r=abc", "taken"},
      {"", "malformed"},
      {"n", "malformed"},
      {"n,", "malformed"},
      {"n,,", "malformed"},
      {"n,n=user,r=abc", "malformed"},
      {"x,,n=user,r=abc", "malformed"},
      {"p,,n=user,r=abc", "malformed"},
      {"p=,,n=user,r=abc", "malformed"},
      {"p=tls exporter,,n=user,r=abc", "malformed"},
      {"p=" + std::string(65, 't') + ",,n=user,r=abc", "malformed"},
      {"n,b=user,n=user,r=abc", "malformed"},
      {"n,a=,n=user,r=abc", "malformed"},
      {"n,,n=,r=abc", "malformed"},
      {"n,,r=abc,n=user", "malformed"},
      {"n,,n=user", "malformed"},
      {"n,,n=user,", "malformed"},
      {"n,,n=user,r=", "malformed"},
      {"n,,n=user,r=a b", "malformed"},
      {"n,,n=user,r=a\x7f", "malformed"},
      {"n,,n=user,r=abc,", "malformed"},
      {"n,,n=user,r=abc,x", "malformed"},
      {"n,,n=user,r=abc,x=", "malformed"},
      {"n,,n=user,r=abc,1=x", "malformed"},
      {"n,,n=user,r=abc,x=1,,y=2", "malformed"},
      {"n,,m=ext,n=user,r=abc", "unknown_extension"},
      {"n,,n=us=er,r=abc", "malformed"},
      {"n,,n=us=2cer,r=abc", "malformed"},
      {"n,,n=us=2,r=abc", "malformed"},
      {"n,,n=us\x01,r=abc", "forbidden_octets"},
      {std::string("n,,n=us\0er,r=abc"sv), "forbidden_octets"},
      {"n,,n=us\xff,r=abc", "forbidden_octets"},
      {"n,a=\x1f,n=user,r=abc", "forbidden_octets"},
      {"n,,n=" + std::string(kMaxName, 'u') + ",r=abc", "taken"},
      {"n,,n=" + std::string(kMaxName + 1, 'u') + ",r=abc", "too_long"},
      {"n,a=" + std::string(kMaxName + 1, 'u') + ",n=u,r=abc", "too_long"},
      {"n,,n=user,r=" + std::string(kMaxNonce, 'r'), "taken"},
      {"n,,n=user,r=" + std::string(kMaxNonce + 1, 'r'), "malformed"},
      {"n,,n=user,r=abc,x=" + std::string(kMaxMessage, 'x'), "too_long"},
  };
  for (const Row& row : rows) EXPECT_EQ(fault_name(parse_client_first(row.text)), row.result) << row.text;
}

TEST(ParseServerFirst, ReadsAllOfIt) {
  const auto first = parse_server_first("r=abcdef,s=QUJD,i=4096,x=y");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->nonce, "abcdef");
  EXPECT_EQ(first->salt, "ABC");
  EXPECT_EQ(first->iterations, 4096u);
}

TEST(ParseServerFirst, Table) {
  const Row rows[] = {
      {"r=abc,s=QUJD,i=1", "taken"},
      {"", "malformed"},
      {"r=abc", "malformed"},
      {"r=abc,s=QUJD", "malformed"},
      {"s=QUJD,r=abc,i=1", "malformed"},
      {"r=,s=QUJD,i=1", "malformed"},
      {"r=abc,s=,i=1", "malformed"},
      {"r=abc,s=QUJ,i=1", "malformed"},
      {"r=abc,s=QUJD,i=", "malformed"},
      {"r=abc,s=QUJD,i=0", "malformed"},
      {"r=abc,s=QUJD,i=01", "malformed"},
      {"r=abc,s=QUJD,i=-1", "malformed"},
      {"r=abc,s=QUJD,i=1x", "malformed"},
      {"r=abc,s=QUJD,i=4294967297", "malformed"},
      {"r=abc,s=QUJD,i=1,", "malformed"},
      {"m=x,r=abc,s=QUJD,i=1", "unknown_extension"},
      {"e=other-error", "malformed"},
      {"r=abc,s=" + to_base64(std::string(kMaxSalt, 's')) + ",i=1", "taken"},
      {"r=abc,s=" + to_base64(std::string(kMaxSalt + 1, 's')) + ",i=1", "too_long"},
      {"r=abc,s=QUJD,i=1,x=" + std::string(kMaxMessage, 'x'), "too_long"},
  };
  for (const Row& row : rows) EXPECT_EQ(fault_name(parse_server_first(row.text)), row.result) << row.text;
}

TEST(ParseClientFinal, ReadsAllOfIt) {
  const std::string message = "c=biws,r=abc,x=y,p=" + kDigest;
  const auto final = parse_client_final(message);
  ASSERT_TRUE(final);
  EXPECT_EQ(final->binding, "n,,");
  EXPECT_EQ(final->nonce, "abc");
  EXPECT_EQ(final->without_proof, "c=biws,r=abc,x=y");
  EXPECT_EQ(view(final->proof), std::string(32, 'd'));
}

TEST(ParseClientFinal, Table) {
  const Row rows[] = {
      {"c=biws,r=abc,p=" + kDigest, "taken"},
      {"", "malformed"},
      {"p=" + kDigest, "malformed"},
      {",p=" + kDigest, "malformed"},
      {"c=biws,p=" + kDigest, "malformed"},
      {"c=biws,r=abc", "malformed"},
      {"c=biws,r=abc,p=", "malformed"},
      {"c=biws,r=abc,p=QUJD", "malformed"},
      {"c=biws,r=abc,p=" + kDigest + ",x=y", "malformed"},
      {"c=biws,r=abc,p=" + kDigest + "=", "malformed"},
      {"c=,r=abc,p=" + kDigest, "malformed"},
      {"c=bi,r=abc,p=" + kDigest, "malformed"},
      {"r=abc,c=biws,p=" + kDigest, "malformed"},
      {"c=biws,r=,p=" + kDigest, "malformed"},
      {"c=biws,r=abc,,p=" + kDigest, "malformed"},
      {"c=biws,r=abc,p=" + kDigest + ",p=" + kDigest, "taken"},  // the first is an extension
      {"c=biws,r=abc,x=" + std::string(kMaxMessage, 'x') + ",p=" + kDigest, "too_long"},
  };
  for (const Row& row : rows) EXPECT_EQ(fault_name(parse_client_final(row.text)), row.result) << row.text;
}

TEST(ParseServerFinal, Table) {
  EXPECT_EQ(parse_server_final("e=invalid-proof")->error, "invalid-proof");
  EXPECT_EQ(view(parse_server_final("v=" + kDigest + ",x=y")->signature), std::string(32, 'd'));
  const Row rows[] = {
      {"v=" + kDigest, "taken"},
      {"", "malformed"},
      {"v=", "malformed"},
      {"v=QUJD", "malformed"},
      {"e=", "malformed"},
      {"x=" + kDigest, "malformed"},
      {"v=" + kDigest + ",", "malformed"},
      {"e=x,v", "malformed"},
      {"e=" + std::string(kMaxMessage, 'x'), "too_long"},
  };
  for (const Row& row : rows) EXPECT_EQ(fault_name(parse_server_final(row.text)), row.result) << row.text;
}

TEST(ReadGs2User, Table) {
  EXPECT_EQ(*read_gs2_user("n,a=u=2Cser,"), "u,ser");
  EXPECT_EQ(*read_gs2_user("y,,"), "");
  for (const std::string_view bad :
       {""sv, "n"sv, "n,"sv, "n,a=,"sv, "n,,x"sv, "p=tls-exporter,,"sv, "n,b=c,"sv}) {
    EXPECT_FALSE(read_gs2_user(bad)) << bad;
  }
}

TEST(EscapeName, IsUndoneByReading) {
  for (const std::string_view name : {"user"sv, "a,b"sv, "a=b"sv, ",="sv, "=2C"sv, "é"sv}) {
    const std::string message = "n,,n=" + escape_name(name) + ",r=abc";
    EXPECT_EQ(parse_client_first(message)->user, name);
  }
}

TEST(IsNonce, IsPrintableWithoutAComma) {
  for (int c = 0; c < 256; ++c) {
    EXPECT_EQ(is_nonce(std::string(1, static_cast<char>(c))), c > 0x20 && c < 0x7F && c != ',') << c;
  }
  EXPECT_FALSE(is_nonce(""));
}

}  // namespace
}  // namespace postrider::protocol::sasl
