// Replies a second through write_reply, into the buffer of a session.
#include <benchmark/benchmark.h>

#include "postrider/protocol/framing/output_buffer.h"
#include "postrider/protocol/grammar/reply.h"

namespace postrider::protocol {
namespace {

void run(benchmark::State& state, const ReplyView& reply) {
  OutputBuffer<704> out;
  for (auto _ : state) {
    write_reply(reply, WriteEnhanced::yes, out);
    benchmark::DoNotOptimize(out.data().data());
    out.clear();
  }
  state.SetItemsProcessed(state.iterations());
}

void WriteReply_Ok(benchmark::State& state) { run(state, {code::ok, status::sender_ok, "Ok"}); }
BENCHMARK(WriteReply_Ok);

void WriteReply_Refusal(benchmark::State& state) {
  run(state,
      {code::mailbox_unavailable, status::bad_mailbox, "Recipient address rejected: no such user here"});
}
BENCHMARK(WriteReply_Refusal);

void WriteReply_Ehlo(benchmark::State& state) {
  run(state, {code::ok, {}, "mx1.example.org\nPIPELINING\nSIZE 52428800\nSTARTTLS\n8BITMIME\nCHUNKING"});
}
BENCHMARK(WriteReply_Ehlo);

}  // namespace
}  // namespace postrider::protocol
