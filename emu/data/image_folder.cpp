/// A folder of images per class, in each half. Images are decoded when a batch needs them: a set may be
/// larger than memory.
#include "emu/data/kinds.hpp"
#include "traces/base/files.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/checksum.hpp"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

namespace quatrain::emu {
namespace {

using base::Error;
namespace fs = std::filesystem;

enum class Coding : std::uint8_t { png, jpeg };

std::optional<Coding> coding_of(const fs::path& file) {
  std::string ending = file.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (ending == ".png") return Coding::png;
  if (ending == ".jpg" || ending == ".jpeg") return Coding::jpeg;
  return std::nullopt;
}

/// Names in a folder, in byte order; those with a dot in front do not count.
std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory))
    if (std::string name = entry.path().filename().string(); name.front() != '.')
      names.push_back(std::move(name));
  std::ranges::sort(names);
  return names;
}

struct Entry {
  std::string name;  ///< CLASS/FILE
  Coding coding = Coding::png;
  std::uint32_t label = 0;
};

class FolderImages final : public Images {
 public:
  FolderImages(fs::path directory, std::vector<Entry> entries, const DataConfig& config)
      : directory_(std::move(directory)),
        entries_(std::move(entries)),
        size_(config.size),
        resize_(config.resize) {}

  std::int64_t count() const override { return static_cast<std::int64_t>(entries_.size()); }
  std::uint32_t label(std::size_t sample) const override { return entries_[sample].label; }

  ImageView image(std::size_t sample, Image& memory) const override {
    const fs::path file = directory_ / entries_[sample].name;
    memory = with_channels(decoded(file, entries_[sample].coding), size_.channels);
    if (resize_) {
      const ImageSize size = size_with_shorter_side(memory.size, *resize_);
      if (size != memory.size) memory = resized(memory, size.height, size.width);
    }
    if (memory.size.height < size_.height || memory.size.width < size_.width)
      throw Error("{}: image of {}x{}; expected at least {}x{}, or /data/resize in the config", file.string(),
                  memory.size.height, memory.size.width, size_.height, size_.width);
    return {memory.size, memory.bytes};
  }

 private:
  static Image decoded(const fs::path& file, Coding coding) {
    const std::string bytes = base::read_whole_file(file);
    switch (coding) {
      case Coding::png:
        return decode_png(bytes, file);
      case Coding::jpeg:
        break;
    }
    return decode_jpeg(bytes, file);
  }

  fs::path directory_;
  std::vector<Entry> entries_;
  ImageSize size_;
  std::optional<std::int64_t> resize_;
};

std::vector<std::string> classes_of(const fs::path& half, const DataConfig& config) {
  if (!fs::is_directory(half)) throw missing(half, "no such folder", config);
  std::vector<std::string> classes = names_in(half);
  for (const std::string& name : classes)
    if (!fs::is_directory(half / name)) throw missing(half / name, "is no folder of a class", config);
  if (static_cast<std::int64_t>(classes.size()) != config.classes)
    throw Error("{}: {} classes; expected {}, the config's /data/classes", half.string(), classes.size(),
                config.classes);
  return classes;
}

/// The first image of every class, then the second of every class, and so on: the first so many are of all
/// classes.
std::vector<Entry> entries_of(const fs::path& half, const std::vector<std::string>& classes) {
  std::vector<std::pair<std::size_t, Entry>> placed;
  for (std::uint32_t label = 0; label < classes.size(); ++label) {
    std::size_t place = 0;
    for (const std::string& name : names_in(half / classes[label])) {
      const auto coding = coding_of(name);
      if (!coding)
        throw Error("{}: expected an image, .png, .jpg or .jpeg", (half / classes[label] / name).string());
      placed.emplace_back(place++, Entry{classes[label] + "/" + name, *coding, label});
    }
    if (place == 0) throw Error("{}: no image is here", (half / classes[label]).string());
  }
  std::ranges::stable_sort(placed, {}, [](const auto& one) { return one.first; });
  std::vector<Entry> entries;
  for (auto& [place, entry] : placed) entries.push_back(std::move(entry));
  return entries;
}

/// What `LC_ALL=C sha256sum */*` prints there, as one sum.
std::string sum_of(const fs::path& half, const std::vector<Entry>& entries, base::ThreadPool& pool,
                   base::Progress& progress) {
  std::vector<std::string> lines(entries.size());
  constexpr std::size_t at_once = 4096;
  progress.begin(fmt::format("{}: SHA-256", half.string()), entries.size());
  for (std::size_t begin = 0; begin < entries.size(); begin += at_once) {
    const std::size_t count = std::min(at_once, entries.size() - begin);
    pool.parallel_for(count, [&](std::size_t i) {
      const std::string& name = entries[begin + i].name;
      lines[begin + i] = traces::sha256_of_file(half / name) + "  " + name + "\n";
    });
    progress.update(begin + count);
  }
  progress.finish();
  std::ranges::sort(lines, {}, [](const std::string& line) { return line.substr(64); });
  return traces::sha256_hex(base::joined(lines, ""));
}

}  // namespace

DataSet read_image_folder(const fs::path& directory, const DataConfig& config, base::ThreadPool& pool,
                          base::Progress& progress) {
  const std::vector<std::string> classes = classes_of(directory / "train", config);
  if (const auto others = classes_of(directory / "test", config); others != classes)
    throw Error("{}: its classes are {}; expected {}, as {} has", (directory / "test").string(),
                base::joined(others), base::joined(classes), (directory / "train").string());
  DataSet data;
  const auto read_half = [&](const char* name, const std::optional<std::int64_t>& limit,
                             std::string_view key) {
    const fs::path half = directory / name;
    std::vector<Entry> entries = entries_of(half, classes);
    entries.resize(kept_images(static_cast<std::int64_t>(entries.size()), limit, key, half));
    data.sums.push_back({name, sum_of(half, entries, pool, progress)});
    return std::make_unique<FolderImages>(half, std::move(entries), config);
  };
  data.train = read_half("train", config.train_images, "train_images");
  data.test = read_half("test", config.test_images, "test_images");
  return data;
}

}  // namespace quatrain::emu
