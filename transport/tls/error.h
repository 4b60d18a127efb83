// What can go wrong on an encrypted stream, as error codes; the text with the details is
// TlsEngine::failure().
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

namespace postrider::transport {

enum class TlsError {
  failed = 1,  // TLS itself: a bad record, an alert, a certificate that was refused
  truncated,   // the connection ended without close_notify: somebody may have cut it (RFC 8446 6.1)
};

const boost::system::error_category& tls_error_category() noexcept;

inline boost::system::error_code make_error_code(TlsError what) noexcept {
  return boost::system::error_code(static_cast<int>(what), tls_error_category());
}

}  // namespace postrider::transport

template <>
struct boost::system::is_error_code_enum<postrider::transport::TlsError> : std::true_type {};
