// spool_writer FOLDER: puts messages into the spool there until it is killed, and says on standard output
// what it knows to be durable, a line each:
//
//   +ID    the message is there, with content_of(ID, size_of(ID))
//   ~ID    it is about to be removed
//   -ID    it is gone
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "postrider/queue/spool/rocksdb/rocksdb_spool.h"
#include "postrider/tests/queue/spool/rocksdb/writer_contents.h"
#include "postrider/tests/queue/spool/spool_conformance.h"

namespace postrider::queue {
namespace {

// In one write, so that lines of several threads stay whole and none is lost in a buffer.
void say(char what, MessageId id) {
  const std::string line = what + id.to_string() + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(1);
}

[[noreturn]] void write_for_ever(Spool& spool, std::atomic<std::uint64_t>& last) {
  for (;;) {
    const MessageId id{++last};
    if (!put(spool, message_of(id.value), content_of(id.value, size_of(id.value)))) std::_Exit(1);
    say('+', id);
    if (id.value % 4 != 0) continue;
    say('~', id);
    Change change;
    change.removed.push_back(id);
    if (!apply(spool, std::move(change))) std::_Exit(1);
    say('-', id);
  }
}

}  // namespace
}  // namespace postrider::queue

int main(int count, char** arguments) {
  using namespace postrider::queue;
  if (count != 2) return 2;
  auto spool = RocksDbSpool::open(arguments[1], RocksDbSpoolOptions());
  if (!spool) {
    std::fprintf(stderr, "%s\n", spool.error().text.c_str());
    return 1;
  }
  std::atomic<std::uint64_t> last = (*spool)->newest().value;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) threads.emplace_back([&] { write_for_ever(**spool, last); });
  for (std::thread& each : threads) each.join();
}
