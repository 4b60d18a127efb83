#include "postrider/protocol/grammar/extension.h"

namespace postrider::protocol {

std::string_view keyword(Extension extension) noexcept {
  switch (extension) {
    case Extension::pipelining: return "PIPELINING";
    case Extension::size: return "SIZE";
    case Extension::eight_bit_mime: return "8BITMIME";
    case Extension::starttls: return "STARTTLS";
    case Extension::auth: return "AUTH";
    case Extension::enhanced_status_codes: return "ENHANCEDSTATUSCODES";
    case Extension::dsn: return "DSN";
    case Extension::chunking: return "CHUNKING";
    case Extension::binarymime: return "BINARYMIME";
    case Extension::smtputf8: return "SMTPUTF8";
    case Extension::require_tls: return "REQUIRETLS";
    case Extension::mt_priority: return "MT-PRIORITY";
    case Extension::deliver_by: return "DELIVERBY";
    case Extension::future_release: return "FUTURERELEASE";
    case Extension::limits: return "LIMITS";
    case Extension::help: return "HELP";
    case Extension::vrfy: return "VRFY";
    case Extension::expn: return "EXPN";
    case Extension::etrn: return "ETRN";
  }
  return "";
}

}  // namespace postrider::protocol
