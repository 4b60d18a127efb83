// Boost.JSON's own functions, compiled once: it is used as headers alone.
#include <boost/json/src.hpp>
