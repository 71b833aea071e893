#include "core/exec/kv_pool.h"

#include <algorithm>

#include "core/tensor/shape.h"
#include "kt/format/cache_rows.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

KtTensor page_tensor(void* data, KtDevice device, int32_t dtype, int64_t pages, int64_t page_size, int64_t heads, int64_t dim) {
  KtTensor t{};
  t.struct_size = sizeof t;
  t.dtype = dtype;
  t.rank = 4;
  t.device = device;
  t.data = data;
  const int64_t shape[] = {pages, page_size, heads, dim};
  std::copy_n(shape, 4, t.shape);
  t.stride[3] = 1;
  t.stride[2] = format::cache_row_elements(dtype, dim);
  t.stride[1] = t.stride[2] * heads;
  t.stride[0] = t.stride[1] * page_size;
  return t;
}

bool same_group(const StateSpec& a, const StateSpec& b) {
  return a.heads == b.heads && a.key_dim == b.key_dim && a.value_dim == b.value_dim && a.window == b.window;
}

}  // namespace

Result<KvPool> KvPool::create(const std::vector<StateSpec>& states, const KvOptions& options,
                              const std::vector<std::shared_ptr<Device>>& devices) {
  if (options.page_size <= 0 || options.tokens <= 0 || options.max_sequences <= 0)
    return fail(103, "the KV cache needs a positive size");
  if (!options.dtypes.empty() && options.dtypes.size() != states.size())
    return fail(103, "the KV cache needs a type for every state");
  for (const int32_t dtype : options.dtypes)
    if (!format::is_cache_type(dtype)) return fail(103, "the KV cache cannot have the type " + dtype_name(dtype));
  KvPool pool;
  pool.options_ = options;
  for (const StateSpec& state : states) {
    size_t group = 0;
    while (group < pool.groups_.size() && !same_group(pool.groups_[group].shape, state)) ++group;
    if (group == pool.groups_.size()) pool.groups_.push_back({state, 0, {}});
    pool.group_of_.push_back(group);
  }
  for (Group& group : pool.groups_) {
    group.pages = static_cast<int32_t>((options.tokens + options.page_size - 1) / options.page_size);
    for (int32_t page = group.pages; page-- > 0;) group.free.push_back(page);
  }
  KT_TRY(pool.allocate_states(states, devices));
  pool.sequences_.resize(static_cast<size_t>(options.max_sequences));
  return pool;
}

Status KvPool::allocate_states(const std::vector<StateSpec>& states, const std::vector<std::shared_ptr<Device>>& devices) {
  for (size_t i = 0; i < states.size(); ++i) {
    const StateSpec& s = states[i];
    const std::shared_ptr<Device> device = i < devices.size() ? devices[i] : nullptr;
    const int64_t pages = groups_[group_of_[i]].pages;
    const int32_t dtype = options_.dtypes.empty() ? static_cast<int32_t>(KT_F32) : options_.dtypes[i];
    const auto add = [&](int64_t dim, std::vector<KtTensor>& tensors) -> Status {
      const int64_t shape[] = {pages, options_.page_size, s.heads, format::cache_row_elements(dtype, dim)};
      const auto needed = tensor_bytes(dtype, shape);
      if (!needed) return fail(103, "the KV cache would be larger than any memory");
      const uint64_t bytes = *needed;
      void* data = nullptr;
      if (device)
        data = device_memory_.emplace_back(KT_TRY(device->allocate(bytes))).handle();
      else
        data = memory_.emplace_back(KT_TRY(Buffer::allocate(bytes, true))).data();
      tensors.push_back(
          page_tensor(data, device ? device->id() : KtDevice{"cpu", 0, 0}, dtype, pages, options_.page_size, s.heads, dim));
      return {};
    };
    KT_TRY(add(s.key_dim, keys_));
    KT_TRY(add(s.value_dim, values_));
  }
  return {};
}

Result<int32_t> KvPool::open() {
  for (size_t i = 0; i < sequences_.size(); ++i) {
    if (sequences_[i].used) continue;
    Sequence& s = sequences_[i];
    s.used = true;
    s.length = 0;
    s.pages.resize(groups_.size());
    s.first_live.assign(groups_.size(), 0);
    for (size_t g = 0; g < groups_.size(); ++g) {
      s.pages[g].clear();
      s.pages[g].reserve(static_cast<size_t>(groups_[g].pages));  // so that growing never allocates
    }
    return static_cast<int32_t>(i);
  }
  return fail(503, "all " + std::to_string(sequences_.size()) + " sequences of the KV cache are in use");
}

void KvPool::release_from(Group& group, std::vector<int32_t>& pages, size_t first) {
  for (size_t i = pages.size(); i-- > first;)
    if (pages[i] >= 0) group.free.push_back(pages[i]);
  pages.resize(std::min(pages.size(), first));
}

void KvPool::close(int32_t sequence) {
  Sequence& s = sequences_[static_cast<size_t>(sequence)];
  for (size_t g = 0; g < groups_.size(); ++g) release_from(groups_[g], s.pages[g], 0);
  s.used = false;
}

Status KvPool::reserve(int32_t sequence, int32_t end) {
  Sequence& s = sequences_[static_cast<size_t>(sequence)];
  const size_t wanted = static_cast<size_t>((end + options_.page_size - 1) / options_.page_size);
  for (size_t g = 0; g < groups_.size(); ++g)
    if (wanted > s.pages[g].size() && wanted - s.pages[g].size() > groups_[g].free.size())
      return fail(503, "the KV cache is full (" + std::to_string(options_.tokens) + " tokens)",
                  "use a larger --kv-cache or a shorter prompt");
  for (size_t g = 0; g < groups_.size(); ++g)
    while (s.pages[g].size() < wanted) {
      s.pages[g].push_back(groups_[g].free.back());
      groups_[g].free.pop_back();
    }
  return {};
}

void KvPool::commit(int32_t sequence, int32_t end) {
  Sequence& s = sequences_[static_cast<size_t>(sequence)];
  s.length = end;
  for (size_t g = 0; g < groups_.size(); ++g) {
    const int64_t window = groups_[g].shape.window;
    if (window <= 0) continue;
    const int64_t first_needed =
        std::max<int64_t>(0, end - options_.rollback - window + 1);  // of the next position: `end`, or earlier
    while ((int64_t{s.first_live[g]} + 1) * options_.page_size <= first_needed) {
      int32_t& page = s.pages[g][static_cast<size_t>(s.first_live[g]++)];
      groups_[g].free.push_back(page);
      page = -1;
    }
  }
}

Status KvPool::truncate(int32_t sequence, int32_t length) {
  Sequence& s = sequences_[static_cast<size_t>(sequence)];
  if (length >= s.length) return {};
  for (size_t g = 0; g < groups_.size(); ++g) {
    const int64_t window = groups_[g].shape.window;
    const int64_t first_needed = std::max<int64_t>(0, length - window + 1);
    if (window > 0 && length > 0 && first_needed < int64_t{s.first_live[g]} * options_.page_size)
      return fail(13, "a sequence cannot go back to " + std::to_string(length) + " tokens: rows of its window are freed",
                  "start it again");
  }
  s.length = length;
  release_reserved(sequence);
  return {};
}

void KvPool::release_reserved(int32_t sequence) {
  Sequence& s = sequences_[static_cast<size_t>(sequence)];
  const size_t keep = static_cast<size_t>((s.length + options_.page_size - 1) / options_.page_size);
  for (size_t g = 0; g < groups_.size(); ++g) {
    release_from(groups_[g], s.pages[g], keep);
    s.first_live[g] = std::min(s.first_live[g], static_cast<int32_t>(s.pages[g].size()));
  }
}

int32_t KvPool::length(int32_t sequence) const { return sequences_[static_cast<size_t>(sequence)].length; }

uint64_t KvPool::bytes() const {
  uint64_t total = 0;
  for (const Buffer& buffer : memory_) total += buffer.size();
  for (const DeviceBuffer& buffer : device_memory_) total += buffer.size();
  return total;
}

int32_t KvPool::pages_of_a_sequence() const {
  int32_t most = 0;
  for (const Group& group : groups_) most = std::max(most, group.pages);
  return most;
}

int64_t KvPool::free_pages() const {
  int64_t least = groups_.empty() ? 0 : static_cast<int64_t>(groups_[0].free.size());
  for (const Group& group : groups_) least = std::min<int64_t>(least, static_cast<int64_t>(group.free.size()));
  return least;
}

const std::vector<int32_t>& KvPool::block_table(size_t group, int32_t sequence) const {
  return sequences_[static_cast<size_t>(sequence)].pages[group];
}

uint64_t KvPool::row_bytes(KtState state) const {
  const auto bytes = [](const KtTensor& t) { return static_cast<uint64_t>(*format::row_bytes(t.dtype, t.stride[1])); };
  return bytes(keys_[static_cast<size_t>(state)]) + bytes(values_[static_cast<size_t>(state)]);
}

const KtTensor* KvPool::values(KtState state) const {
  const KtTensor& tensor = values_[static_cast<size_t>(state)];
  return tensor.shape[3] > 0 ? &tensor : nullptr;
}

}  // namespace kt::core
