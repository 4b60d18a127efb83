#include "postrider/transport/http/http_message.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::transport {
namespace {

TEST(HttpUrl, ReadsSchemeHostPortAndTarget) {
  const auto url = HttpUrl::parse("https://DNS.Example.org/dns-query?a=b");
  ASSERT_TRUE(url) << url.error();
  EXPECT_EQ(url->origin, HttpOrigin("dns.example.org", 443));
  EXPECT_EQ(url->target, "/dns-query?a=b");
  EXPECT_EQ(url->origin.text(), "https://dns.example.org");

  const auto clear = HttpUrl::parse("HTTP://127.0.0.1:8053");
  ASSERT_TRUE(clear) << clear.error();
  EXPECT_EQ(clear->origin, HttpOrigin("127.0.0.1", 8053, false));
  EXPECT_EQ(clear->target, "/");
  EXPECT_EQ(clear->origin.text(), "http://127.0.0.1:8053");

  const auto ipv6 = HttpUrl::parse("https://[2001:db8::1]:444?dns");
  ASSERT_TRUE(ipv6) << ipv6.error();
  EXPECT_EQ(ipv6->origin.host, "2001:db8::1");
  EXPECT_EQ(ipv6->origin.authority(), "[2001:db8::1]:444");
  EXPECT_EQ(ipv6->target, "/?dns");
}

TEST(HttpUrl, SaysWhatIsWrong) {
  const auto error = [](std::string_view text) {
    const auto url = HttpUrl::parse(text);
    return url ? std::string("nothing") : url.error();
  };
  EXPECT_EQ(error("dns.example.org"), "does not begin with https://");
  EXPECT_EQ(error("ftp://dns.example.org/"), "does not begin with https://");
  EXPECT_EQ(error("https:///dns-query"), "has no host");
  EXPECT_EQ(error("https://user@example.org/"), "names a user");
  EXPECT_EQ(error("https://example.org:0/"), "has a port that is none");
  EXPECT_EQ(error("https://example.org:65536/"), "has a port that is none");
  EXPECT_EQ(error("https://example.org:/"), "has a port that is none");
  EXPECT_EQ(error("https://ex!ample.org/"), "has a host that is no name and no address");
  EXPECT_EQ(error("https://[::1/"), "has a [ without ]");
  EXPECT_EQ(error("https://[127.0.0.1]/"), "has brackets around something that is no IPv6 address");
  EXPECT_EQ(error("https://[::1]x/"), "has a port that is none");
  EXPECT_EQ(error("https://example.org/#part"), "has a fragment");
  EXPECT_EQ(error("https://example.org/ a"), "has octets that no URL has");
  EXPECT_EQ(error("https://example.org/\r\nX: y"), "has octets that no URL has");
  EXPECT_EQ(error("https://example.org/" + std::string(2048, 'a')), "is too long");
}

TEST(HttpRequest, IsWrittenWithItsHostAndLength) {
  HttpRequest get("/a?b=c");
  get.headers.emplace_back("Accept", "text/plain");
  EXPECT_EQ(write_request(get, HttpOrigin("example.org", 443)).value(),
            "GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nAccept: text/plain\r\n\r\n");
  HttpRequest post("/q", "POST");
  EXPECT_EQ(write_request(post, HttpOrigin("::1", 8443)).value(),
            "POST /q HTTP/1.1\r\nHost: [::1]:8443\r\nContent-Length: 0\r\n\r\n");
  post.body = "abc";
  EXPECT_EQ(write_request(post, HttpOrigin("example.org", 80, false)).value(),
            "POST /q HTTP/1.1\r\nHost: example.org\r\nContent-Length: 3\r\n\r\nabc");
}

TEST(HttpRequest, NeverBecomesTwo) {
  const HttpOrigin origin("example.org", 443);
  for (const char* bad : {"", "a b", "a\r\nHost: x", "a\n", "a\x7f", "\xC3\xA9"}) {
    EXPECT_FALSE(write_request(HttpRequest(bad), origin)) << bad;
    EXPECT_FALSE(write_request(HttpRequest("/", bad), origin)) << bad;
    HttpRequest request("/");
    request.headers.emplace_back(bad, "x");
    EXPECT_FALSE(write_request(request, origin)) << bad;
  }
  for (const std::string& bad : {std::string("a\r\nX: y"), std::string("a\n"), std::string("a\0b", 3)}) {
    HttpRequest request("/");
    request.headers.emplace_back("Accept", bad);
    EXPECT_FALSE(write_request(request, origin)) << bad;
    EXPECT_FALSE(write_request(HttpRequest("/" + bad), origin)) << bad;
    EXPECT_FALSE(write_request(HttpRequest("/"), HttpOrigin("example.org" + bad, 443))) << bad;
  }
  for (const char* own : {"Host", "content-length", "Transfer-Encoding", "Connection"}) {
    HttpRequest request("/");
    request.headers.emplace_back(own, "1");
    EXPECT_FALSE(write_request(request, origin)) << own;
  }
}

TEST(HttpResponse, FindsFieldsInAnyCase) {
  HttpResponse response;
  response.headers.emplace_back("content-type", "Text/Plain ; charset=utf-8");
  EXPECT_EQ(response.header("Content-Type"), "Text/Plain ; charset=utf-8");
  EXPECT_EQ(response.media_type(), "text/plain");
  EXPECT_EQ(response.header("Age"), "");
}

}  // namespace
}  // namespace postrider::transport
