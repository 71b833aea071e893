// Paged key/value memory of all sequences. States with equal rows and window form a group with its own block tables.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/status.h"
#include "core/exec/buffer.h"
#include "core/exec/device.h"
#include "core/graph/graph.h"

namespace kt::core {

struct KvOptions {
  int32_t page_size = 32;  // tokens a page
  int64_t tokens = 4096;   // rows the pool holds for states without a window
  int32_t max_sequences = 64;
  std::vector<int32_t> dtypes;  // by state: types that a cache may have (kt/format/cache_rows.h); none: float32
  int32_t rollback = 0;    // a sequence can always be truncated by so many tokens
};

class KvPool {
 public:
  // `devices`, by state, says where a state lies; empty or null: on the host.
  static Result<KvPool> create(const std::vector<StateSpec>& states, const KvOptions& options,
                               const std::vector<std::shared_ptr<Device>>& devices = {});

  Result<int32_t> open();        // a new empty sequence
  void close(int32_t sequence);  // its pages become free
  // Makes room for positions [length, end). KT-E0503 if pages run out; then nothing has changed.
  Status reserve(int32_t sequence, int32_t end);
  // Records that rows up to `end` are written, and frees pages that lie wholly behind the group's window.
  void commit(int32_t sequence, int32_t end);
  // Forgets rows from `length` on. KT-E0013 if rows that a window needs before `length` are freed already; then nothing has
  // changed.
  Status truncate(int32_t sequence, int32_t length);
  void release_reserved(int32_t sequence);  // gives back what reserve() took and no commit() covered
  int32_t length(int32_t sequence) const;

  int32_t page_size() const { return options_.page_size; }
  int32_t pages_of_a_sequence() const;  // at most
  uint64_t bytes() const;               // on the host and on devices
  int64_t free_pages() const;           // of the fullest group

  // Group of a state, and the pages of a sequence in it (-1: freed behind the window).
  size_t group_of(KtState state) const { return group_of_[static_cast<size_t>(state)]; }
  size_t group_count() const { return groups_.size(); }
  const std::vector<int32_t>& block_table(size_t group, int32_t sequence) const;
  const KtTensor& keys(KtState state) const { return keys_[static_cast<size_t>(state)]; }
  uint64_t row_bytes(KtState state) const;  // of one position, keys and values
  const KtTensor* values(KtState state) const;  // nullptr for a latent state

 private:
  struct Group {
    StateSpec shape;
    int32_t pages = 0;
    std::vector<int32_t> free;
  };
  struct Sequence {
    bool used = false;
    int32_t length = 0;
    std::vector<std::vector<int32_t>> pages;  // [group][page]
    std::vector<int32_t> first_live;          // [group] pages before it are freed
  };

  Status allocate_states(const std::vector<StateSpec>& states, const std::vector<std::shared_ptr<Device>>& devices);
  void release_from(Group& group, std::vector<int32_t>& pages, size_t first);

  KvOptions options_;
  std::vector<Group> groups_;
  std::vector<size_t> group_of_;
  std::vector<Sequence> sequences_;
  std::vector<Buffer> memory_;
  std::vector<DeviceBuffer> device_memory_;
  std::vector<KtTensor> keys_, values_;
};

}  // namespace kt::core
