#include "postrider/agent/maildir/maildir_batch.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/agent/maildir/model_files.h"

namespace postrider::agent {
namespace {

using Path = FileOperations::Path;

// A fresh file system with the tools on it; `content` is what every message of a test says.
class Bench {
 public:
  Bench() { files.add_folder("/mail"); }

  MaildirDelivery message(const std::vector<std::string>& mailboxes,
                          Recipients recipients = Recipients::together) {
    MaildirDelivery delivery;
    for (const std::string& each : mailboxes)
      delivery.copies.push_back(MaildirDelivery::Copy{Path("/mail") / each});
    delivery.recipients = recipients;
    delivery.pending = kContent;
    return delivery;
  }

  void run(MaildirDelivery& delivery) {
    MaildirDelivery* one = &delivery;
    deliver(tools, std::span<MaildirDelivery* const>(&one, 1));
  }

  bool delivered(const std::string& mailbox) const {
    const auto files_in_new = files.certain_in(Path("/mail") / mailbox / "new");
    return files_in_new.size() == 1 && files_in_new.front()->on_disk == kContent;
  }

  bool visible(const std::string& mailbox) const {
    return !files.visible_in(Path("/mail") / mailbox / "new").empty();
  }

  std::size_t in_tmp() const {
    std::size_t count = 0;
    for (const auto& [name, file] : files.names()) {
      if (Path(name).parent_path().filename() == "tmp") ++count;
    }
    return count;
  }

  // What may be in a new/ after a crash at this instant must be a whole message, never a part.
  void check_nothing_partial_in_new() const {
    for (const auto& [name, file] : files.names()) {
      if (Path(name).parent_path().filename() != "new") continue;
      EXPECT_EQ(file->on_disk, kContent) << name;
    }
  }

  static constexpr const char* kContent = "Return-Path: <>\r\n\r\nHello\r\n";

  ModelFiles files;
  transport::ManualClock clock;
  MailboxFolders folders{files};
  UniqueNames names{"mx.example.org", clock};
  MaildirTools tools{files, folders, names};
};

TEST(MaildirBatch, DeliversInTheOrderThatACrashCannotSpoil) {
  Bench bench;
  bench.files.after_step = [&] { bench.check_nothing_partial_in_new(); };
  MaildirDelivery delivery = bench.message({"bob"});
  bench.run(delivery);
  EXPECT_EQ(delivery.outcome(0), 0);
  EXPECT_TRUE(bench.delivered("bob"));
  EXPECT_EQ(bench.in_tmp(), 0U);
  EXPECT_EQ(bench.files.open_files(), 0U);
  // The log names the folder above what an operation works on: the last sync is that of /mail/bob/new.
  const std::vector<std::string> expected{
      "create /mail/bob/tmp", "write", "sync", "close", "rename /mail/bob/new", "sync_folder /mail/bob"};
  const std::vector<std::string>& log = bench.files.log();
  EXPECT_EQ(std::vector<std::string>(std::ranges::find(log, expected.front()), log.end()), expected);
}

TEST(MaildirBatch, MakesTheWholeWayDurableBeforeItAcknowledges) {
  Bench bench;
  MaildirDelivery delivery = bench.message({"deep/down/example.org/bob"});
  bench.run(delivery);
  EXPECT_EQ(delivery.outcome(0), 0);
  EXPECT_TRUE(bench.delivered("deep/down/example.org/bob"));
  for (const char* part : {"cur", "new", "tmp"}) {
    EXPECT_TRUE(bench.files.folder_exists(Path("/mail/deep/down/example.org/bob") / part));
  }
}

TEST(MaildirBatch, SeveralMailboxesGetTheSameFile) {
  Bench bench;
  bench.files.after_step = [&] { bench.check_nothing_partial_in_new(); };
  MaildirDelivery delivery = bench.message({"a", "b", "c"});
  bench.run(delivery);
  for (const char* mailbox : {"a", "b", "c"}) EXPECT_TRUE(bench.delivered(mailbox)) << mailbox;
  EXPECT_EQ(bench.files.visible_in("/mail/a/new").front(), bench.files.visible_in("/mail/c/new").front());
  EXPECT_EQ(std::ranges::count(bench.files.log(), "sync"), 1);
  EXPECT_EQ(bench.in_tmp(), 0U);
}

TEST(MaildirBatch, EveryCopyIsReadyBeforeTheFirstRename) {
  Bench bench;
  bench.files.mount("/mail/far");
  bench.files.add_folder("/mail/far");
  MaildirDelivery delivery = bench.message({"a", "far/b", "c"});
  bench.run(delivery);
  const std::vector<std::string>& log = bench.files.log();
  const auto first_rename =
      std::ranges::find_if(log, [](const auto& line) { return line.starts_with("rename"); });
  ASSERT_NE(first_rename, log.end());
  EXPECT_EQ(std::ranges::count(log.begin(), first_rename, "sync"), 2) << "the file and its copy across";
  EXPECT_EQ(std::find(first_rename, log.end(), "sync"), log.end());
}

TEST(MaildirBatch, CopiesToAnotherFileSystem) {
  Bench bench;
  bench.files.mount("/mail/far");
  bench.files.add_folder("/mail/far");
  MaildirDelivery delivery = bench.message({"a", "far/b"});
  bench.run(delivery);
  EXPECT_TRUE(bench.delivered("a"));
  EXPECT_TRUE(bench.delivered("far/b"));
  EXPECT_NE(bench.files.visible_in("/mail/a/new").front(), bench.files.visible_in("/mail/far/b/new").front());
}

// Fails each single step of a delivery to three mailboxes, one of them on another file system.
void fail_everywhere(Recipients recipients, int error) {
  const std::vector<std::string> mailboxes{"a", "far/b", "c"};
  for (std::size_t call = 0;; ++call) {
    Bench bench;
    bench.files.mount("/mail/far");
    bench.files.add_folder("/mail/far");
    bench.files.after_step = [&] { bench.check_nothing_partial_in_new(); };
    bench.files.fail_at(call, error);
    MaildirDelivery delivery = bench.message(mailboxes, recipients);
    bench.run(delivery);
    const std::string what = "call " + std::to_string(call);
    std::size_t failed = 0;
    for (std::size_t i = 0; i < mailboxes.size(); ++i) {
      if (delivery.outcome(i) == 0) {
        EXPECT_TRUE(bench.delivered(mailboxes[i])) << what << ": " << mailboxes[i];
      } else {
        ++failed;
        EXPECT_EQ(delivery.outcome(i), error) << what;
        EXPECT_FALSE(bench.visible(mailboxes[i])) << what << ": " << mailboxes[i];
      }
    }
    if (recipients == Recipients::together) {
      EXPECT_TRUE(failed == 0 || failed == 3) << what;
    }
    EXPECT_EQ(bench.in_tmp(), 0U) << what;
    EXPECT_EQ(bench.files.open_files(), 0U) << what;
    if (call >= bench.files.calls()) {
      EXPECT_EQ(failed, 0U);
      return;
    }
  }
}

TEST(MaildirBatch, AnyFailureLeavesAllOrNothingWhereRecipientsStandTogether) {
  for (const int error : {ENOSPC, EDQUOT, EIO, EMFILE}) fail_everywhere(Recipients::together, error);
}

TEST(MaildirBatch, AnyFailureIsTheRecipientsOwnWhereTheyStandApart) {
  for (const int error : {ENOSPC, EIO}) fail_everywhere(Recipients::apart, error);
}

TEST(MaildirBatch, OneUnusableMailboxDoesNotStopTheOthers) {
  Bench bench;
  bench.files.fail_always("link", EIO);
  MaildirDelivery delivery = bench.message({"a", "b"}, Recipients::apart);
  bench.run(delivery);
  EXPECT_EQ(delivery.outcome(0), 0);
  EXPECT_EQ(delivery.outcome(1), EIO);
  EXPECT_TRUE(bench.delivered("a"));
}

TEST(MaildirBatch, TheFirstMailboxMayBeTheUnusableOne) {
  Bench bench;
  MaildirDelivery delivery = bench.message({"x", "b"}, Recipients::apart);
  delivery.copies.front().mailbox = "/gone/x";
  bench.files.fail_at(4, EROFS);  // making /gone
  bench.run(delivery);
  EXPECT_NE(delivery.outcome(0), 0);
  EXPECT_EQ(delivery.outcome(1), 0);
  EXPECT_TRUE(bench.delivered("b"));
}

TEST(MaildirBatch, ASecondTryAfterAFailureDelivers) {
  Bench bench;
  bench.files.fail_at(9, ENOSPC);
  MaildirDelivery first = bench.message({"a", "b"});
  bench.run(first);
  EXPECT_EQ(first.outcome(0), ENOSPC);
  MaildirDelivery second = bench.message({"a", "b"});
  bench.run(second);
  EXPECT_EQ(second.outcome(0), 0);
  EXPECT_TRUE(bench.delivered("a"));
  EXPECT_TRUE(bench.delivered("b"));
}

TEST(MaildirBatch, AMailboxThatWasRemovedIsMadeAgain) {
  Bench bench;
  MaildirDelivery first = bench.message({"a"});
  bench.run(first);
  bench.files.remove_tree("/mail/a");
  MaildirDelivery second = bench.message({"a"});
  bench.run(second);
  EXPECT_EQ(second.outcome(0), 0);
  EXPECT_TRUE(bench.visible("a"));
  bench.files.remove_tree("/mail/a");
  MaildirDelivery third = bench.message({"b", "a"});
  bench.run(third);
  EXPECT_EQ(third.outcome(0), 0);
  EXPECT_TRUE(bench.visible("a"));
  EXPECT_TRUE(bench.visible("b"));
}

TEST(MaildirBatch, ABatchSyncsEachFolderOnce) {
  Bench bench;
  bench.files.after_step = [&] { bench.check_nothing_partial_in_new(); };
  std::vector<MaildirDelivery> messages;
  for (int i = 0; i < 10; ++i) messages.push_back(bench.message({"a"}));
  std::vector<MaildirDelivery*> batch;
  for (MaildirDelivery& each : messages) batch.push_back(&each);
  deliver(bench.tools, batch);
  for (const MaildirDelivery& each : messages) EXPECT_EQ(each.outcome(0), 0);
  EXPECT_EQ(bench.files.certain_in("/mail/a/new").size(), 10U);
  const std::vector<std::string>& log = bench.files.log();
  const auto last_rename = std::ranges::find(log.rbegin(), log.rend(), "rename /mail/a/new");
  EXPECT_EQ(std::ranges::count(log.rbegin(), last_rename, "sync_folder /mail/a"), 1);
}

TEST(MaildirBatch, AFailingMessageDoesNotTouchItsNeighbours) {
  for (std::size_t call = 0; call < 40; ++call) {
    Bench bench;
    bench.files.after_step = [&] { bench.check_nothing_partial_in_new(); };
    bench.files.fail_at(call, EIO);
    std::vector<MaildirDelivery> messages{bench.message({"a"}), bench.message({"b"}),
                                          bench.message({"c", "d"})};
    std::vector<MaildirDelivery*> batch{&messages[0], &messages[1], &messages[2]};
    deliver(bench.tools, batch);
    const auto failed =
        std::ranges::count_if(messages, [](const auto& each) { return each.outcome(0) != 0; });
    EXPECT_LE(failed, 1) << call;
    EXPECT_EQ(bench.in_tmp(), 0U) << call;
    EXPECT_EQ(bench.files.open_files(), 0U) << call;
  }
}

TEST(MaildirBatch, AnAbandonedMessageLeavesNothing) {
  Bench bench;
  MaildirDelivery delivery = bench.message({"a"});
  write_pending(bench.tools, delivery);
  EXPECT_EQ(bench.in_tmp(), 1U);
  abandon(bench.tools, delivery);
  EXPECT_EQ(bench.in_tmp(), 0U);
  EXPECT_EQ(bench.files.open_files(), 0U);
  write_pending(bench.tools, delivery);
  EXPECT_EQ(bench.in_tmp(), 0U) << "a write that comes late starts nothing";
}

TEST(MaildirBatch, CleansTmpOfWhatIsOlderThan36Hours) {
  Bench bench;
  using std::chrono::hours;
  const transport::SystemTime now = bench.clock.system_now();
  bench.files.add_folder("/mail/a/tmp");
  bench.files.add_folder("/mail/a/new");
  bench.files.add_file("/mail/a/tmp/old", now - hours(37));
  bench.files.add_file("/mail/a/tmp/young", now - hours(35));
  bench.files.add_file("/mail/a/tmp/future", now + hours(1));
  bench.files.add_file("/mail/a/new/old", now - hours(370));
  const std::vector<Path> mailboxes{"/mail/a", "/mail/none"};
  EXPECT_EQ(clean_leftovers(bench.files, mailboxes, now), 1U);
  EXPECT_FALSE(bench.files.names().contains("/mail/a/tmp/old"));
  EXPECT_EQ(bench.files.names().size(), 3U);
}

TEST(UniqueNames, AreUniqueAndSafe) {
  transport::ManualClock clock(transport::SystemTime(std::chrono::microseconds(1'795'300'264'000'042)));
  UniqueNames names("a/b:c", clock);
  const std::string first = names.next();
  const std::string second = names.next();
  EXPECT_NE(first, second);
  EXPECT_TRUE(first.starts_with("1795300264.M42P")) << first;
  EXPECT_TRUE(first.ends_with(".a\\057b\\072c")) << first;
  EXPECT_EQ(first.find_first_of("/:"), std::string::npos);
  EXPECT_LE(UniqueNames(std::string(255, '/'), clock).next().size(), 255U);
}

}  // namespace
}  // namespace postrider::agent
