#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postrider/agent/maildir/file_operations.h"

namespace postrider::agent {
namespace {

// `call` again for as long as a signal interrupts it.
template <class Call>
auto retried(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

template <class Result>
int error_of(Result result) noexcept {
  return result < 0 ? errno : 0;
}

class SystemFiles final : public FileOperations {
 public:
  std::expected<int, int> create(const Path& path) override {
    const int file = retried(
        [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600); });
    if (file < 0) return std::unexpected(errno);
    return file;
  }

  int write(int file, std::string_view octets) override {
    while (!octets.empty()) {
      const ssize_t written = retried([&] { return ::write(file, octets.data(), octets.size()); });
      if (written < 0) return errno;
      if (written == 0) return ENOSPC;
      octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
  }

  int copy(const Path& from, int file) override {
    const int source = retried([&] { return ::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW); });
    if (source < 0) return errno;
    constexpr std::size_t kPiece = std::size_t{64} << 10;
    const auto buffer = std::make_unique_for_overwrite<char[]>(kPiece);
    int error = 0;
    while (error == 0) {
      const ssize_t size = retried([&] { return ::read(source, buffer.get(), kPiece); });
      if (size < 0) error = errno;
      if (size <= 0) break;
      error = write(file, std::string_view(buffer.get(), static_cast<std::size_t>(size)));
    }
    ::close(source);
    return error;
  }

  void start_writing_back(int file) override { ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE); }

  int sync(int file) override {
    return error_of(retried([&] { return ::fsync(file); }));
  }

  // After EINTR the descriptor is closed on Linux: no second try.
  int close(int file) override { return ::close(file) < 0 && errno != EINTR ? errno : 0; }

  int link(const Path& from, const Path& to) override { return error_of(::link(from.c_str(), to.c_str())); }

  int rename(const Path& from, const Path& to) override {
    const int error = error_of(::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE));
    if (error != EINVAL && error != ENOSYS) return error;
    // A file system without RENAME_NOREPLACE: link() does not replace either.
    const int link_error = link(from, to);
    if (link_error == 0) return error_of(::unlink(from.c_str()));
    if (link_error != EPERM && link_error != EOPNOTSUPP) return link_error;
    return error_of(::rename(from.c_str(), to.c_str()));  // no links either; the name is unique by itself
  }

  int remove(const Path& path) override { return error_of(::unlink(path.c_str())); }

  int make_folder(const Path& path) override { return error_of(::mkdir(path.c_str(), 0700)); }

  int sync_folder(const Path& path) override {
    const int folder = retried([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (folder < 0) return errno;
    const int error = sync(folder);
    ::close(folder);
    return error;
  }

  std::vector<Entry> files(const Path& folder) override {
    std::vector<Entry> out;
    struct Closer {
      void operator()(DIR* open) const noexcept { ::closedir(open); }
    };
    const std::unique_ptr<DIR, Closer> open(::opendir(folder.c_str()));
    if (!open) return out;
    while (const dirent* entry = ::readdir(open.get())) {
      struct stat status{};
      if (::fstatat(::dirfd(open.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (!S_ISREG(status.st_mode)) continue;
      const auto since_epoch =
          std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
      out.push_back(Entry{
          entry->d_name,
          transport::SystemTime(std::chrono::duration_cast<transport::SystemTime::duration>(since_epoch))});
    }
    return out;
  }
};

}  // namespace

FileOperations& system_files() noexcept {
  static SystemFiles files;
  return files;
}

}  // namespace postrider::agent
