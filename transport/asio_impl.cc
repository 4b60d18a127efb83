// Asio's own functions, compiled once: BOOST_ASIO_SEPARATE_COMPILATION is defined for every target that sees
// Asio.

#include <boost/asio/impl/src.hpp>
