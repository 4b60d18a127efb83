#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "postrider/tests/interop/resolver_conformance/run.h"
#include "postrider/tests/support/run_task.h"
#include "postrider/transport/signal.h"

namespace postrider::tests {

using namespace std::chrono_literals;
using resolver::Answer;
using resolver::LookupFault;
using resolver::RecordType;
using transport::Endpoint;
using Differences = std::vector<std::string>;

namespace {

// A deadline is seen two ticks of the loop late, and the machine may be busy.
constexpr std::chrono::milliseconds kSlack = 3s;

const Case& first_case() {
  static const Case kFirst = conformance_cases().front();
  return kFirst;
}

struct Timed {
  Answer answer;
  std::chrono::milliseconds took{};
};

Timed timed_ask(transport::Loop& loop, resolver::Backend& backend, std::chrono::milliseconds patience) {
  const auto begin = loop.now();
  Timed timed;
  timed.answer = ask(loop, backend, question(first_case().name, first_case().type), patience);
  timed.took = std::chrono::duration_cast<std::chrono::milliseconds>(loop.now() - begin);
  return timed;
}

Differences not_timed_out(const Timed& timed, std::chrono::milliseconds patience) {
  Differences wrong;
  if (timed.answer.fault != LookupFault::timed_out) {
    wrong.push_back("the fault is " + std::string(to_string(timed.answer.fault)) + ": " +
                    timed.answer.failure);
  }
  if (timed.took < patience || timed.took > patience + kSlack) {
    wrong.push_back("it took " + std::to_string(timed.took.count()) + " ms");
  }
  return wrong;
}

// Whether the first case of the list comes out right with these servers.
Differences first_is_wrong(const Setup& setup, std::vector<Endpoint> servers) {
  transport::Loop loop;
  const auto backend = setup.make(loop, servers);
  const Timed timed = timed_ask(loop, *backend, 15s);
  return differences(first_case(), setup, timed.answer);
}

void try_silence(const Setup& setup, const Servers& servers, Report& report) {
  transport::Loop loop;
  const auto backend = setup.make(loop, {servers.silent});
  report.add(setup.name, "a silent server times out", not_timed_out(timed_ask(loop, *backend, 300ms), 300ms));
  report.add(setup.name, "and so it does again", not_timed_out(timed_ask(loop, *backend, 1s), 1s));
  const Timed late = timed_ask(loop, *backend, -1s);
  Differences wrong;
  if (late.answer.fault != LookupFault::timed_out || late.took > 1s) wrong.push_back(late.answer.failure);
  report.add(setup.name, "a deadline that has passed is not waited for", wrong);
}

void try_absence(const Setup& setup, const Servers& servers, Report& report) {
  transport::Loop loop;
  const auto backend = setup.make(loop, {servers.closed});
  if (!setup.sees_refusal) {
    report.add(setup.name, "a port without a server times out",
               not_timed_out(timed_ask(loop, *backend, 300ms), 300ms));
    return;
  }
  const Timed timed = timed_ask(loop, *backend, 10s);
  Differences wrong;
  if (timed.answer.fault != LookupFault::unreachable) {
    wrong.push_back("the fault is " + std::string(to_string(timed.answer.fault)));
  }
  if (timed.took > kSlack) wrong.push_back("it took " + std::to_string(timed.took.count()) + " ms");
  report.add(setup.name, "a port without a server is no wait", wrong);
}

void try_lateness(const Setup& setup, const Servers& servers, Report& report) {
  transport::Loop loop;
  const auto backend = setup.make(loop, {servers.slow});
  report.add(setup.name, "an answer after the deadline is too late",
             not_timed_out(timed_ask(loop, *backend, 100ms), 100ms));
  const Timed patient = timed_ask(loop, *backend, 15s);
  report.add(setup.name, "and does not disturb the next question",
             differences(first_case(), setup, patient.answer));
}

struct Crowd {
  std::size_t next = 0;
  std::size_t right = 0;
  std::size_t workers = 0;
  std::string failure;
};

transport::Task<void> ask_many(transport::Loop& loop, resolver::Backend& backend, Crowd& crowd,
                               std::size_t questions) {
  while (crowd.next < questions) {
    const std::size_t number = crowd.next++;
    const resolver::Question asked =
        question("name" + std::to_string(number) + ".wild.example.test", RecordType::a);
    const resolver::AskResult result = co_await backend.ask(asked, transport::later(loop.now(), 15s));
    const Answer answer = to_answer(asked, result);
    const std::vector<std::string> records = show(answer, RecordType::a);
    if (records.size() == 1 && records.front() == "192.0.2.9") {
      ++crowd.right;
    } else {
      crowd.failure = answer.failure;
    }
  }
  --crowd.workers;
}

void try_crowd(const Setup& setup, Report& report) {
  constexpr std::size_t kQuestions = 2000;
  constexpr std::size_t kInFlight = 64;
  transport::Loop loop;
  const auto backend = setup.make(loop, setup.servers);
  Crowd crowd;
  crowd.workers = kInFlight;
  for (std::size_t worker = 0; worker < kInFlight; ++worker) {
    loop.spawn(ask_many(loop, *backend, crowd, kQuestions));
  }
  run_until(loop, [&] { return crowd.workers == 0; }, 60s);
  Differences wrong;
  if (crowd.right != kQuestions) {
    wrong.push_back(std::to_string(crowd.right) + " of " + std::to_string(kQuestions) + ": " + crowd.failure);
  }
  report.add(setup.name, "2000 questions, 64 at a time", wrong);
}

transport::Task<void> ask_into_the_void(resolver::Backend& backend, transport::SteadyTime deadline,
                                        std::size_t& ended) {
  const resolver::Question asked = question("example.test", RecordType::mx);
  [[maybe_unused]] const resolver::AskResult result = co_await backend.ask(asked, deadline);
  ++ended;
}

// The loop ends with questions under way, and the backend before it.
void try_sudden_end(const Setup& setup, const Servers& servers, Report& report) {
  Differences wrong;
  for (const Endpoint& server : {servers.silent, servers.slow, servers.nsd}) {
    std::size_t ended = 0;
    transport::Loop loop;
    auto backend = setup.make(loop, {server});
    for (int each = 0; each < 10; ++each) loop.spawn(ask_into_the_void(*backend, transport::kNever, ended));
    loop.poll();
    if (server == servers.silent && ended != 0) wrong.push_back("questions ended without an answer");
    backend.reset();
  }
  report.add(setup.name, "the end amid questions leaves nothing behind", wrong);
}

// Nothing of the backend may keep a loop from ending that has no task left.
void try_loop_ends(const Setup& setup, const Servers& servers, Report& report) {
  std::size_t ended = 0;
  transport::Loop loop;
  const auto backend = setup.make(loop, {servers.silent});
  const transport::SteadyTime begin = loop.now();
  loop.spawn(ask_into_the_void(*backend, transport::later(begin, 200ms), ended));
  loop.spawn(ask_into_the_void(*backend, transport::later(begin, 400ms), ended));
  loop.stop();
  loop.run();
  Differences wrong;
  if (ended != 2) wrong.push_back("the loop ended before its questions");
  if (loop.now() - begin > 400ms + kSlack) wrong.push_back("the loop was kept from ending");
  report.add(setup.name, "a loop ends with its questions", wrong);
}

}  // namespace

void try_behaviour(const Setup& setup, const Servers& servers, Report& report) {
  try_silence(setup, servers, report);
  try_absence(setup, servers, report);
  try_lateness(setup, servers, report);
  report.add(setup.name, "forged answers are passed over", first_is_wrong(setup, {servers.forger}));
  report.add(setup.name, "an absent server gives way to the next",
             first_is_wrong(setup, {servers.closed, servers.nsd}));
  report.add(setup.name, "a silent server gives way to the next",
             first_is_wrong(setup, {servers.silent, servers.nsd}));
  report.add(setup.name, "a server that fails gives way to the next",
             first_is_wrong(setup, {servers.failing, servers.nsd}));
  try_crowd(setup, report);
  try_loop_ends(setup, servers, report);
  try_sudden_end(setup, servers, report);
}

}  // namespace postrider::tests
