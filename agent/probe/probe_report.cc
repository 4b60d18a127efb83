#include "postrider/agent/probe/probe_report.h"

#include <algorithm>
#include <utility>

#include "postrider/agent/log/json_object.h"

namespace postrider::agent {
namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) out.append(out.empty() ? "" : between).append(part);
  return out;
}

std::string_view name_of(transport::TlsTrust trust) noexcept {
  switch (trust) {
    case transport::TlsTrust::unchecked: return "unchecked";
    case transport::TlsTrust::failed: return "failed";
    case transport::TlsTrust::trusted: return "trusted";
  }
  return "";
}

// Much of this was written by the server: no control octet of it reaches a terminal.
std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

void add(std::string& out, std::string_view what, std::string_view value) {
  std::string line(what);
  line.resize(14, ' ');
  out.append(line).append(printable(value)).append("\n");
}

std::string to_json(const transport::TlsInfo& tls) {
  JsonObject out;
  out.text("version", to_string(tls.version)).text("cipher", tls.cipher).text_or_null("group", tls.group);
  out.text("subject", tls.peer_subject).text("issuer", tls.peer_issuer).list("names", tls.peer_names);
  out.number("certificates", tls.peer_chain.size());
  return out.text("trust", name_of(tls.trust)).text_or_null("verification", tls.verification).str();
}

}  // namespace

std::vector<std::string> keywords_of(const protocol::Capabilities& capabilities) {
  std::string text;
  protocol::write_ehlo_text("x", capabilities, text);
  std::vector<std::string> out;
  std::size_t begin = text.find('\n');
  while (begin != std::string::npos) {
    const std::size_t end = text.find('\n', begin + 1);
    out.push_back(text.substr(begin + 1, end == std::string::npos ? end : end - begin - 1));
    begin = end;
  }
  return out;
}

std::string ProbeReport::to_text() const {
  std::string out;
  add(out, "server", address.empty() ? server : server + " (" + address + ")");
  if (!failure.empty()) add(out, "failed", failure);
  if (!greeting.empty()) add(out, "greeting", greeting);
  if (in_clear) add(out, "in clear", joined(*in_clear, ", "));
  if (!tls_failure.empty()) add(out, "TLS", tls_failure);
  if (tls) {
    add(out, "TLS",
        std::string(to_string(tls->version)) + ", " + tls->cipher +
            (tls->group.empty() ? "" : ", " + tls->group));
    add(out, "certificate", tls->peer_subject + "; issued by " + tls->peer_issuer);
    add(out, "names", joined(tls->peer_names, ", "));
    add(out, "verification",
        std::string(name_of(tls->trust)) + (tls->verification.empty() ? "" : ": " + tls->verification));
  }
  if (encrypted) add(out, "under TLS", joined(*encrypted, ", "));
  return out;
}

std::string ProbeReport::to_json() const {
  JsonObject out;
  out.text("server", server).text_or_null("address", address).text_or_null("greeting", greeting);
  in_clear ? out.list("in_clear", *in_clear) : out.raw("in_clear", "null");
  out.raw("tls", tls ? agent::to_json(*tls) : "null").text_or_null("tls_failure", tls_failure);
  encrypted ? out.list("encrypted", *encrypted) : out.raw("encrypted", "null");
  return out.text_or_null("failure", failure).str() + "\n";
}

}  // namespace postrider::agent
