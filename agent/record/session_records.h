// `--record`: sessions kept as transcripts (docs/transcripts.md), secrets taken out.
//
// A path that ends in '/' or names a folder, and always that of `serve` and `load`: a file for each session
// in it, "20261128-193700.123456-127.0.0.1-4711.transcript", named for when it began and for the other end.
// Else one file, in which the connections of a client stand one after the other.
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "postrider/fuzz/wire/recorder.h"
#include "postrider/transport/clock.h"
#include "postrider/transport/endpoint.h"

namespace postrider::agent {

class SessionRecords {
 public:
  enum class Files : bool { one, each };

  // Makes the folder, or the file anew; an error is a sentence. `clock` outlives it.
  static std::expected<SessionRecords, std::string> open(const std::filesystem::path& path, Files files,
                                                         const transport::Clock& clock);

  // For a session that begins. nullptr when there is no room for its file: stderr says so, and it goes on
  // unrecorded. From any thread, when each session has a file.
  std::shared_ptr<transport::StreamTap> tap(fuzz::WireRole role, const transport::Endpoint& with) const;

 private:
  struct File;

  SessionRecords(std::filesystem::path folder, std::shared_ptr<File> file, const transport::Clock& clock)
      : folder_(std::move(folder)), file_(std::move(file)), clock_(&clock) {}

  std::filesystem::path folder_;
  std::shared_ptr<File> file_;  // of all sessions; nullptr: each has one in the folder
  const transport::Clock* clock_;
};

// `inner` with its connections recorded; nullptr without `records`. All of them outlive it.
std::unique_ptr<transport::TappedNetwork> recording(transport::Loop& loop, transport::Network& inner,
                                                    const SessionRecords* records);

}  // namespace postrider::agent
