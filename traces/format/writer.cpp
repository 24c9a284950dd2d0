#include "traces/format/writer.hpp"

#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/codes_check.hpp"
#include "traces/format/directory.hpp"
#include "traces/format/manifest.hpp"
#include "traces/format/records_check.hpp"
#include "traces/format/safetensors.hpp"

#include <algorithm>
#include <cassert>
#include <set>
#include <vector>

namespace quatrain::traces {
namespace {

namespace fs = std::filesystem;

std::string_view characters(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The final name of a folder: "out/trace/" is out/trace.
fs::path without_slash(const fs::path& directory) {
  return directory.has_filename() ? directory : directory.parent_path();
}

fs::path partial_of(const fs::path& directory) { return directory.string() + ".partial"; }

/// The tensors that the records name.
std::set<std::string> named_tensors(const Manifest& manifest) {
  std::set<std::string> named;
  for (const QuantizerRecord& record : manifest.quantizers) {
    named.insert(record.codes);
    if (record.source) named.insert(*record.source);
  }
  for (const GemmRecord& record : manifest.gemms)
    for (const auto& id : {record.accumulators, record.output})
      if (id) named.insert(*id);
  return named;
}

}  // namespace

struct TraceWriter::State {
  struct HeldTensor {
    StoredTensor stored;
    std::vector<std::uint8_t> bytes;
  };

  fs::path directory, partial;
  Manifest manifest;
  std::map<std::string, std::string> sums;
  std::string file_name;  // "" between files
  std::vector<HeldTensor> held;
  std::size_t quantizers_before = 0, gemms_before = 0;  // the file begun last
  bool is_finished = false;

  ~State() {
    std::error_code ignored;
    if (!is_finished) fs::remove_all(partial, ignored);
  }

  void add(const std::string& id, Encoding encoding, const Shape& shape, std::span<const std::uint8_t> bytes);
  void keep(const KeepsRecord& keeps);
  void write_data_file();
  void write_file(const std::string& name, std::span<const std::string_view> pieces);
  void publish();
};

void TraceWriter::State::add(const std::string& id, Encoding encoding, const Shape& shape,
                             std::span<const std::uint8_t> bytes) {
  assert(!file_name.empty() && "a tensor goes to the file begun last");
  assert(bytes.size() == stored_bytes(encoding, shape) && "values and shape agree");
  if (!manifest.tensors.emplace(id, TensorRecord{file_name, encoding, shape, crc32c(bytes)}).second)
    throw base::Error("{}: tensor '{}': the trace has one of this id", partial.string(), base::printable(id));
  held.push_back({{.id = id, .type = stored_type(encoding), .shape = stored_shape(encoding, shape)},
                  {bytes.begin(), bytes.end()}});
}

/// Files that no tensor is in any more are removed; those that stay are summed.
void TraceWriter::State::keep(const KeepsRecord& keeps) {
  const auto is_dropped = [&](const auto& record) { return !keeps(record.step, record.pass); };
  std::erase_if(manifest.quantizers, is_dropped);
  std::erase_if(manifest.gemms, is_dropped);
  const std::set<std::string> named = named_tensors(manifest);
  std::erase_if(manifest.tensors, [&](const auto& tensor) { return !named.contains(tensor.first); });
  manifest.layers.clear();
  for (const auto& [id, tensor] : manifest.tensors)
    if (!sums.contains(tensor.file)) sums[tensor.file] = sha256_of_file(partial / tensor.file);
  std::vector<fs::path> left_over;
  for (const auto& entry : fs::directory_iterator(partial))
    if (const std::string name = entry.path().filename().string();
        name != manifest_name && !sums.contains(name))
      left_over.push_back(entry.path());
  for (const fs::path& file : left_over) fs::remove(file);
}

void TraceWriter::State::write_data_file() {
  std::stable_partition(held.begin(), held.end(),
                        [](const HeldTensor& tensor) { return tensor.stored.type != StoredType::u8; });
  std::vector<StoredTensor> tensors;
  std::uint64_t end = 0;
  for (HeldTensor& tensor : held) {
    tensor.stored.begin = end;
    tensor.stored.end = end += tensor.bytes.size();
    tensors.push_back(tensor.stored);
  }
  const std::string header = make_safetensors_header(tensors);
  std::vector<std::string_view> pieces = {header};
  for (const HeldTensor& tensor : held) pieces.push_back(characters(tensor.bytes));
  write_file(file_name, pieces);
}

void TraceWriter::State::write_file(const std::string& name, std::span<const std::string_view> pieces) {
  base::OutputFile output(partial / name, base::OutputFile::Mode::create);
  Sha256 sha;
  for (const std::string_view piece : pieces) {
    output.write(piece);
    sha.add(bytes_of(std::span(piece)));
  }
  output.flush_to_disk();
  output.close();
  sums[name] = sha.hex();
}

/// From here on NAME exists, or an Error is thrown and it does not.
void TraceWriter::State::publish() {
  base::flush_directory(partial);  // a file system that cannot do it has told the user where the run began
  base::rename_new(partial, directory);
  try {
    base::flush_directory(directory.parent_path());
  } catch (const base::Error&) {
    base::rename_new(directory, partial);
    throw;
  }
  is_finished = true;
}

std::unique_ptr<TraceWriter::State> TraceWriter::begin(fs::path directory, LeftOver left_over) {
  const fs::path partial = partial_of(directory);
  std::error_code cause;
  if (fs::exists(fs::symlink_status(directory, cause)))
    throw base::Error("{}: exists; a trace is not written over it", directory.string());
  if (fs::exists(fs::symlink_status(partial, cause))) {
    if (left_over == LeftOver::refuse)
      throw base::Error("{}: left unfinished by a run that was stopped; remove it to write this trace again",
                        partial.string());
    fs::remove_all(partial, cause);
  }
  if (!fs::create_directory(partial, cause))
    throw base::Error("{}: cannot be created: {}", partial.string(), cause ? cause.message() : "it exists");
  auto state = std::make_unique<State>();
  state->directory = std::move(directory);
  state->partial = partial;
  return state;
}

TraceWriter::TraceWriter(fs::path directory, Producer producer, RunRecord run, LeftOver left_over)
    : state_(begin(without_slash(directory), left_over)) {
  state_->manifest.producer = std::move(producer);
  state_->manifest.run = std::move(run);
}

TraceWriter::TraceWriter(fs::path directory, Producer producer, RunRecord run, const KeepsRecord& keeps) {
  directory = without_slash(directory);
  const fs::path partial = partial_of(directory);
  const fs::path left = fs::exists(directory) ? directory : partial;
  if (fs::exists(left / manifest_name)) {
    Manifest manifest = read_manifest(base::JsonNode::read(left / manifest_name, manifest_limits));
    manifest.run.note = run.note;
    if (manifest.run != run)
      throw base::Error("{}: is the trace of another run; expected one of this config and these data",
                        left.string());
    if (left == directory) base::rename_new(directory, partial);
    state_ = std::make_unique<State>();
    state_->directory = std::move(directory);
    state_->partial = partial;
    state_->manifest = std::move(manifest);
    state_->keep(keeps);
  } else {
    state_ = begin(std::move(directory), LeftOver::replace);
    state_->manifest.run = std::move(run);
  }
  state_->manifest.producer = std::move(producer);
}

TraceWriter::~TraceWriter() = default;

void TraceWriter::add_layer(const LayerRecord& layer) { state_->manifest.layers.push_back(layer); }

void TraceWriter::begin_file(const std::string& name) {
  assert(state_->file_name.empty() && "one file at a time");
  assert(is_data_file_name(name));
  state_->file_name = name;
  state_->quantizers_before = state_->manifest.quantizers.size();
  state_->gemms_before = state_->manifest.gemms.size();
}

void TraceWriter::add_fp32(const std::string& id, const Shape& shape, std::span<const float> values) {
  state_->add(id, Encoding::fp32, shape, bytes_of(values));
}

void TraceWriter::add_int32(const std::string& id, const Shape& shape, std::span<const std::int32_t> values) {
  state_->add(id, Encoding::int32, shape, bytes_of(values));
}

void TraceWriter::add_accumulators(const std::string& id, const Shape& shape, const Accumulator& accumulator,
                                   std::span<const std::int32_t> values) {
  state_->add(id, accumulator.is_float() ? Encoding::fp32 : Encoding::int32, shape, bytes_of(values));
}

void TraceWriter::add_codes(const std::string& id, Encoding encoding, const Shape& shape,
                            std::span<const std::uint8_t> codes) {
  assert(is_four_bit(encoding));
  state_->add(id, encoding, shape, codes);
  assert(!find_used_padding(element_count(shape), codes) && !find_illegal_code(encoding, codes));
}

void TraceWriter::end_file() {
  assert(!state_->file_name.empty() && "a file was begun");
  if (!state_->held.empty()) state_->write_data_file();  // a file without tensors is none
  state_->held.clear();
  state_->file_name.clear();
}

void TraceWriter::save() {
  assert(state_->file_name.empty() && "between files");
  base::write_whole_file(state_->partial / manifest_name, write_manifest(state_->manifest));
}

bool TraceWriter::has_records() const {
  return !state_->manifest.quantizers.empty() || !state_->manifest.gemms.empty();
}

void TraceWriter::drop_file() {
  if (state_->file_name.empty()) return;
  for (const State::HeldTensor& tensor : state_->held) state_->manifest.tensors.erase(tensor.stored.id);
  state_->manifest.quantizers.resize(state_->quantizers_before);
  state_->manifest.gemms.resize(state_->gemms_before);
  std::error_code ignored;
  fs::remove(state_->partial / state_->file_name, ignored);  // a failing write may have left some of it
  state_->held.clear();
  state_->file_name.clear();
}

void TraceWriter::set_note(const std::string& note) { state_->manifest.run.note = note; }

void TraceWriter::add_quantizer(const QuantizerRecord& record) {
  state_->manifest.quantizers.push_back(record);
}
void TraceWriter::add_gemm(const GemmRecord& record) { state_->manifest.gemms.push_back(record); }

void TraceWriter::finish() {
  assert(state_->file_name.empty() && "every file has been ended");
  const std::string manifest = write_manifest(state_->manifest);
  const std::string name = (state_->partial / manifest_name).string();
  check_records(read_manifest(base::JsonNode::parse(manifest, name, manifest_limits)),
                name);     // as any reader will
  if (fs::exists(name)) {  // in place of what was saved
    base::write_whole_file(name, manifest);
    state_->sums[manifest_name] = sha256_hex(manifest);
  } else {
    state_->write_file(manifest_name, std::array<std::string_view, 1>{manifest});
  }
  const std::string sums = make_sums(state_->sums);
  state_->write_file(sums_name, std::array<std::string_view, 1>{sums});
  state_->publish();
}

}  // namespace quatrain::traces
