#include "postrider/crypto/provider.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::crypto {
namespace {

std::string hex(std::string_view octets) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : octets) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string hex(const Digest& digest) { return hex(digest.view()); }

std::string pbkdf2(const Provider& provider, Hash hash, std::string_view password, std::string_view salt,
                   std::uint32_t iterations, std::size_t size) {
  std::string out(size, '\0');
  provider.pbkdf2(hash, password, salt, iterations, out);
  return hex(out);
}

class EachProvider : public testing::TestWithParam<const Provider*> {
 protected:
  const Provider& provider() const { return *GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Crypto, EachProvider, testing::ValuesIn(providers()),
                         [](const auto& each) { return std::string(each.param->name()); });

struct HashVector {
  Hash hash;
  std::string_view octets;
  std::string_view digest;
};
// RFC 1321 A.5, RFC 6234 8.5.
constexpr HashVector kHashes[] = {
    {Hash::md5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {Hash::md5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {Hash::md5, "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "57edf4a22be3c955ac49da2e2107b67a"},
    {Hash::sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {Hash::sha1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {Hash::sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {Hash::sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {Hash::sha256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {Hash::sha512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

TEST_P(EachProvider, HashesAsTheRfcsDo) {
  for (const HashVector& each : kHashes) {
    EXPECT_TRUE(provider().has(each.hash));
    EXPECT_EQ(hex(provider().hash(each.hash, each.octets)), each.digest) << each.octets;
  }
}

TEST_P(EachProvider, HashesPiecesAsTheWhole) {
  for (const HashVector& each : kHashes) {
    for (std::size_t cut = 0; cut <= each.octets.size(); ++cut) {
      const std::unique_ptr<Hasher> hasher = provider().start(each.hash);
      hasher->update(each.octets.substr(0, cut));
      hasher->update({});
      hasher->update(each.octets.substr(cut));
      EXPECT_EQ(hex(hasher->finish()), each.digest) << each.octets << " cut at " << cut;
    }
  }
}

struct HmacVector {
  Hash hash;
  std::string key;
  std::string_view octets;
  std::string_view digest;
};

TEST_P(EachProvider, AuthenticatesAsTheRfcsDo) {
  const HmacVector vectors[] = {
      // RFC 2202 2 and 3
      {Hash::md5, std::string(16, '\x0b'), "Hi There", "9294727a3638bb1c13f48ef8158bfc9d"},
      {Hash::md5, "Jefe", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"},
      {Hash::sha1, "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
      {Hash::sha1, std::string(80, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
      // RFC 4231 4
      {Hash::sha256, std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {Hash::sha256, "Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {Hash::sha256, std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {Hash::sha512, "Jefe", "what do ya want for nothing?",
       "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
       "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
      // No key and no octets.
      {Hash::sha256, "", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
  };
  for (const HmacVector& each : vectors) {
    EXPECT_EQ(hex(provider().hmac(each.hash, each.key, each.octets)), each.digest) << each.octets;
  }
}

TEST_P(EachProvider, DerivesKeysAsTheRfcsDo) {
  // RFC 6070 2
  EXPECT_EQ(pbkdf2(provider(), Hash::sha1, "password", "salt", 2, 20),
            "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
  EXPECT_EQ(pbkdf2(provider(), Hash::sha1, "password", "salt", 4096, 20),
            "4b007901b765489abead49d926f721d065a429c1");
  EXPECT_EQ(pbkdf2(provider(), Hash::sha1, "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt",
                   4096, 25),
            "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038");
  // RFC 7914 11
  EXPECT_EQ(pbkdf2(provider(), Hash::sha256, "passwd", "salt", 1, 64),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
            "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
  // An empty password is one like any other.
  EXPECT_EQ(pbkdf2(provider(), Hash::sha256, "", "salt", 1, 32),
            "f135c27993baf98773c5cdb40a5706ce6a345cde61b000a67858650cd6a324d7");
}

TEST_P(EachProvider, RandomOctetsDoNotRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    std::string octets(16, '\0');
    provider().random(octets);
    EXPECT_TRUE(seen.insert(octets).second);
  }
  std::string many(100'000, '\0');
  provider().random(many);
  EXPECT_TRUE(std::ranges::any_of(many.substr(99'900), [](char c) { return c != '\0'; }));
  provider().random({});
}

TEST_P(EachProvider, IsFoundByItsName) { EXPECT_EQ(find_provider(provider().name()), &provider()); }

TEST(Provider, OneIsTheDefaultAndOthersAreNotKnown) {
  ASSERT_FALSE(providers().empty());
  EXPECT_EQ(&default_provider(), providers().front());
  EXPECT_EQ(find_provider("rot13"), nullptr);
}

}  // namespace
}  // namespace postrider::crypto
