// The same sessions to several servers, and where they disagree.
//
//   Comparison comparison(loop, network, options);
//   loop.spawn(comparison.run());
//   for (const Disagreement& each : comparison.disagreements()) ...
//
// Answers are compared by class (2, 3, 4 or 5, and none), command by command, as long as the servers have
// agreed; what follows a disagreement in a session is its consequence. Disagreements are clustered by what
// was said, the state that it was said in, and who answered what.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/campaign/session_player.h"
#include "postrider/fuzz/campaign/session_source.h"
#include "postrider/fuzz/oracle/judge.h"
#include "postrider/transport/signal.h"

namespace postrider::fuzz {

struct ComparisonOptions {
  ComparisonOptions() : sources(0, SessionSettings()) {}

  std::vector<transport::Endpoint> addresses;  // two or more
  SessionSource sources;
  std::uint64_t first = 0;
  std::uint64_t sessions = 300;
  std::uint32_t connections = 8;  // sessions at a time; each has one connection to every server
  PlayOptions play;
};

struct Disagreement {
  std::string owner;                 // "MAIL", "content"
  std::string state;                 // "new", "hello", "mail", "rcpt", "chunks"
  std::string_view clause;           // what the RFCs say of this command
  std::vector<std::string> answers;  // of each server: "2xx", "5xx", "none"
  std::uint64_t count = 0;
  std::uint64_t session = 0;       // an example
  std::string line;                // what was said there
  std::vector<std::string> codes;  // and what was answered: "250", "503"
};

// Where the RFCs define a command.
std::string_view clause_of(std::string_view owner) noexcept;

// The first disagreement of these sessions, if there is one; `session` and `count` are for the caller.
std::vector<Disagreement> first_disagreement(const std::vector<Verdict>& verdicts);

class Comparison {
 public:
  Comparison(transport::Loop& loop, transport::Network& network, ComparisonOptions options);

  transport::Task<void> run();
  void stop() noexcept { stopping_ = true; }

  // Of `addresses`: the first that did not answer at the start.
  const std::vector<transport::Endpoint>& unreachable() const noexcept { return unreachable_; }
  bool over() const noexcept { return over_; }
  std::uint64_t sessions() const noexcept { return done_; }
  // The most frequent first.
  std::vector<Disagreement> disagreements() const;

 private:
  transport::Task<void> work();
  transport::Task<void> compare(std::uint64_t number);
  void book(std::uint64_t number, std::vector<Disagreement> found);

  transport::Loop& loop_;
  transport::Network& network_;
  ComparisonOptions options_;
  transport::Signal ended_;
  std::uint64_t next_ = 0;
  std::uint64_t done_ = 0;
  std::uint32_t working_ = 0;
  bool stopping_ = false;
  bool over_ = false;
  std::vector<transport::Endpoint> unreachable_;
  std::vector<Disagreement> found_;
};

}  // namespace postrider::fuzz
