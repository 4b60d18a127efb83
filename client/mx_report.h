// What became of one message for the recipients of one domain, over all hosts that were tried.
//
// Complete: every recipient of the envelope has a result, in the envelope's order, and each result has a
// reply, the peer's last word or ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/client/connector.h"
#include "postrider/client/delivery_report.h"
#include "postrider/client/outcome.h"
#include "postrider/client/sts_source.h"
#include "postrider/client/tls_decision.h"
#include "postrider/client/tls_result.h"
#include "postrider/protocol/grammar/delivery_decision.h"
#include "postrider/protocol/grammar/reply.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/tls/info.h"

namespace postrider::client {

// How far things came.
enum class MxStage : std::uint8_t {
  lookup,  // the domain's hosts, or a host's addresses
  policy,  // what DANE, MTA-STS or the route demand could not be had, before anything was connected
  seat,    // waiting for the pool
  connect,
  session,  // the server was reached; Stage says the rest
};
std::string_view to_string(MxStage stage) noexcept;

struct TlsSummary {
  bool encrypted = false;
  transport::TlsVersion version = transport::TlsVersion::tls1_3;  // the rest counts when it is
  std::string cipher;
  transport::TlsTrust trust = transport::TlsTrust::unchecked;
  std::string verification;  // why, in words
  std::string peer;          // the certificate's subject

  static TlsSummary of(const transport::TlsInfo* info);
  // "TLSv1.3, TLS_AES_128_GCM_SHA256; CN=mx.example.org: trusted", "no TLS".
  std::string text() const;
};

struct MxRecipient {
  // delivered, retry_later, fail_recipient or fail_message.
  protocol::Decision decision = protocol::Decision::retry_later;
  MxStage reached = MxStage::lookup;
  protocol::Stage stage = protocol::Stage::greeting;  // what the reply answers, in a session
  protocol::Reply reply;
  bool local = false;                           // the reply is ours: nobody was asked, or nobody answered
  std::string host;                             // whose word this is; empty: there was none to ask
  std::optional<transport::Endpoint> endpoint;  // and its address, once it was reached
  TlsSummary tls;
  // No verdict came after the whole message was sent: another try may deliver it twice.
  bool may_have_been_delivered = false;
  std::string text;  // for people

  bool delivered() const noexcept { return decision == protocol::Decision::delivered; }
};

// One host, once: a host that is tried again, in clear or on a new connection, has several.
struct MxAttempt {
  std::string host;
  std::uint16_t port = 25;
  std::optional<transport::Endpoint> endpoint;
  std::vector<FailedAddress> unreachable;  // addresses that were tried in vain
  MxStage reached = MxStage::lookup;
  std::optional<Phase> phase;           // in a session: where it failed
  std::optional<TlsDecision> decision;  // once the lookups were done
  TlsUse use = TlsUse::none;            // as it was tried
  TlsSummary tls;
  bool reused = false;                   // a connection of the pool
  std::optional<protocol::Reply> reply;  // the peer's, when it failed by one
  std::string why;                       // why another host was needed, or there is no verdict; else empty
  std::uint32_t delivered = 0;           // recipients

  // For TLSRPT, RFC 8460 4.3 and 4.4. nullopt: whether TLS would have worked did not show; `none`: it did.
  TlsPolicyType policy_type = TlsPolicyType::no_policy_found;
  std::optional<TlsFailureType> tls_result;
  std::string tls_reason;  // of a failure, for people; may be empty
  // Why there is no MTA-STS policy although the domain announces one, RFC 8460 4.3.2.2; the words for people.
  TlsFailureType sts_fault = TlsFailureType::none;
  std::string sts_failure;

  bool failed() const noexcept { return !why.empty(); }
  // Whether it tells of the host as whoever has the same host would see it. TLS that was needed and did not
  // come about does not: a policy of the domain may have needed it.
  bool tells_of_the_host() const noexcept { return reached > MxStage::policy && phase != Phase::start_tls; }
  // One line for logs: "mx.example.org[192.0.2.1]:25, in clear: server said …".
  std::string text() const;
};

struct MxReport {
  std::vector<MxRecipient> recipients;
  std::vector<MxAttempt> attempts;
  // The domain's hosts by one name (mx_site.h), when what became of the message tells of them. Empty where it
  // tells of the domain alone: its lookups failed, or its policy allowed none of them. Of a fixed host empty.
  std::string site;
  // What was odd about the domain's MX records, for people.
  std::vector<std::string> notes;
  std::uint32_t transactions = 0;
  protocol::ExtensionSet left_out;  // see DeliveryReport

  bool all_delivered() const noexcept;
};

// The type of TLSRPT's policy that `decision` stems from.
TlsPolicyType policy_type(const TlsDecision& decision) noexcept;
// How TLSRPT calls what went wrong when TLS did not come about; never `none`.
TlsFailureType tls_failure_type(const Failure& failure, const TlsDecision& decision) noexcept;
// The same for a session that goes on: `none` where it is as the policy wants, which one of MTA-STS in mode
// testing need not be.
TlsFailureType tls_failure_type(const TlsSummary& tls, const TlsDecision& decision, StsMatch sts) noexcept;
// How it calls a policy of MTA-STS that could not be had; `none`: it has no name for that.
TlsFailureType tls_failure_type(const StsVerdict& verdict) noexcept;

}  // namespace postrider::client
