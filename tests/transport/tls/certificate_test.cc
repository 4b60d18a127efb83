#include "postrider/transport/tls/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/tests/transport/tls/certificate_factory.h"
#include "postrider/transport/tls/alerts.h"
#include "postrider/transport/tls/session_cache.h"

namespace postrider::transport {
namespace {

using testing::ElementsAre;
using tests::CertificateOptions;
using tests::TestCertificate;
using tests::TestPki;

TEST(CertificateTest, ReadsNames) {
  CertificateOptions options({"a.example.test", "*.b.example.test", "IP:192.0.2.9", "IP:2001:db8::1"});
  options.common = "Someone";
  const TestCertificate certificate(options, &TestPki::instance().root);
  const auto view = CertificateView::parse(certificate.der());
  ASSERT_TRUE(view);
  EXPECT_EQ(view->subject(), "CN=Someone");
  EXPECT_EQ(view->issuer(), "CN=Test Root");
  EXPECT_THAT(view->names(), ElementsAre("a.example.test", "*.b.example.test", "192.0.2.9", "2001:db8::1"));
  EXPECT_EQ(view->host_names(), view->names());
  EXPECT_EQ(view->end_point_hash(), HashName::sha256);
}

TEST(CertificateTest, TheCommonNameCountsWhereNoOtherNameStands) {
  CertificateOptions options;
  options.common = "old.example.test";
  const TestCertificate certificate(options);
  const auto view = CertificateView::parse(certificate.der());
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->names().empty());
  EXPECT_THAT(view->host_names(), ElementsAre("old.example.test"));
}

TEST(CertificateTest, ReadsWhoItsOwnerIs) {
  CertificateOptions options({"a.example.test", "email:fred@example.test", "email:f@example.test"});
  options.common = "Fred";
  const TestCertificate certificate(options);
  const auto view = CertificateView::parse(certificate.der());
  ASSERT_TRUE(view);
  EXPECT_THAT(view->mail_addresses(), ElementsAre("fred@example.test", "f@example.test"));
  EXPECT_THAT(view->common_names(), ElementsAre("Fred"));
  const auto server = CertificateView::parse(TestPki::instance().server.der());
  EXPECT_TRUE(server->mail_addresses().empty());
}

TEST(CertificateTest, KnowsPurposes) {
  const TestPki& pki = TestPki::instance();
  const auto server = CertificateView::parse(pki.server.der());
  const auto client = CertificateView::parse(pki.client.der());
  const auto root = CertificateView::parse(pki.root.der());
  EXPECT_TRUE(server->allows(true));
  EXPECT_FALSE(client->allows(true));
  EXPECT_TRUE(client->allows(false));
  EXPECT_TRUE(root->may_sign(3));
  EXPECT_FALSE(server->may_sign(0));
}

// Octets of unknown origin: cut or changed anywhere, they are refused or read within bounds.
TEST(CertificateTest, ReadsNothingPastTheEnd) {
  const std::string& der = TestPki::instance().server.der();
  for (std::size_t size = 0; size < der.size(); ++size) {
    const std::string cut(der.data(), size);
    EXPECT_FALSE(CertificateView::parse(cut)) << size;
  }
  for (std::size_t at = 0; at < der.size(); ++at) {
    for (const char octet : {'\0', '\x7F', '\x80', '\x84', '\xFF'}) {
      std::string changed = der;
      changed[at] = octet;
      const auto view = CertificateView::parse(changed);
      if (!view) continue;
      const std::string text = view->subject() + view->issuer() + mismatch_text(*view, "x");
      EXPECT_EQ(text.find('\n'), std::string::npos);
      (void)view->allows(true);
      (void)view->may_sign(0);
      (void)view->end_point_hash();
    }
  }
}

TEST(CertificateTest, NamesFitWithoutRegardToCase) {
  EXPECT_TRUE(name_fits("mx.example.org", "MX.example.ORG"));
  EXPECT_TRUE(name_fits("mx.example.org", "mx.example.org."));
  EXPECT_FALSE(name_fits("mx.example.org", "example.org"));
  EXPECT_FALSE(name_fits("", ""));
}

TEST(CertificateTest, AStarStandsForOneWholeLabel) {
  EXPECT_TRUE(name_fits("*.example.org", "a.example.org"));
  EXPECT_FALSE(name_fits("*.example.org", "a.b.example.org"));
  EXPECT_FALSE(name_fits("*.example.org", "example.org"));
  EXPECT_FALSE(name_fits("*.example.org", ".example.org"));
  EXPECT_FALSE(name_fits("*.org", "example.org"));
  EXPECT_FALSE(name_fits("m*.example.org", "mx.example.org"));
  EXPECT_FALSE(name_fits("a.*.org", "a.example.org"));
  EXPECT_FALSE(name_fits("*", "example"));
}

TEST(CertificateTest, AddressesAreComparedAsOctets) {
  EXPECT_TRUE(name_fits("2001:db8::1", "2001:DB8:0:0::1"));
  EXPECT_TRUE(name_fits("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(name_fits("*.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(name_fits("192.0.2.1", "192.0.2.10"));
}

TEST(TlsaTest, OnlyWhatCanDecideIsUsable) {
  TlsaRecord record;
  record.data = std::string(32, 'x');
  EXPECT_TRUE(record.usable());
  record.matching = 2;
  EXPECT_FALSE(record.usable());
  record.matching = 0;
  EXPECT_TRUE(record.usable());
  record.usage = 1;
  EXPECT_FALSE(record.usable());
  record.usage = 2;
  record.selector = 2;
  EXPECT_FALSE(record.usable());
}

TEST(SessionKeyTest, DiffersInAnythingThatMatters) {
  TlsTarget target;
  target.name = "a";
  const std::string key = session_key(target);
  TlsTarget other = target;
  other.port = 465;
  EXPECT_NE(session_key(other), key);
  other = target;
  other.policy = TlsPolicy::opportunistic;
  EXPECT_NE(session_key(other), key);
  other = target;
  other.also = {"b"};
  EXPECT_NE(session_key(other), key);
  other = target;
  other.tlsa = {TlsaRecord()};
  EXPECT_NE(session_key(other), key);
  EXPECT_EQ(session_key(target), key);
}

TEST(SessionCacheTest, ForgetsTheOldest) {
  SessionCache<int> cache(2);
  cache.store("a", {1, {}});
  cache.store("b", {2, {}});
  cache.store("a", {3, {}});
  cache.store("c", {4, {}});
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(cache.find("a")->session, 3);
  cache.remove("a");
  EXPECT_EQ(cache.find("a"), nullptr);
  SessionCache<int> none(0);
  none.store("a", {1, {}});
  EXPECT_EQ(none.find("a"), nullptr);
}

TEST(AlertsTest, HaveNames) {
  EXPECT_EQ(alert_text(48), "the peer sent the alert unknown_ca (48)");
  EXPECT_EQ(alert_name(255), "unknown");
}

}  // namespace
}  // namespace postrider::transport
