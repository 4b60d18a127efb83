#include "postrider/protocol/grammar/extension_table.h"

#include <utility>

#include "postrider/protocol/grammar/command.h"
#include "postrider/protocol/grammar/octets.h"
#include "postrider/protocol/grammar/recognise.h"

namespace postrider::protocol {
namespace {

constexpr std::size_t kMaxName = 32;

// ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"), RFC 5321 4.1.1.1, in upper case.
bool is_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kMaxName || !is(name[0], kAlpha | kDigit)) return false;
  for (const char c : name) {
    if (!is(c, kLdh) || c != to_upper(c)) return false;
  }
  return true;
}

bool is_keyword_or_empty(std::string_view keyword) noexcept { return keyword.empty() || is_name(keyword); }

constexpr bool applies(ParameterExtension::On to, ParameterExtension::On on) noexcept {
  return to == on || to == ParameterExtension::On::both || on == ParameterExtension::On::both;
}

}  // namespace

bool ExtensionTable::add_verb(VerbExtension verb) {
  if (!is_name(verb.name) || !is_keyword_or_empty(verb.ehlo_keyword)) return false;
  if (parse_verb(verb.name) != Verb::unknown || find_verb(verb.name) != nullptr) return false;
  verbs_.push_back(std::move(verb));
  return true;
}

bool ExtensionTable::add_parameter(ParameterExtension parameter) {
  if (!is_name(parameter.keyword) || !is_keyword_or_empty(parameter.ehlo_keyword)) return false;
  if (recognise::is_core_parameter(parameter.keyword)) return false;
  if (find_parameter(parameter.keyword, parameter.on) != nullptr) return false;
  parameters_.push_back(std::move(parameter));
  return true;
}

const VerbExtension* ExtensionTable::find_verb(std::string_view word) const noexcept {
  for (const VerbExtension& verb : verbs_) {
    if (equal_ignoring_case(verb.name, word)) return &verb;
  }
  return nullptr;
}

const ParameterExtension* ExtensionTable::find_parameter(std::string_view keyword,
                                                         ParameterExtension::On on) const noexcept {
  for (const ParameterExtension& parameter : parameters_) {
    if (applies(parameter.on, on) && equal_ignoring_case(parameter.keyword, keyword)) return &parameter;
  }
  return nullptr;
}

}  // namespace postrider::protocol
