// Read by lint_test.py, never compiled. A line that ends in `// bad` must be found, every other line must not.
#include "postrider/transport/stream.h"

namespace sample {

awaitable<void> fine(Stream& stream, std::string text) {
  const auto size = co_await stream.read(buffer);
  auto [error, count] = co_await stream.write(text);
  auto&& reference = co_await stream.read(buffer);
  co_await stream.write(std::string("250 OK"));
  (void)co_await stream.close();
  if (const auto more = co_await stream.read(buffer); more > 0) done();
  for (const auto& line : co_await lines(stream)) use(line);
  for (int i = 0; i < 3 && !error; ++i) {
    co_await stream.write(text);
  }
  while (!error && count > 0) {
    count = co_await stream.read(buffer);
  }
  if (error || count == 0) co_return co_await finish(stream);
  co_await stream.write(std::string(text + "\r\n{ && || ?"));
  co_await visit(stream, [](int octets, int more) { return octets && more ? octets : int{7}; });
  co_spawn(executor, [&stream] { return serve(stream); }, detached);
  const std::vector<int> list{1, 2, 3};
  const auto chosen = error ? list : other;
  switch (state) {
    case idle: co_await stream.write(text); break;
    default: break;
  }
  do {
    count = co_await stream.read(buffer);
  } while (count > 0 && !error);
  auto later = [stream = &stream](int octets) { return stream->reserve(octets); };
  co_return;
}

awaitable<int> trailing(Stream& stream) noexcept;
auto deduced(Stream& stream) -> awaitable<int> {
  const int octets = co_await stream.read(buffer);
  co_return octets;
}

awaitable<void> wrong(Stream& stream, std::string text) {
  const auto sum = co_await stream.read(a) + co_await stream.read(b);  // bad
  while (co_await stream.read(buffer) > 0) done();  // bad
  if (co_await stream.read(buffer) > 3) done();  // bad
  switch (co_await stream.read(buffer)) {  // bad
    case 3: break;
    default: break;
  }
  const bool both = ready && co_await stream.check();  // bad
  const bool either = co_await stream.check() || ready;  // bad
  const auto picked = ready ? co_await stream.check() : 0;  // bad
  co_await stream.write(Options{1, 2});  // bad
  co_await stream.write({1, 2});  // bad
  Pair pair{co_await stream.read(a), 1};  // bad
  co_await stream.visit([&](int octets) { total += octets; });  // bad
  co_await stream.visit([text] { return text; });  // bad
  use(co_await stream.read(buffer));  // bad
  const auto length = (co_await stream.read(buffer)).size();  // bad
  for (int i = 0; co_await stream.check(); ++i) step();  // bad
  if (ready) use(Options{1}, co_await stream.read(buffer));  // bad
  do {
    step();
  } while (co_await stream.read(buffer) > 0);  // bad
  co_spawn(executor, [&]() -> awaitable<void> {  // bad
    co_await stream.write(text);
  }, detached);
  co_spawn(co_await this_coro::executor, serve(stream), detached);  // bad
}

}  // namespace sample
