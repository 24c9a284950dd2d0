#include "emu/nn/step_hashes.hpp"

#include "emu/nn/table_rows.hpp"
#include "traces/base/files.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/checksum.hpp"
#include "traces/run_names.hpp"

#include <algorithm>
#include <charconv>

namespace quatrain::emu {
namespace {

namespace names = traces::run_names;

constexpr std::string_view first_column = "step";
constexpr std::size_t piece_bytes = 65536;

/// The first line, taken apart; of an empty file nothing.
std::vector<std::string> columns_of(const std::filesystem::path& file, const std::string& header) {
  RowReader reader(header, file, 1);
  if (reader.word() != first_column)
    throw base::Error("{}: line 1: expected the header '{},...'", file.string(), first_column);
  std::vector<std::string> columns;
  for (std::string_view word = reader.word(); !word.empty(); word = reader.word()) columns.emplace_back(word);
  reader.expect_end();
  return columns;
}

std::uint32_t hash_in(std::string_view word, const std::filesystem::path& file, std::size_t line) {
  std::uint32_t hash = 0;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), hash, 16);
  if (word.size() != 8 || failure != std::errc() || end != word.data() + word.size())
    throw base::Error("{}: line {}: '{}'; expected a hash of 8 hexadecimal digits", file.string(), line,
                      base::printable(word));
  return hash;
}

}  // namespace

std::vector<std::string> hashed_tensors(std::span<const LayerState> layers) {
  std::vector<std::string> tensors;
  for (const LayerState& layer : layers) {
    for (const Parameter* parameter : layer.parameters) tensors.push_back(parameter->name);
    for (const State* state : layer.states) tensors.push_back(state->name);
  }
  return tensors;
}

std::vector<std::uint32_t> hash_tensors(std::span<const LayerState> layers, base::ThreadPool& pool) {
  std::vector<std::span<const std::uint8_t>> pieces;
  std::vector<std::size_t> ends;  // of each tensor's pieces
  const auto cut = [&](const std::vector<float>& values) {
    auto bytes = traces::bytes_of(std::span<const float>(values));
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece_bytes, bytes.size())))
      pieces.push_back(bytes.first(std::min(piece_bytes, bytes.size())));
  };
  for (const LayerState& layer : layers) {
    for (const Parameter* parameter : layer.parameters) {
      cut(parameter->value);
      cut(parameter->momentum);
      ends.push_back(pieces.size());
    }
    for (const State* state : layer.states) {
      cut(state->value);
      ends.push_back(pieces.size());
    }
  }
  std::vector<std::uint32_t> words(pieces.size());
  pool.parallel_for(words.size(), [&](std::size_t i) { words[i] = traces::crc32c(pieces[i]); });
  std::vector<std::uint32_t> hashes;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    hashes.push_back(
        traces::crc32c(traces::bytes_of(std::span<const std::uint32_t>(words).subspan(begin, end - begin))));
    begin = end;
  }
  return hashes;
}

HashTable read_hashes(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / names::hashes;
  HashTable table;
  if (!std::filesystem::exists(file)) return table;
  const std::string text = base::read_whole_file(file);
  const std::string header = text.substr(0, text.find('\n'));
  table.tensors = columns_of(file, header);
  for (const std::string& row : read_rows(file, header)) {
    const std::size_t line = table.rows.size() + 2;
    RowReader reader(row, file, line);
    HashRow read{.step = reader.number<std::int64_t>(), .hashes = {}};
    if (!table.rows.empty() && read.step <= table.rows.back().step)
      throw base::Error("{}: line {}: step {} stands behind step {}; expected steps in order", file.string(),
                        line, read.step, table.rows.back().step);
    for (std::size_t i = 0; i < table.tensors.size(); ++i)
      read.hashes.push_back(hash_in(reader.word(), file, line));
    reader.expect_end();
    table.rows.push_back(std::move(read));
  }
  return table;
}

void write_hashes(const std::filesystem::path& directory, const HashTable& table) {
  std::string text = fmt::format("{},{}\n", first_column, base::joined(table.tensors, ","));
  for (const HashRow& row : table.rows) {
    fmt::format_to(std::back_inserter(text), "{}", row.step);
    for (const std::uint32_t hash : row.hashes) fmt::format_to(std::back_inserter(text), ",{:08x}", hash);
    text += '\n';
  }
  base::write_whole_file(directory / names::hashes, text);
}

}  // namespace quatrain::emu
