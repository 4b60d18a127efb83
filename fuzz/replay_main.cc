// Runs every file of the folders (or files) named on the command line through a fuzz target once, so that the
// seeds are checked by builds that have no libFuzzer. A target reports a broken invariant by abort(), which
// fails the test; a folder without a file is a failure too, since nothing would have been tested.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size);

namespace {

bool replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    return false;
  }
  const std::string input{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  // An exact copy on the heap, so that AddressSanitizer sees a read past the end.
  const std::vector<std::uint8_t> octets(input.begin(), input.end());
  std::fprintf(stderr, "%s (%zu octets)\n", path.filename().c_str(), octets.size());
  LLVMFuzzerTestOneInput(octets.data(), octets.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t replayed = 0;
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path path = argv[i];
    if (!std::filesystem::is_directory(path)) {
      if (!replay(path)) return 1;
      ++replayed;
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (!entry.is_regular_file()) continue;
      if (!replay(entry.path())) return 1;
      ++replayed;
    }
  }
  std::printf("%zu seeds replayed\n", replayed);
  return replayed > 0 ? 0 : 1;
}
