#include "sim/diagnosis/ranking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace quatrain::sim::diagnosis {

void Ranking::explains(const std::string& cause, std::size_t order, const std::string& scope,
                       const std::string& evidence) {
  Entry& entry = entries_[cause];
  if (entry.explained == 0) {
    entry.order = order;
    entry.evidence = evidence;
  }
  ++entry.explained;
  entry.scopes.insert(scope);
}

void Ranking::is_contradicted(const std::string& cause) { ++entries_.at(cause).contradicted; }

std::vector<std::pair<std::string, Ranking::Entry>> Ranking::sorted() const {
  std::vector<std::pair<std::string, Entry>> sorted(entries_.begin(), entries_.end());
  std::ranges::sort(sorted, {}, [](const auto& entry) {
    return std::tuple(-static_cast<std::int64_t>(entry.second.explained), entry.second.contradicted,
                      entry.second.order);
  });
  return sorted;
}

std::map<std::string, std::set<std::string>> Ranking::leaders() const {
  std::map<std::string, std::set<std::string>> leaders;
  const auto all = sorted();
  for (const auto& [cause, entry] : all)
    if (entry.explained == all.front().second.explained) leaders.emplace(cause, entry.scopes);
  return leaders;
}

std::optional<Diagnosis> Ranking::diagnosis() const {
  if (records_ == 0) return std::nullopt;
  const auto all = sorted();
  Diagnosis diagnosis{
      .cause = unknown_cause, .evidence = {}, .records = records_, .explained = 0, .also = {}};
  if (all.empty()) {
    diagnosis.evidence = fmt::format("no known mistake gives the bits of {} differing record{}", records_,
                                     records_ == 1 ? "" : "s");
    return diagnosis;
  }
  const auto& [cause, best] = all.front();
  diagnosis.cause = cause;
  diagnosis.explained = best.explained;
  diagnosis.evidence = best.evidence;
  if (records_ > 1)
    diagnosis.evidence += fmt::format("; it explains {} of {} differing records", best.explained, records_);
  if (best.contradicted > 0)
    diagnosis.evidence += fmt::format("; but {} equal record{} should differ too", best.contradicted,
                                      best.contradicted == 1 ? "" : "s");
  for (const auto& [other, entry] : all)
    if (other != cause && entry.explained == best.explained && entry.contradicted == best.contradicted)
      diagnosis.also.push_back(other);
  return diagnosis;
}

}  // namespace quatrain::sim::diagnosis
