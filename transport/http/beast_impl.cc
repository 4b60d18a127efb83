// Beast's own functions, compiled once: BOOST_BEAST_SEPARATE_COMPILATION is defined for every target.

#include <boost/beast/src.hpp>
