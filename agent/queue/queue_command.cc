#include "postrider/agent/queue/queue_command.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <limits>
#include <memory>
#include <utility>

#include <unistd.h>

#include "postrider/agent/command_line/print_problems.h"
#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/log/json_object.h"
#include "postrider/agent/queue/control_client.h"
#include "postrider/agent/queue/control_server.h"
#include "postrider/agent/queue/open_spool.h"
#include "postrider/agent/queue/queue_json.h"
#include "postrider/agent/queue/queue_operations.h"
#include "postrider/agent/queue/queue_report.h"
#include "postrider/agent/queue/stored_queue.h"
#include "postrider/queue/spool/memory_spool.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {

using transport::Loop;
using transport::Task;
using Action = QueueOptions::Action;
using Kind = QueueFailure::Kind;

namespace {

constexpr std::uint64_t kHeader = std::uint64_t{64} << 10;  // of what `show` reads for it
constexpr std::uint64_t kWhole = std::numeric_limits<std::int64_t>::max();
constexpr transport::Duration kUntilProgress = std::chrono::seconds(2);

ExitCode exit_code_of(Kind kind) {
  switch (kind) {
    case Kind::missing:
    case Kind::damaged:
    case Kind::held: return ExitCode::bad_input;
    case Kind::forbidden: return ExitCode::permission;
    case Kind::nobody: return ExitCode::unavailable;
    case Kind::delivered:
    case Kind::store:
    case Kind::agent:
    case Kind::refused: break;
  }
  return ExitCode::temporary;
}

bool is_about_a_message(Kind kind) {
  return kind == Kind::missing || kind == Kind::damaged || kind == Kind::held || kind == Kind::delivered;
}

ExitCode fail(std::ostream& errors, ExitCode code, std::string_view what) {
  errors << "postrider queue: " << what << '\n';
  return code;
}

// A line on stderr every two seconds.
class Progress {
 public:
  Progress(Loop& loop, QueueOutput output)
      : loop_(loop), output_(output), next_(loop.now() + kUntilProgress) {}

  void show(std::string_view what) {
    if (!output_.progress || loop_.now() < next_) return;
    output_.errors << "postrider queue: " << what << std::endl;
    next_ = loop_.now() + kUntilProgress;
  }

 private:
  Loop& loop_;
  QueueOutput output_;
  transport::SteadyTime next_;
};

// Content as it stands, to a file or another program.
class OutputSink final : public ContentSink {
 public:
  explicit OutputSink(std::ostream& out) : out_(out) {}
  Task<bool> take(std::string_view octets) override {
    out_.write(octets.data(), static_cast<std::streamsize>(octets.size()));
    co_return out_.good();
  }

 private:
  std::ostream& out_;
};

// The beginning of a message, as far as its header goes.
class HeaderSink final : public ContentSink {
 public:
  Task<bool> take(std::string_view octets) override {
    text_.append(octets);
    co_return text_.size() < kHeader&& text_.find("\r\n\r\n") == std::string::npos;
  }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

class Command {
 public:
  Command(Loop& loop, QueueSource& source, const QueueOptions& options, QueueOutput output)
      : loop_(loop), source_(source), options_(options), output_(output) {}

  Task<ExitCode> list() {
    Progress progress(loop_, output_);
    QueueSummary summary;
    queue::MessageId after;
    for (;;) {
      const QueueResult<std::vector<QueueEntry>> page = co_await source_.list(after);
      if (!page) co_return refuse(page.error());
      if (page->empty() || !output_.out) break;
      for (const QueueEntry& each : *page) {
        print(each, summary.messages() == 0);
        summary.add(each);
      }
      after = page->back().id;
      progress.show(std::to_string(summary.messages()) + " messages so far");
    }
    if (options_.json) {
      output_.out << (summary.messages() == 0 ? "[]\n" : "\n]\n");
    } else {
      output_.out << summary.text() << '\n';
    }
    co_return ExitCode::done;
  }

  Task<ExitCode> show() {
    const QueueResult<QueueEntry> entry = co_await source_.show(*options_.id);
    if (!entry) co_return refuse(entry.error());
    if (options_.json) {
      output_.out << show_json(*entry) << '\n';
      co_return ExitCode::done;
    }
    output_.out << show_text(*entry, now());
    if (entry->state == EntryState::damaged) co_return ExitCode::done;
    HeaderSink header;
    const QueueResult<void> read = co_await source_.content(*options_.id, kHeader, header);
    if (!read) co_return refuse(read.error());
    output_.out << "header:\n" << header_text(header.text());
    co_return ExitCode::done;
  }

  Task<ExitCode> content() {
    OutputSink sink(output_.out);
    const QueueResult<void> read = co_await source_.content(*options_.id, kWhole, sink);
    if (!read) co_return refuse(read.error());
    co_return ExitCode::done;
  }

  Task<ExitCode> act(QueueAction action) {
    const QueueResult<bool> changed = co_await source_.act(action, *options_.id);
    if (!changed) co_return refuse(changed.error());
    const std::string id = options_.id->to_string();
    if (options_.json) {
      output_.out
          << JsonObject().text("action", to_string(action)).text("id", id).truth("changed", *changed).str()
          << '\n';
    } else {
      output_.out << id << ' ' << outcome_of(action, *changed) << '\n';
    }
    co_return ExitCode::done;
  }

  Task<ExitCode> retry_many() {
    Progress progress(loop_, output_);
    RetryScope scope;
    scope.domain = options_.domain;
    std::uint64_t seen = 0;
    std::uint64_t changed = 0;
    for (;;) {
      const QueueResult<RetryProgress> page = co_await source_.retry(scope);
      if (!page) co_return refuse(page.error());
      seen += page->seen;
      changed += page->changed;
      if (page->end) break;
      scope.after = page->last;
      scope.until = page->until;
      progress.show(std::to_string(seen) + " messages looked at, " + std::to_string(changed) +
                    " are due now");
    }
    if (options_.json) {
      output_.out
          << JsonObject().text("action", "retry").number("seen", seen).number("changed", changed).str()
          << '\n';
    } else {
      output_.out << changed << " of " << seen << (seen == 1 ? " message" : " messages")
                  << " had to wait and are due now\n";
    }
    co_return ExitCode::done;
  }

 private:
  queue::Time now() const { return std::chrono::floor<queue::Duration>(loop_.clock().system_now()); }

  void print(const QueueEntry& entry, bool first) {
    if (options_.json) {
      output_.out << (first ? "[\n  " : ",\n  ") << list_json(entry);
    } else {
      output_.out << list_text(entry, now());
    }
  }

  ExitCode refuse(const QueueFailure& failure) {
    const std::string about =
        options_.id && is_about_a_message(failure.kind) ? options_.id->to_string() + " " : std::string();
    return fail(output_.errors, exit_code_of(failure.kind), about + failure.text);
  }

  static std::string_view outcome_of(QueueAction action, bool changed) {
    switch (action) {
      case QueueAction::retry: return changed ? "is due now" : "was due already";
      case QueueAction::hold: return changed ? "is held" : "was held already";
      case QueueAction::release: return changed ? "is released" : "was not held";
      case QueueAction::drop: break;
    }
    return "is dropped";
  }

  Loop& loop_;
  QueueSource& source_;
  const QueueOptions& options_;
  QueueOutput output_;
};

Task<ExitCode> chosen(Command& command, const QueueOptions& options) {
  switch (options.action) {
    case Action::list: return command.list();
    case Action::show: return options.content ? command.content() : command.show();
    case Action::retry: return options.id ? command.act(QueueAction::retry) : command.retry_many();
    case Action::hold: return command.act(QueueAction::hold);
    case Action::release: return command.act(QueueAction::release);
    case Action::drop: break;
  }
  return command.act(QueueAction::drop);
}

// An agent that does not run, and its store.
// An agent that starts, or ends, has the store and no socket for a while.
constexpr transport::Duration kStarting = std::chrono::seconds(10);
constexpr transport::Duration kPause = std::chrono::milliseconds(100);

struct Stopped {
  std::unique_ptr<queue::Spool> spool;
  std::unique_ptr<StoredQueue> queue;
};

std::expected<Stopped, StartFailure> open_stopped(const Config& config) {
  if (config.queue.store == QueueStore::memory) {
    return std::unexpected(StartFailure{
        "no agent is running with this state, and queue.store = \"memory\": its queue ended with it",
        ExitCode::unavailable});
  }
  Stopped out;
  std::error_code failure;
  const bool never_ran = config.queue.store == QueueStore::rocksdb &&
                         !std::filesystem::exists(spool_folder(config), failure) && !failure;
  if (never_ran) {
    // Looking at a queue makes none.
    out.spool = std::make_unique<queue::MemorySpool>();
  } else {
    auto opened = open_spool(config);
    if (!opened) return std::unexpected(std::move(opened).error());
    out.spool = *std::move(opened);
  }
  out.queue = std::make_unique<StoredQueue>(*out.spool);
  return out;
}

Task<void> run_on(Loop& loop, const Config& config, const QueueOptions& options, QueueOutput output,
                  ExitCode& code) {
  transport::SocketNetwork network(loop);
  const transport::SteadyTime until = transport::later(loop.now(), kStarting);
  while (true) {
    ControlClient client(loop, network, config.state / kControlSocket);
    const QueueResult<void> reached = co_await client.reach();
    if (reached) {
      code = co_await carry_out(loop, client, options, output);
      break;
    }
    if (reached.error().kind != Kind::nobody) {
      code = fail(output.errors, exit_code_of(reached.error().kind), reached.error().text);
      break;
    }
    auto stopped = open_stopped(config);
    if (stopped) {
      QueueOperations operations(loop, *stopped->queue);
      code = co_await carry_out(loop, operations, options, output);
      break;
    }
    if (stopped.error().exit_code != ExitCode::temporary || loop.now() >= until) {
      code = fail(output.errors, stopped.error().exit_code, stopped.error().text);
      break;
    }
    co_await transport::sleep_until(loop, transport::later(loop.now(), kPause));
  }
  loop.stop();
}

}  // namespace

Task<ExitCode> carry_out(Loop& loop, QueueSource& source, const QueueOptions& options, QueueOutput output) {
  Command command(loop, source, options, output);
  const ExitCode code = co_await chosen(command, options);
  output.out.flush();
  co_return code;
}

ExitCode run_queue(const QueueOptions& options) {
  const ConfigResult loaded = load_config(options.config);
  if (!loaded) return print_problems(loaded.error());
  // A list on a terminal shows by itself how far it is.
  const bool progress = options.action != Action::list || ::isatty(STDOUT_FILENO) == 0;
  const QueueOutput output(std::cout, std::cerr, progress);
  ExitCode code = ExitCode::internal;
  Loop loop;
  loop.spawn(run_on(loop, loaded->config, options, output, code));
  loop.run();
  return code;
}

}  // namespace postrider::agent
