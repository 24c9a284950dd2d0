#pragma once
/// Twins of cp.async. The copy is done no earlier than in the wait that closes its group, so a missing wait
/// shows: until then the old content stands in shared memory. Other threads see the copy after a barrier that
/// follows.

#include "simt/runtime.hpp"

namespace simt {

/// `valid` bytes are copied, the rest of `bytes` (4, 8 or 16) is filled with zeros. Both places are aligned
/// to `bytes`.
template <int bytes>
void cp_async(void* to, const void* from, int valid = bytes, const Place& place = Place::current()) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
  start_copy(to, from, bytes, static_cast<std::size_t>(valid), place);
}
inline void cp_async_commit() { commit_copies(); }
/// All committed groups of this thread but the last `groups` are done.
template <int groups>
void cp_async_wait() {
  static_assert(groups >= 0);
  wait_for_copies(groups);
}

}  // namespace simt
