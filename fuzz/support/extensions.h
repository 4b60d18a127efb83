// The verbs and parameters that fuzz targets register, of every shape that an ExtensionTable knows.
#pragma once

#include <string_view>

#include "postrider/protocol/grammar/extension_table.h"

namespace postrider::fuzz {

inline bool has_no_seven(std::string_view value) noexcept {
  return value.find('7') == std::string_view::npos;
}

inline protocol::ExtensionTable make_extensions() {
  using protocol::Presence;
  using Moment = protocol::VerbExtension::Moment;
  using On = protocol::ParameterExtension::On;
  protocol::ExtensionTable table;
  table.add_verb({.name = "XCLIENT",
                  .argument = Presence::required,
                  .ehlo_keyword = "XCLIENT",
                  .moment = Moment::outside_transaction,
                  .last_in_group = true,
                  .restarts_session = true});
  table.add_verb({.name = "XNOTE",
                  .argument = Presence::optional,
                  .ehlo_keyword = "",
                  .moment = Moment::always,
                  .last_in_group = false,
                  .restarts_session = false});
  table.add_verb({.name = "XPING",
                  .argument = Presence::forbidden,
                  .ehlo_keyword = "XNOT-OFFERED",
                  .moment = Moment::after_hello,
                  .last_in_group = false,
                  .restarts_session = false});
  table.add_parameter(
      {.keyword = "XTRACE", .on = On::mail, .value = Presence::required, .ehlo_keyword = "XTRACE"});
  table.add_parameter({.keyword = "XCOLOUR",
                       .on = On::both,
                       .value = Presence::optional,
                       .ehlo_keyword = "",
                       .accepts = has_no_seven});
  table.add_parameter(
      {.keyword = "XFLAG", .on = On::rcpt, .value = Presence::forbidden, .ehlo_keyword = "XNOT-OFFERED"});
  return table;
}

// One table for the whole program.
inline const protocol::ExtensionTable& extensions() {
  static const protocol::ExtensionTable table = make_extensions();
  return table;
}

}  // namespace postrider::fuzz
