#include "postrider/transport/tls/error.h"

#include <string>

namespace postrider::transport {
namespace {

// Categories live for ever: nobody destroys one through its base.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class TlsErrorCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tls"; }
  std::string message(int value) const override {
    return static_cast<TlsError>(value) == TlsError::truncated
               ? "the connection ended without TLS close_notify"
               : "TLS failed";
  }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& tls_error_category() noexcept {
  static const TlsErrorCategory category;
  return category;
}

}  // namespace postrider::transport
