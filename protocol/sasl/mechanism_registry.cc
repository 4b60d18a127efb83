#include "postrider/protocol/sasl/mechanism_registry.h"

#include <algorithm>
#include <utility>

#include "postrider/protocol/grammar/octets.h"
#include "postrider/protocol/sasl/server_scram.h"
#include "postrider/protocol/sasl/server_simple.h"

namespace postrider::protocol::sasl {
namespace {

constexpr std::string_view kPlus = "SCRAM-SHA-256-PLUS";

bool is_mechanism_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 20 && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool met(Needs needs, const ServerConditions& conditions) noexcept {
  switch (needs) {
    case Needs::nothing: return true;
    case Needs::binding: return conditions.encrypted && !conditions.bindings.empty();
    case Needs::certificate: return conditions.encrypted && conditions.certificate;
    case Needs::encryption: break;
  }
  return conditions.encrypted;
}

}  // namespace

bool MechanismRegistry::add(MechanismEntry entry) {
  if (!is_mechanism_name(entry.name) || !entry.make) return false;
  const auto same = std::ranges::find(entries_, entry.name, &MechanismEntry::name);
  if (same != entries_.end()) {
    *same = std::move(entry);
  } else {
    entries_.push_back(std::move(entry));
  }
  return true;
}

void MechanismRegistry::remove(std::string_view name) {
  std::erase_if(entries_, [&](const MechanismEntry& each) { return equal_ignoring_case(each.name, name); });
}

const MechanismEntry* MechanismRegistry::find(std::string_view name) const noexcept {
  for (const MechanismEntry& each : entries_) {
    if (equal_ignoring_case(each.name, name)) return &each;
  }
  return nullptr;
}

bool MechanismRegistry::offers(std::string_view name, const ServerConditions& conditions) const noexcept {
  const MechanismEntry* const entry = find(name);
  return entry != nullptr && met(entry->needs, conditions);
}

void MechanismRegistry::offer(const ServerConditions& conditions, Capabilities& capabilities) const {
  for (const MechanismEntry& each : entries_) {
    if (met(each.needs, conditions)) capabilities.offer_mechanism(std::string_view(each.name));
  }
}

std::expected<std::unique_ptr<ServerMechanism>, Fault> MechanismRegistry::make(
    std::string_view name, const ServerConditions& conditions, const Primitives& primitives) const {
  const MechanismEntry* const entry = find(name);
  if (entry == nullptr) return std::unexpected(Fault::unknown_mechanism);
  if (!met(entry->needs, conditions)) {
    return std::unexpected(conditions.encrypted ? Fault::unknown_mechanism : Fault::encryption_required);
  }
  return entry->make(MechanismContext{primitives, conditions.bindings, offers(kPlus, conditions)});
}

MechanismRegistry standard_mechanisms(const StandardMechanisms& which) {
  MechanismRegistry registry;
  const auto add = [&](std::string_view name, Needs needs, auto make) {
    registry.add({std::string(name), needs, std::move(make)});
  };
  if (which.verifiers) {
    add(kPlus, Needs::binding, [](const MechanismContext& context) {
      return make_scram_server(context.primitives, ScramServerKind::plus, context.bindings);
    });
    add("SCRAM-SHA-256", Needs::encryption, [](const MechanismContext& context) {
      return make_scram_server(
          context.primitives,
          context.binding_offered ? ScramServerKind::plain_beside_plus : ScramServerKind::plain, {});
    });
  }
  if (which.certificates) {
    add("EXTERNAL", Needs::certificate, [](const MechanismContext&) { return make_external_server(); });
  }
  if (which.tokens) {
    add("OAUTHBEARER", Needs::encryption, [](const MechanismContext&) { return make_oauthbearer_server(); });
    add("XOAUTH2", Needs::encryption, [](const MechanismContext&) { return make_xoauth2_server(); });
  }
  if (which.passwords) {
    add("PLAIN", Needs::encryption, [](const MechanismContext&) { return make_plain_server(); });
    add("LOGIN", Needs::encryption, [](const MechanismContext&) { return make_login_server(); });
  }
  return registry;
}

}  // namespace postrider::protocol::sasl
