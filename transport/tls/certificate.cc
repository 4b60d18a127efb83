#include "postrider/transport/tls/certificate.h"

#include <algorithm>
#include <array>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "postrider/transport/tls/der.h"

namespace postrider::transport {
namespace {

using namespace std::string_view_literals;

// Object identifiers as DER has them.
constexpr std::string_view kSubjectAltName = "\x55\x1D\x11";
constexpr std::string_view kBasicConstraints = "\x55\x1D\x13";
constexpr std::string_view kKeyUsage = "\x55\x1D\x0F";
constexpr std::string_view kExtendedKeyUsage = "\x55\x1D\x25";
constexpr std::string_view kAnyUsage = "\x55\x1D\x25\x00"sv;
constexpr std::string_view kServerAuth = "\x2B\x06\x01\x05\x05\x07\x03\x01";
constexpr std::string_view kClientAuth = "\x2B\x06\x01\x05\x05\x07\x03\x02";
constexpr std::string_view kCommonName = "\x55\x04\x03";
constexpr std::string_view kEmailAddress = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01";
constexpr std::string_view kRsaPss = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A";

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kAttributes = {{
    {kCommonName, "CN"},
    {"\x55\x04\x06", "C"},
    {"\x55\x04\x07", "L"},
    {"\x55\x04\x08", "ST"},
    {"\x55\x04\x0A", "O"},
    {"\x55\x04\x0B", "OU"},
    {"\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x19", "DC"},
    {kEmailAddress, "emailAddress"},
}};

// Signature algorithms with one hash, and hashes by themselves (for RSASSA-PSS). MD5 and SHA-1 count as
// SHA-256, RFC 5929 4.1.
constexpr std::array<std::pair<std::string_view, HashName>, 13> kHashes = {{
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B", HashName::sha256},  // sha256WithRSAEncryption
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C", HashName::sha384},
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D", HashName::sha512},
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x04", HashName::sha256},  // md5WithRSAEncryption
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05", HashName::sha256},  // sha1WithRSAEncryption
    {"\x2A\x86\x48\xCE\x3D\x04\x01", HashName::sha256},          // ecdsa-with-SHA1
    {"\x2A\x86\x48\xCE\x3D\x04\x03\x02", HashName::sha256},      // ecdsa-with-SHA256
    {"\x2A\x86\x48\xCE\x3D\x04\x03\x03", HashName::sha384},
    {"\x2A\x86\x48\xCE\x3D\x04\x03\x04", HashName::sha512},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x01", HashName::sha256},  // id-sha256
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x02", HashName::sha384},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x03", HashName::sha512},
    {"\x2B\x0E\x03\x02\x1A", HashName::sha256},  // id-sha1
}};

HashName hash_of(std::string_view oid) noexcept {
  const auto* const found = std::ranges::find(kHashes, oid, [](const auto& entry) { return entry.first; });
  return found == kHashes.end() ? HashName::none : found->second;
}

// RSASSA-PSS-params: the hash stands in [0], SHA-1 when absent. RFC 4055 3.1
HashName pss_hash(DerReader algorithm) noexcept {
  const auto parameters = algorithm.next(der::kSequence);
  if (!parameters) return HashName::none;
  const auto hash = DerReader(parameters->content).next(der::context(0, true));
  if (!hash) return HashName::sha256;
  const auto identifier = DerReader(hash->content).next(der::kSequence);
  if (!identifier) return HashName::none;
  const auto oid = DerReader(identifier->content).next(der::kOid);
  return oid ? hash_of(oid->content) : HashName::none;
}

bool is_text(std::uint8_t tag) noexcept {
  return tag == der::kUtf8String || tag == der::kPrintableString || tag == der::kIa5String ||
         tag == der::kTeletexString;
}

// Calls `visit(oid, text)` for each attribute of a Name.
template <class Visit>
void each_attribute(std::string_view name, Visit visit) {
  DerReader sets(name);
  while (const auto set = sets.next(der::kSet)) {
    DerReader pairs(set->content);
    while (const auto pair = pairs.next(der::kSequence)) {
      DerReader parts(pair->content);
      const auto oid = parts.next(der::kOid);
      const auto value = parts.next();
      if (oid && value) visit(oid->content, is_text(value->tag) ? printable(value->content) : "?");
    }
  }
}

std::string name_text(std::string_view name) {
  std::string text;
  each_attribute(name, [&](std::string_view oid, const std::string& value) {
    const auto* const known =
        std::ranges::find(kAttributes, oid, [](const auto& entry) { return entry.first; });
    if (known == kAttributes.end()) return;
    if (!text.empty()) text += ", ";
    text.append(known->second).append("=").append(value);
  });
  return text;
}

// Calls `visit(element)` for each name of a subjectAltName.
template <class Visit>
void each_alternative_name(std::string_view extension, Visit visit) {
  const auto names = DerReader(extension).next(der::kSequence);
  if (!names) return;
  DerReader list(names->content);
  while (const auto name = list.next()) visit(*name);
}

std::vector<std::string> attributes(std::string_view name, std::string_view which) {
  std::vector<std::string> found;
  each_attribute(name, [&](std::string_view oid, const std::string& value) {
    if (oid == which) found.push_back(value);
  });
  return found;
}

std::string address_text(std::string_view octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  if (octets.size() != 4 && octets.size() != 16) return {};
  if (::inet_ntop(family, octets.data(), text.data(), text.size()) == nullptr) return {};
  return text.data();
}

char lower(char octet) noexcept {
  return octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet - 'A' + 'a') : octet;
}

bool same_name(std::string_view one, std::string_view other) noexcept {
  return std::ranges::equal(one, other, {}, lower, lower);
}

struct Address {
  int family = 0;
  std::array<unsigned char, 16> octets{};
  bool operator==(const Address&) const = default;
};

Address address_of(std::string_view text) noexcept {
  Address address;
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size()) return address;
  std::ranges::copy(text, copy.begin());
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, copy.data(), address.octets.data()) == 1) {
      address.family = family;
      return address;
    }
  }
  return address;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result(text);
  for (char& octet : result) {
    const auto value = static_cast<unsigned char>(octet);
    if (value < 0x20 || value == 0x7F) octet = '?';
  }
  return result;
}

std::optional<CertificateView> CertificateView::parse(std::string_view octets) {
  CertificateView view;
  DerReader outer(octets);
  const auto certificate = outer.next(der::kSequence);
  if (!certificate || !outer.empty()) return std::nullopt;
  view.der_ = certificate->whole;
  DerReader parts(certificate->content);
  const auto tbs = parts.next(der::kSequence);
  const auto algorithm = parts.next(der::kSequence);
  if (!tbs || !algorithm) return std::nullopt;
  view.signature_algorithm_ = algorithm->content;
  DerReader fields(tbs->content);
  (void)fields.next(der::context(0, true));  // version
  (void)fields.next();                       // serial number
  (void)fields.next(der::kSequence);         // signature
  const auto issuer = fields.next(der::kSequence);
  (void)fields.next(der::kSequence);  // validity
  const auto subject = fields.next(der::kSequence);
  const auto key = fields.next(der::kSequence);
  if (!issuer || !subject || !key) return std::nullopt;
  view.issuer_ = issuer->content;
  view.subject_ = subject->content;
  view.public_key_ = key->whole;
  (void)fields.next(der::context(1, false));  // unique identifiers
  (void)fields.next(der::context(2, false));
  const auto extensions = fields.next(der::context(3, true));
  if (!extensions) return view;
  const auto list = DerReader(extensions->content).next(der::kSequence);
  if (list) view.extensions_ = list->content;
  return view;
}

// The value of an extension, without the OCTET STRING around it; empty without one.
std::string_view CertificateView::extension(std::string_view oid) const noexcept {
  DerReader list(extensions_);
  while (const auto entry = list.next(der::kSequence)) {
    DerReader parts(entry->content);
    const auto id = parts.next(der::kOid);
    if (!id || id->content != oid) continue;
    (void)parts.next(der::kBoolean);
    const auto value = parts.next(der::kOctetString);
    return value ? value->content : std::string_view();
  }
  return {};
}

std::string CertificateView::subject() const { return name_text(subject_); }
std::string CertificateView::issuer() const { return name_text(issuer_); }

std::vector<std::string> CertificateView::names() const {
  std::vector<std::string> found;
  each_alternative_name(extension(kSubjectAltName), [&](const der::Element& name) {
    if (name.tag == der::context(2, false)) {
      found.push_back(printable(name.content));
    } else if (name.tag == der::context(7, false)) {
      if (std::string text = address_text(name.content); !text.empty()) found.push_back(std::move(text));
    }
  });
  return found;
}

std::vector<std::string> CertificateView::host_names() const {
  std::vector<std::string> found = names();
  if (!std::ranges::all_of(found, is_ip_address)) return found;
  for (std::string& name : common_names()) {
    if (!is_ip_address(name)) found.push_back(std::move(name));
  }
  return found;
}

std::vector<std::string> CertificateView::mail_addresses() const {
  std::vector<std::string> found;
  each_alternative_name(extension(kSubjectAltName), [&](const der::Element& name) {
    if (name.tag == der::context(1, false)) found.push_back(printable(name.content));
  });
  return found.empty() ? attributes(subject_, kEmailAddress) : found;
}

std::vector<std::string> CertificateView::common_names() const { return attributes(subject_, kCommonName); }

bool CertificateView::allows(bool server) const noexcept {
  const std::string_view value = extension(kExtendedKeyUsage);
  if (value.empty()) return true;
  const auto usages = DerReader(value).next(der::kSequence);
  if (!usages) return false;
  DerReader list(usages->content);
  while (const auto oid = list.next(der::kOid)) {
    if (oid->content == (server ? kServerAuth : kClientAuth) || oid->content == kAnyUsage) return true;
  }
  return false;
}

bool CertificateView::may_sign(std::size_t below) const noexcept {
  const auto constraints = DerReader(extension(kBasicConstraints)).next(der::kSequence);
  if (!constraints) return false;
  DerReader parts(constraints->content);
  const auto is_ca = parts.next(der::kBoolean);
  if (!is_ca || is_ca->content.empty() || is_ca->content.front() == '\0') return false;
  if (const auto length = parts.next(der::kInteger)) {
    if (length->content.size() != 1 || static_cast<unsigned char>(length->content.front()) < below)
      return false;
  }
  const std::string_view usage = extension(kKeyUsage);
  if (usage.empty()) return true;
  const auto bits = DerReader(usage).next(der::kBitString);
  constexpr unsigned char kCertSign = 0x04;
  return bits && bits->content.size() >= 2 && (static_cast<unsigned char>(bits->content[1]) & kCertSign) != 0;
}

HashName CertificateView::end_point_hash() const noexcept {
  DerReader algorithm(signature_algorithm_);
  const auto oid = algorithm.next(der::kOid);
  if (!oid) return HashName::none;
  return oid->content == kRsaPss ? pss_hash(algorithm) : hash_of(oid->content);
}

bool is_ip_address(std::string_view text) noexcept { return address_of(text).family != 0; }

bool name_fits(std::string_view name, std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  const Address address = address_of(host);
  if (address.family != 0) return address == address_of(name);
  if (host.empty() || host.contains('\0')) return false;
  if (!name.starts_with("*.")) return same_name(name, host);
  const std::size_t dot = host.find('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view parent = name.substr(1);
  if (!parent.substr(1).contains('.')) return false;  // "*.org" is nobody's
  return same_name(parent, host.substr(dot));
}

bool certificate_fits(const CertificateView& certificate, std::string_view host) {
  return std::ranges::any_of(certificate.host_names(),
                             [&](const std::string& name) { return name_fits(name, host); });
}

std::string mismatch_text(const CertificateView& certificate, std::string_view host) {
  constexpr std::size_t kMost = 8;
  const std::vector<std::string> names = certificate.host_names();
  std::string text = "the certificate is for ";
  for (std::size_t index = 0; index < std::min(names.size(), kMost); ++index) {
    if (index != 0) text += ", ";
    text += names[index];
  }
  if (names.size() > kMost) text += " and others";
  if (names.empty()) text += "nobody";
  return text.append(", not for ").append(host);
}

bool tlsa_matches(const TlsaRecord& record, const CertificateView& certificate, HashFunction hash) {
  if (!record.usable()) return false;
  const std::string_view selected = record.selector == 0 ? certificate.der() : certificate.public_key();
  if (record.matching == 0) return selected == record.data;
  return hash(record.matching == 1 ? HashName::sha256 : HashName::sha512, selected) == record.data;
}

std::string tlsa_text(const TlsaRecord& record) {
  return "TLSA " + std::to_string(record.usage) + " " + std::to_string(record.selector) + " " +
         std::to_string(record.matching);
}

}  // namespace postrider::transport
