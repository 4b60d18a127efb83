// The coroutine type of every layer above the core.
//
// A Task starts when it is awaited (or handed to Loop::spawn) and stays on the thread of its loop. Expected
// failures come back as values; an exception that leaves a Task is a programming error. Rules that keep g++
// 12 from miscompiling coroutines: one co_await a statement, its result bound to a named variable; no braced
// temporary, no capturing lambda, no && || ?: in that statement.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace postrider::transport {

template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace postrider::transport
