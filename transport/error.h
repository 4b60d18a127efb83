// How transports report failure: error codes of the operating system and of Asio, as values.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>

namespace postrider::transport {

using boost::system::error_code;

// boost::asio::error::timed_out: a deadline passed. operation_aborted: cancel(), close() or abort() ended a
// wait. eof: the peer closed its side. Everything else comes from the operating system.
namespace error = boost::asio::error;

// The code for errno's value `number`.
inline error_code system_error(int number) noexcept {
  return error_code(number, boost::system::system_category());
}

}  // namespace postrider::transport
