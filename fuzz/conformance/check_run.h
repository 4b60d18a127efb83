// One check on one Wire. Internal to the runner.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/conformance/check.h"
#include "postrider/fuzz/conformance/runner.h"
#include "postrider/fuzz/conformance/script.h"

namespace postrider::fuzz {

class CheckRun {
 public:
  // All of them outlive the run. `under_tls`: `hello` goes on with STARTTLS.
  CheckRun(transport::Loop& loop, transport::Network& network, const Check& check,
           const RunnerOptions& options, bool under_tls);

  transport::Task<CheckResult> run();

 private:
  using Task = transport::Task<void>;

  Task take(const Step& step);
  Task open(bool greeted);
  Task greet(std::string command);
  Task hello(bool with_login);
  Task start_tls(bool optional, bool with_command);
  Task login();
  Task command(std::string line, std::string codes);
  Task send(const Step& step);
  Task expect(const Step& step);
  Task silent();
  Task unended();
  Task closed();
  Task parting();
  Task body(std::size_t octets);
  void property(const Step& step);
  void offers(const Step& step);
  void below(const Step& step);

  transport::SteadyTime patience() const { return wire_.in(options_.patience); }
  std::string filled_in(std::string_view text) const;
  std::string variable(std::string_view name) const;
  void finish(Verdict verdict, std::string reason);
  // What went wrong on the way there is no fault that the check is about.
  void stuck(std::string reason) { finish(Verdict::stuck, std::move(reason)); }
  void fail(std::string reason) { finish(Verdict::failed, std::move(reason)); }
  std::string said() const;

  const Check& check_;
  const RunnerOptions& options_;
  bool under_tls_;
  Wire wire_;
  std::string pending_;  // sent with the next line
  std::string sent_;     // the last line, for messages
  WireReply reply_;      // the last
  WireReply hello_;      // the last to EHLO
  bool over_ = false;
  CheckResult result_;
};

}  // namespace postrider::fuzz
