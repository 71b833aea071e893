#include "plugins/cpu/ops/paged_attention.h"

#include "plugins/cpu/kernels/rows.h"
#include "plugins/cpu/ops/rows_operator.h"

namespace kt::cpu {
namespace {

constexpr int64_t kInlineWork = 64 * 1024;  // multiplications that are not worth waking another thread

int32_t slot_count(int32_t threads) { return std::min(UnitLister::kMaxUnits, UnitLister::kMaxCutTiles + 16 * threads); }

}  // namespace

// One run: what its threads read, and where its scratch lies.
struct PagedAttention::Run {
  Call& call;
  const KtBatch& batch;
  PagedRows keys, values;
  HeadRows<const float> q;
  HeadRows<float> out;
  int64_t row_begin;
  AttentionUnit* units = nullptr;
  AttentionMerge* merges = nullptr;
  unsigned char* threads = nullptr;
  unsigned char* slots = nullptr;
  unsigned char* kept = nullptr;  // states of the segment that the last list left unfinished
};

// What one thread needs for one unit.
struct PagedAttention::Room {
  float *queries, *scores;
  float* expanded;  // rows of a split in block types, as floats: keys, then values
  SplitResult state, next;
  const void **keys, **values;
};

uint64_t PagedAttention::slot_bytes() const {
  return 2 * aligned_bytes<float>(kSplitQueries) + aligned_bytes<float>(kSplitQueries * padded_dim(shape_.value_dim));
}

uint64_t PagedAttention::expanded_bytes() const {
  const auto row = [](int64_t dim) { return format::cache_row_elements(KT_Q8_0, dim); };
  return aligned_bytes<float>(kSplitPositions * (row(shape_.key_dim) + (shape_.latent ? 0 : row(shape_.value_dim))));
}

uint64_t PagedAttention::thread_bytes() const {
  return expanded_bytes() + aligned_bytes<float>(kSplitQueries * padded_dim(shape_.key_dim)) +
         aligned_bytes<float>(kSplitQueries * kSplitPositions) + 2 * aligned_bytes<void*>(kSplitPositions) + 2 * slot_bytes();
}

uint64_t PagedAttention::scratch_size(int32_t threads) const {
  return aligned_bytes<AttentionUnit>(UnitLister::kMaxUnits) + aligned_bytes<AttentionMerge>(UnitLister::kMaxUnits) +
         static_cast<uint64_t>(threads) * thread_bytes() +
         static_cast<uint64_t>(slot_count(threads) + UnitLister::kMaxCutTiles) * slot_bytes();
}

namespace {

SplitResult result_at(unsigned char* at, int64_t value_dim) {
  const uint64_t numbers = aligned_bytes<float>(kSplitQueries);
  return {reinterpret_cast<float*>(at), reinterpret_cast<float*>(at + numbers), reinterpret_cast<float*>(at + 2 * numbers),
          padded_dim(value_dim)};
}

}  // namespace

SplitResult PagedAttention::slot(Run& run, int32_t index) const {
  return result_at(run.slots + static_cast<uint64_t>(index) * slot_bytes(), shape_.value_dim);
}

PagedAttention::Room PagedAttention::thread_room(Run& run, int32_t thread) const {
  unsigned char* at = run.threads + static_cast<uint64_t>(thread) * thread_bytes();
  const auto take = [&at](uint64_t bytes) { return std::exchange(at, at + bytes); };
  Room room;
  room.queries = reinterpret_cast<float*>(take(aligned_bytes<float>(kSplitQueries * padded_dim(shape_.key_dim))));
  room.scores = reinterpret_cast<float*>(take(aligned_bytes<float>(kSplitQueries * kSplitPositions)));
  room.expanded = reinterpret_cast<float*>(take(expanded_bytes()));
  room.keys = reinterpret_cast<const void**>(take(aligned_bytes<void*>(kSplitPositions)));
  room.values = reinterpret_cast<const void**>(take(aligned_bytes<void*>(kSplitPositions)));
  room.state = result_at(take(slot_bytes()), shape_.value_dim);
  room.next = result_at(take(slot_bytes()), shape_.value_dim);
  return room;
}

// Addresses of the rows of positions [first, last), which lie in one split, to where their places in it are.
void PagedAttention::find_rows(Run& run, const AttentionUnit& unit, int64_t first, int64_t last, Room& room) const {
  float* to = room.expanded;
  const auto find = [&](const PagedRows& rows, const void** out) {
    out += first % kSplitPositions;
    rows.find(unit.segment, first, last, unit.head, out);
    if (!rows.in_blocks()) return;
    for (int64_t i = 0; i < last - first; ++i, to += rows.padded_dim()) {
      rows.expand(out[i], to);
      out[i] = to;
    }
  };
  find(run.keys, room.keys);
  if (!shape_.latent) find(run.values, room.values);
}

void PagedAttention::attend(Run& run, const AttentionUnit& unit, int64_t split, Room& room, const SplitResult& out) const {
  const int64_t base = split * kSplitPositions, group = shape_.group(), first = run.batch.first_position[unit.segment];
  SplitQueries queries;
  queries.count = unit.query_count;
  queries.rows = room.queries;
  queries.padded = padded_dim(shape_.key_dim);
  int64_t begin = kSplitPositions, end = 0;
  for (int64_t i = 0; i < unit.query_count; ++i) {
    const int64_t position = first + (unit.first_query + i) / group;
    queries.begin[i] = static_cast<int32_t>(std::clamp<int64_t>(shape_.first_seen(position) - base, 0, kSplitPositions));
    queries.end[i] = static_cast<int32_t>(std::clamp<int64_t>(position + 1 - base, 0, kSplitPositions));
    begin = std::min<int64_t>(begin, queries.begin[i]);
    end = std::max<int64_t>(end, queries.end[i]);
  }
  if (begin < end) find_rows(run, unit, base + begin, base + end, room);
  const SplitRows rows{run.keys.type(), shape_.key_dim, shape_.value_dim, room.keys, shape_.latent ? room.keys : room.values};
  attend_split(queries, rows, room.scores, out);
}

void PagedAttention::compute(Run& run, const AttentionUnit& unit, int32_t thread) const {
  Room room = thread_room(run, thread);
  const int64_t padded = padded_dim(shape_.key_dim), group = shape_.group();
  const int64_t first_row = run.batch.segment_begin[unit.segment] - run.row_begin;
  for (int64_t i = 0; i < unit.query_count; ++i) {
    const int64_t query = unit.first_query + i;
    float* packed = room.queries + i * padded;
    scale_row(run.q.at(first_row + query / group, unit.head * group + query % group), shape_.scale, packed, shape_.key_dim);
    std::fill(packed + shape_.key_dim, packed + padded, 0.0f);
  }
  if (unit.slot >= 0) return attend(run, unit, unit.split_begin, room, slot(run, unit.slot));
  attend(run, unit, unit.split_begin, room, room.state);
  for (int64_t split = unit.split_begin + 1; split < unit.split_end; ++split) {
    attend(run, unit, split, room, room.next);
    merge_split(room.state, room.next, unit.query_count);
  }
  finish(run, unit, room.state);
}

void PagedAttention::merge(Run& run, const AttentionMerge& merge) const {
  const AttentionUnit& unit = run.units[merge.unit];
  const SplitResult first = slot(run, merge.slot);
  const SplitResult kept = result_at(run.kept + static_cast<uint64_t>(merge.tile) * slot_bytes(), shape_.value_dim);
  const SplitResult state = merge.begins ? first : kept;
  for (int32_t i = merge.begins ? 1 : 0; i < merge.count; ++i) merge_split(state, slot(run, merge.slot + i), unit.query_count);
  if (merge.ends) return finish(run, unit, state);
  if (!merge.begins) return;
  std::copy_n(state.maximum, unit.query_count, kept.maximum);
  std::copy_n(state.sum, unit.query_count, kept.sum);
  std::copy_n(state.values, unit.query_count * state.padded, kept.values);
}

void PagedAttention::finish(Run& run, const AttentionUnit& unit, const SplitResult& result) const {
  const int64_t group = shape_.group(), first_row = run.batch.segment_begin[unit.segment] - run.row_begin;
  for (int64_t i = 0; i < unit.query_count; ++i) {
    const int64_t query = unit.first_query + i;
    finish_row(result.values + i * result.padded, result.sum[i], shape_.value_dim,
               run.out.at(first_row + query / group, unit.head * group + query % group));
  }
}

Status PagedAttention::run(Call& call, int64_t row_begin, int64_t row_end, HeadRows<const float> q, HeadRows<float> out,
                           uint64_t scratch) const {
  const int32_t threads = call.threads();
  unsigned char* at = call.scratch(scratch);
  const auto take = [&at](uint64_t bytes) { return std::exchange(at, at + bytes); };
  const KtPagedState& state = *call.state();
  const PagedRows keys(state, *state.keys), values(state, shape_.latent ? *state.keys : *state.values);
  Run run{.call = call, .batch = call.batch(), .keys = keys, .values = values, .q = q, .out = out, .row_begin = row_begin};
  run.units = reinterpret_cast<AttentionUnit*>(take(aligned_bytes<AttentionUnit>(UnitLister::kMaxUnits)));
  run.merges = reinterpret_cast<AttentionMerge*>(take(aligned_bytes<AttentionMerge>(UnitLister::kMaxUnits)));
  run.threads = take(static_cast<uint64_t>(threads) * thread_bytes());
  run.slots = take(static_cast<uint64_t>(slot_count(threads)) * slot_bytes());
  run.kept = at;

  UnitLister lister(shape_, run.batch, row_begin, row_end, threads, slot_count(threads));
  for (int32_t units, merges; lister.next(run.units, &units, run.merges, &merges);) {
    const int64_t grain = lister.work() <= kInlineWork ? units : 1;
    const Status computed = call.parallel_for(units, grain, [&](int64_t begin, int64_t end, int32_t thread) {
      for (int64_t i = begin; i < end; ++i) compute(run, run.units[i], thread);
    });
    if (!computed.ok()) return computed;
    int64_t merge_work = 0;
    for (int32_t i = 0; i < merges; ++i)
      merge_work += run.merges[i].count * run.units[run.merges[i].unit].query_count * shape_.value_dim;
    const Status merged =
        call.parallel_for(merges, merge_work <= kInlineWork ? merges : 1, [&](int64_t begin, int64_t end, int32_t) {
          for (int64_t i = begin; i < end; ++i) merge(run, run.merges[i]);
        });
    if (!merged.ok()) return merged;
  }
  return {};
}

}  // namespace kt::cpu
