// Times the mixture-of-experts operator of the plugin cpu on a layer of Qwen3-30B-A3B's size, against the bandwidth measured
// beside it.
//   kt_bench_kernels_avx512 [types] [tokens] [threads] [repetitions]     kt_bench_kernels_avx512 q4_k,q8_0,bf16 1,8,32,128 1,2 9
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "core/exec/thread_team.h"
#include "kt/format/dtype.h"
#include "kt/format/float16.h"
#include "plugins/cpu/ops/operators.h"

namespace {

using kt::core::ThreadTeam;

constexpr int64_t kHidden = 2048, kInter = 768, kExperts = 128, kUsed = 8;

double seconds_of(auto&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Processor time of all threads: what a run costs when other programs share the machine (spinning included).
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) out.push_back(part);
  return out;
}

struct Memory {
  std::unique_ptr<unsigned char, decltype(&std::free)> bytes{nullptr, std::free};
  explicit Memory(int64_t size)
      : bytes(static_cast<unsigned char*>(std::aligned_alloc(4096, (size + 8191) / 4096 * 4096)), std::free) {}
  unsigned char* data() const { return bytes.get(); }
};

// Random codes with small scales, so that no value overflows; every expert is a copy of the first at its own address.
struct StackedWeight {
  Memory memory;
  KtTensor tensor{};
  const KtTensor* pointer = &tensor;
  KtWeightPart part{sizeof(KtWeightPart), 1, "values", &pointer};
  const KtWeightPart* part_pointer = &part;
  KtWeight weight{};
  std::string name;

  static int64_t size_of(int32_t dtype, int64_t rows, int64_t columns) { return rows * *kt::format::row_bytes(dtype, columns); }

  StackedWeight(const char* parameter, int32_t dtype, int64_t rows, int64_t columns)
      : memory(kExperts * size_of(dtype, rows, columns)), name(parameter) {
    const int64_t size = size_of(dtype, rows, columns);
    std::mt19937 random(1);
    for (int64_t i = 0; i < size; ++i) memory.data()[i] = static_cast<unsigned char>(random() & 0x1F);
    for (int64_t e = 1; e < kExperts; ++e) std::memcpy(memory.data() + e * size, memory.data(), static_cast<size_t>(size));
    tensor = {
        sizeof(KtTensor), dtype, 3, 0, {"cpu", 0}, memory.data(), 0, {kExperts, rows, columns}, {rows * columns, columns, 1}};
    weight = {sizeof(KtWeight), dtype, 3, 1, name.c_str(), {kExperts, rows, columns}, &part_pointer};
  }
};

// A host that knows threads and nothing else.
KtHost team_host() {
  KtHost host{};
  host.struct_size = sizeof host;
  host.set_error = [](const char* text) { std::fprintf(stderr, "%s\n", text); };
  host.parallel_for = [](KtCallContext* c, int64_t n, int64_t grain, KtRangeFn f, void* user) {
    c->parallel_for(n, grain, f, user);
  };
  host.parallel_region = [](KtCallContext* c, KtRegionFn f, void* user) { c->parallel_region(f, user); };
  host.team_barrier = [](KtCallContext* c) { c->barrier(); };
  host.team_size = [](KtCallContext* c) { return c->threads(); };
  return host;
}

KtTensor matrix(int32_t dtype, void* data, int64_t rows, int64_t columns) {
  return {sizeof(KtTensor), dtype, 2, 0, {"cpu", 0}, data, 0, {rows, columns}, {columns, 1}};
}

// Distinct experts for every token, uniformly.
void draw(std::mt19937& random, std::vector<int32_t>& ids) {
  std::vector<int32_t> all(kExperts);
  for (size_t t = 0; t < ids.size(); t += kUsed) {
    for (int64_t e = 0; e < kExperts; ++e) all[static_cast<size_t>(e)] = static_cast<int32_t>(e);
    for (int64_t s = 0; s < kUsed; ++s) {
      std::swap(all[static_cast<size_t>(s)], all[static_cast<size_t>(s + random() % static_cast<uint32_t>(kExperts - s))]);
      ids[t + static_cast<size_t>(s)] = all[static_cast<size_t>(s)];
    }
  }
}

int64_t distinct(std::vector<int32_t> ids) {
  std::sort(ids.begin(), ids.end());
  return std::unique(ids.begin(), ids.end()) - ids.begin();
}

struct Layer {
  StackedWeight gate, up, down;
  kt::cpu::GatedExperts experts;

  Layer(int32_t dtype)
      : gate("gate_proj.weight", dtype, kInter, kHidden),
        up("up_proj.weight", dtype, kInter, kHidden),
        down("down_proj.weight", dtype, kHidden, kInter) {
    const KtWeight* all[] = {&gate.weight, &up.weight, &down.weight};
    if (!experts.prepare(kt::Weights(all, 3), kt::cpu::Arithmetic::kAuto).ok()) std::abort();
  }
  double expert_bytes(int32_t dtype) const { return 3.0 * static_cast<double>(StackedWeight::size_of(dtype, kInter, kHidden)); }
};

void time_layer(Layer& layer, int32_t dtype, int64_t tokens, ThreadTeam& team, int repetitions) {
  std::vector<float> x(static_cast<size_t>(tokens * kHidden)), weights(static_cast<size_t>(tokens * kUsed), 0.125f), y(x.size());
  std::mt19937 random(2);
  for (float& value : x) value = static_cast<float>(random() % 2000) / 1000.0f - 1.0f;
  std::vector<int32_t> ids(static_cast<size_t>(tokens * kUsed));
  KtTensor in[] = {matrix(KT_F32, x.data(), tokens, kHidden), matrix(KT_I32, ids.data(), tokens, kUsed),
                   matrix(KT_F32, weights.data(), tokens, kUsed)};
  KtTensor out = matrix(KT_F32, y.data(), tokens, kHidden);
  const KtTensor* inputs[] = {&in[0], &in[1], &in[2]};
  const KtTensor* outputs[] = {&out};
  const uint64_t scratch_size = layer.experts.scratch_size(tokens, kUsed, true);
  const Memory scratch(static_cast<int64_t>(scratch_size));
  KtCall raw{};
  raw.inputs = inputs;
  raw.input_count = 3;
  raw.outputs = outputs;
  raw.output_count = 1;
  raw.scratch = scratch.data();
  raw.scratch_size = scratch_size;
  raw.context = &team;
  const KtHost host = team_host();
  kt::Call call(host, raw);
  double best = 1e9, bytes = 0, least_processor = 1e9;
  for (int r = 0; r < repetitions; ++r) {
    draw(random, ids);
    const double before = processor_seconds();
    const double taken = seconds_of([&] {
      if (!layer.experts.run(call, kt::In(inputs, 3), kt::Out(outputs, 1), kUsed).ok()) std::abort();
    });
    if (r > 0) least_processor = std::min(least_processor, processor_seconds() - before);
    if (r == 0 || taken >= best) continue;  // the first run touches fresh memory
    best = taken;
    bytes = layer.expert_bytes(dtype) * static_cast<double>(distinct(ids));
  }
  const double operations = 2.0 * 3 * static_cast<double>(tokens * kUsed) * kHidden * kInter;
  std::printf("%-6s t%d tokens %4lld  %8.3f ms  (processor %8.3f ms)  %6.1f GB/s  %7.1f GOPS\n",
              kt::format::dtype_info(dtype)->name.data(), team.threads(), static_cast<long long>(tokens), best * 1e3,
              least_processor * 1e3, bytes / best * 1e-9, operations / best * 1e-9);
}

// Reads 512 MiB with plain vector loads; the best of five.
double read_bandwidth(ThreadTeam& team) {
  constexpr int64_t kSize = int64_t{512} << 20, kPiece = 1 << 18;
  static const Memory memory = [] {
    Memory fresh(kSize);
    std::memset(fresh.data(), 1, kSize);
    return fresh;
  }();
  std::atomic<uint64_t> sink{0};
  double best = 1e9;
  for (int r = 0; r < 5; ++r) {
    best = std::min(best, seconds_of([&] {
                      auto body = [&](int64_t begin, int64_t end) {
                        const auto* words = reinterpret_cast<const uint64_t*>(memory.data() + begin * kPiece);
                        uint64_t sums[8] = {};
                        for (int64_t i = 0; i < (end - begin) * kPiece / 8; i += 8)
                          for (int j = 0; j < 8; ++j) sums[j] += words[i + j];
                        for (const uint64_t sum : sums) sink += sum;
                      };
                      team.parallel_for(
                          kSize / kPiece, 4,
                          [](void* user, int64_t b, int64_t e, int32_t) { (*static_cast<decltype(body)*>(user))(b, e); }, &body);
                    }));
  }
  return static_cast<double>(kSize) / best * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, const char* otherwise) { return std::string(argc > i ? argv[i] : otherwise); };
  const int repetitions = std::atoi(argument(4, "9").c_str());
  for (const std::string& type : split(argument(1, "q4_k,q8_0,bf16"))) {
    std::string upper = type;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const kt::format::DtypeInfo* info = kt::format::dtype_by_name(upper);
    if (info == nullptr) return std::fprintf(stderr, "no type '%s'\n", type.c_str()), 2;
    const auto layer = std::make_unique<Layer>(info->dtype);
    for (const std::string& threads : split(argument(3, "1,2"))) {
      ThreadTeam team(std::atoi(threads.c_str()));
      std::printf("read bandwidth, %s thread(s): %.1f GB/s\n", threads.c_str(), read_bandwidth(team));
      for (const std::string& tokens : split(argument(2, "1,8,32,128")))
        time_layer(*layer, info->dtype, std::atoll(tokens.c_str()), team, repetitions);
    }
  }
}
