// GGUF files that are wrong in one place: each is refused with one sentence, and nothing worse happens.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/io/gguf_bytes.h"
#include "tests/unit/io/load_fixture.h"

namespace kt::core::test {
namespace {

constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

struct Case {
  const char* name;
  std::function<void(GgufBytes&)> spoil;
};

void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }

// A change of one key's value.
Case with(const char* name, const char* key, std::string value) {
  return {name, [=](GgufBytes& f) { f.key(key) = value; }};
}
Case without(const char* name, const char* key) {
  return {name, [=](GgufBytes& f) { f.drop(key); }};
}
Case tensor(const char* name, const std::function<void(TensorBytes&)>& change) {
  return {name, [=](GgufBytes& f) { change(f.tensor("blk.0.attn_q.weight")); }};
}

std::vector<Case> header_cases() {
  return {
      {"magic GGUX", [](auto& f) { f.magic = "GGUX"; }},
      {"magic GGML", [](auto& f) { f.magic = "ggml"; }},
      {"magic GGJT", [](auto& f) { f.magic = "tjgg"; }},
      {"version 0", [](auto& f) { f.version = 0; }},
      {"version 1", [](auto& f) { f.version = 1; }},
      {"version 4", [](auto& f) { f.version = 4; }},
      {"version 2^32-1", [](auto& f) { f.version = 0xFFFFFFFF; }},
      {"version big-endian", [](auto& f) { f.version = 0x03000000; }},
      {"2^63 tensors", [](auto& f) { f.tensor_count = std::numeric_limits<int64_t>::max(); }},
      {"2^60 tensors", [](auto& f) { f.tensor_count = int64_t{1} << 60; }},
      {"2^32 tensors", [](auto& f) { f.tensor_count = int64_t{1} << 32; }},
      {"one tensor more", [](auto& f) { f.tensor_count = static_cast<int64_t>(f.tensors.size()) + 1; }},
      {"one tensor less", [](auto& f) { f.tensor_count = static_cast<int64_t>(f.tensors.size()) - 1; }},
      {"no tensors", [](auto& f) { f.tensors.clear(); }},
      {"2^63 keys", [](auto& f) { f.key_count = std::numeric_limits<int64_t>::max(); }},
      {"2^32 keys", [](auto& f) { f.key_count = int64_t{1} << 32; }},
      {"one key more", [](auto& f) { f.key_count = static_cast<int64_t>(f.keys.size()) + 1; }},
      {"one key less", [](auto& f) { f.key_count = static_cast<int64_t>(f.keys.size()) - 1; }},
      {"no keys", [](auto& f) { f.keys.clear(); }},
      {"bytes behind the last tensor", [](auto& f) { f.tail = std::string(64, 'x'); }},
  };
}

std::vector<Case> value_cases() {
  const auto raw = [](const std::string& value) { return value; };
  std::string nested = packed<uint32_t>(9) + packed<uint32_t>(9) + packed<uint64_t>(1);
  std::string deep = packed<uint32_t>(9);
  for (int i = 0; i < 2000; ++i) deep += packed<uint32_t>(9) + packed<uint64_t>(1);
  return {
      {"empty key", [](auto& f) { f.keys.emplace_back("", value_u32(1)); }},
      {"key of 70000 bytes", [](auto& f) { f.keys.emplace_back(std::string(70000, 'k'), value_u32(1)); }},
      {"key twice", [](auto& f) { f.keys.push_back(f.keys.back()); }},
      {"key of bad UTF-8",
       [](auto& f) {
         f.keys.emplace_back(
             "a\xff"
             "b",
             value_u32(1));
       }},
      {"key with NUL", [](auto& f) { f.keys.emplace_back(std::string("a\0b", 3), value_u32(1)); }},
      with("value type 13", "x", raw(packed<uint32_t>(13) + packed<uint64_t>(0))),
      with("value type 255", "x", raw(packed<uint32_t>(255) + packed<uint64_t>(0))),
      with("value type 2^32-1", "x", raw(packed<uint32_t>(0xFFFFFFFF) + packed<uint64_t>(0))),
      with("string of 2^64-1 bytes", "x", raw(packed<uint32_t>(8) + packed(kHuge))),
      with("string of 2^63 bytes", "x", raw(packed<uint32_t>(8) + packed(uint64_t{1} << 63))),
      with("string longer than the file", "x", raw(packed<uint32_t>(8) + packed(uint64_t{1} << 30))),
      with("string of bad UTF-8", "general.architecture", value_text("lla\xc3")),
      with("array of type 13", "x", value_array(13, 1, packed<uint64_t>(0))),
      with("array of 2^64-1 numbers", "x", value_array(4, kHuge, "")),
      with("array of 2^62 numbers (wraps)", "x", value_array(4, uint64_t{1} << 62, "")),
      with("array of 2^61 wide numbers (wraps)", "x", value_array(10, uint64_t{1} << 61, "")),
      with("array longer than the file", "x", value_array(0, uint64_t{1} << 30, "")),
      with("strings longer than the file", "x", value_array(8, uint64_t{1} << 30, "")),
      with("array of arrays", "x", raw(nested + packed<uint32_t>(4) + packed<uint64_t>(1) + packed<uint32_t>(7))),
      with("2000 arrays in each other", "x", raw(deep)),
      with("boolean 2", "x", value_bool(2)),
      with("alignment 0", "general.alignment", value_u32(0)),
      with("alignment 3", "general.alignment", value_u32(3)),
      with("alignment 24", "general.alignment", value_u32(24)),
      with("alignment 2^31", "general.alignment", value_u32(0x80000000)),
      with("alignment u64", "general.alignment", value_u64(32)),
      with("alignment string", "general.alignment", value_text("32")),
      with("alignment lies", "general.alignment", value_u32(4096)),
  };
}

std::vector<Case> parameter_cases() {
  return {
      without("no architecture", "general.architecture"),
      with("unknown architecture", "general.architecture", value_text("transformer9000")),
      with("architecture is a number", "general.architecture", value_u32(1)),
      with("architecture is empty", "general.architecture", value_text("")),
      without("no layers key", "llama.block_count"),
      without("no hidden size", "llama.embedding_length"),
      without("no inner size", "llama.feed_forward_length"),
      without("no heads", "llama.attention.head_count"),
      without("no eps", "llama.attention.layer_norm_rms_epsilon"),
      with("layers are text", "llama.block_count", value_text("2")),
      with("0 layers", "llama.block_count", value_u32(0)),
      with("2^32-1 layers", "llama.block_count", value_u32(0xFFFFFFFF)),
      with("3 layers of 2", "llama.block_count", value_u32(3)),
      with("-1 layers", "llama.block_count", value_i32(-1)),
      with("0 heads", "llama.attention.head_count", value_u32(0)),
      with("2^32-1 heads", "llama.attention.head_count", value_u32(0xFFFFFFFF)),
      with("3 heads", "llama.attention.head_count", value_u32(3)),
      with("0 key heads", "llama.attention.head_count_kv", value_u32(0)),
      with("3 key heads of 4", "llama.attention.head_count_kv", value_u32(3)),
      with("8 key heads of 4", "llama.attention.head_count_kv", value_u32(8)),
      with("hidden size 0", "llama.embedding_length", value_u32(0)),
      with("hidden size 31", "llama.embedding_length", value_u32(31)),
      with("hidden size 64 of 32", "llama.embedding_length", value_u32(64)),
      with("hidden size 2^32-1", "llama.embedding_length", value_u32(0xFFFFFFFF)),
      with("inner size 0", "llama.feed_forward_length", value_u32(0)),
      with("inner size 63", "llama.feed_forward_length", value_u32(63)),
      with("eps NaN", "llama.attention.layer_norm_rms_epsilon", value_f32(kNan)),
      with("eps -1", "llama.attention.layer_norm_rms_epsilon", value_f32(-1)),
      with("eps infinite", "llama.attention.layer_norm_rms_epsilon", value_f32(kInfinity)),
      with("eps text", "llama.attention.layer_norm_rms_epsilon", value_text("1e-5")),
      with("odd rotated dimensions", "llama.rope.dimension_count", value_u32(7)),
      with("too many rotated dimensions", "llama.rope.dimension_count", value_u32(10)),
      with("rotation base 0", "llama.rope.freq_base", value_f32(0)),
      with("rotation base -1", "llama.rope.freq_base", value_f32(-1)),
      with("rotation base NaN", "llama.rope.freq_base", value_f32(kNan)),
      with("rotation base infinite", "llama.rope.freq_base", value_f32(kInfinity)),
      with("context 0", "llama.context_length", value_u32(0)),
      with("8 experts of 0", "llama.expert_used_count", value_u32(8)),
  };
}

std::vector<Case> vocabulary_cases() {
  return {
      with("no tokens", "tokenizer.ggml.tokens", value_texts({})),
      with("200 tokens for 264 rows", "tokenizer.ggml.tokens", value_texts(std::vector<std::string>(200, "a"))),
      with("265 tokens for 264 rows", "tokenizer.ggml.tokens", value_texts(std::vector<std::string>(265, "a"))),
      with("tokens are numbers", "tokenizer.ggml.tokens", value_i32s(std::vector<int32_t>(264, 1))),
      with("tokens are text", "tokenizer.ggml.tokens", value_text("a")),
      with("three scores", "tokenizer.ggml.scores", value_array(6, 3, std::string(12, '\0'))),
      with("scores are text", "tokenizer.ggml.scores", value_texts(std::vector<std::string>(264, "1"))),
      with("three types", "tokenizer.ggml.token_type", value_i32s({1, 1, 1})),
      with("type 99", "tokenizer.ggml.token_type", value_i32s(std::vector<int32_t>(264, 99))),
      with("first token past the end", "tokenizer.ggml.bos_token_id", value_u32(264)),
      with("first token 2^32-1", "tokenizer.ggml.bos_token_id", value_u32(0xFFFFFFFF)),
      with("first token is text", "tokenizer.ggml.bos_token_id", value_text("1")),
      with("last token past the end", "tokenizer.ggml.eos_token_id", value_u32(70000)),
      with("last token -5", "tokenizer.ggml.eos_token_id", value_i32(-5)),
      with("unknown kind of tokenizer", "tokenizer.ggml.model", value_text("abacus")),
      with("kind of tokenizer is a number", "tokenizer.ggml.model", value_u32(3)),
      with("byte-level without merges", "tokenizer.ggml.model", value_text("gpt2")),
      with("template is a number", "tokenizer.chat_template", value_u32(7)),
      with("split of 3 files", "split.count", packed<uint32_t>(2) + packed<uint16_t>(3)),
  };
}

std::vector<Case> tensor_cases() {
  using T = TensorBytes;
  return {
      tensor("name empty", [](T& t) { t.name = ""; }),
      tensor("name of 64 bytes", [](T& t) { t.name = std::string(64, 'n'); }),
      tensor("name of 70000 bytes", [](T& t) { t.name = std::string(70000, 'n'); }),
      tensor("name with NUL", [](T& t) { t.name = std::string("blk\0q", 5); }),
      tensor("name of bad UTF-8", [](T& t) { t.name = "blk.\xfe"; }),
      tensor("name twice", [](T& t) { t.name = "blk.0.attn_k.weight"; }),
      tensor("unknown name", [](T& t) { t.name = "blk.0.attn_p.weight"; }),
      tensor("no dimensions",
             [](T& t) {
               t.rank = 0;
               t.dims.clear();
             }),
      tensor("5 dimensions",
             [](T& t) {
               t.dims = {32, 32, 1, 1, 1};
             }),
      tensor("2^32-1 dimensions", [](T& t) { t.rank = 0xFFFFFFFF; }),
      tensor("dimension 0",
             [](T& t) {
               t.dims = {32, 0};
               t.size = 0;
             }),
      tensor("dimension 2^63",
             [](T& t) {
               t.dims = {uint64_t{1} << 63, 1};
             }),
      tensor("dimension 2^64-1",
             [](T& t) {
               t.dims = {kHuge, 1};
             }),
      tensor("elements wrap",
             [](T& t) {
               t.dims = {uint64_t{1} << 32, uint64_t{1} << 32};
             }),
      tensor("bytes wrap",
             [](T& t) {
               t.dims = {uint64_t{1} << 62, 1};
             }),
      tensor("padding wraps",
             [](T& t) {
               t.dims = {(uint64_t{1} << 61) - 1, 1};
             }),
      tensor("claims 2 TiB",
             [](T& t) {
               t.dims = {uint64_t{1} << 20, uint64_t{1} << 19};
             }),
      tensor("transposed",
             [](T& t) {
               t.dims = {16, 64};
             }),
      tensor("type 4", [](T& t) { t.type = 4; }),
      tensor("type 5", [](T& t) { t.type = 5; }),
      tensor("type 255", [](T& t) { t.type = 255; }),
      tensor("type 256", [](T& t) { t.type = 256; }),
      tensor("type 2^32-1", [](T& t) { t.type = 0xFFFFFFFF; }),
      tensor("type I32", [](T& t) { t.type = 26; }),
      tensor("rows that are no whole blocks",
             [](T& t) {
               t.type = 12;
               t.size = 576;
             }),
      tensor("type with fewer bytes", [](T& t) { t.type = 1; }),
      tensor("offset unaligned", [](T& t) { t.offset = 33; }),
      tensor("offset past the end", [](T& t) { t.offset = int64_t{1} << 40; }),
      tensor("offset 2^63-1", [](T& t) { t.offset = std::numeric_limits<int64_t>::max(); }),
      tensor("offset over another tensor", [](T& t) { t.offset = 0; }),
      {"last tensor cut", [](auto& f) { f.tensors.back().size -= 64; }},
      {"hole before the last tensor", [](auto& f) { f.tensors[f.tensors.size() - 2].size += 64; }},
      {"missing tensor", [](auto& f) { f.tensors.pop_back(); }},
      {"missing embedding", [](auto& f) { f.tensors.erase(f.tensors.begin()); }},
      {"norm of another length", [](auto& f) { f.tensor("output_norm.weight") = {"output_norm.weight", {16}, 0, 64, -1, -1}; }},
  };
}

class MalformedGguf : public testing::TestWithParam<Case> {};

TEST_P(MalformedGguf, IsRefusedWithASentence) {
  GgufBytes file = small_gguf();
  GetParam().spoil(file);
  const TemporaryFolder folder;
  expect_refused(load_all(folder.write("model.gguf", file.bytes())), GetParam().name);
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  std::string out;
  for (const char c : std::string(info.param.name)) out += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return out + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Header, MalformedGguf, testing::ValuesIn(header_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Value, MalformedGguf, testing::ValuesIn(value_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Parameter, MalformedGguf, testing::ValuesIn(parameter_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Vocabulary, MalformedGguf, testing::ValuesIn(vocabulary_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Tensor, MalformedGguf, testing::ValuesIn(tensor_cases()), case_name);

TEST(Gguf, TheUnspoiledFileLoads) {
  const TemporaryFolder folder;
  const Status status = load_all(folder.write("model.gguf", small_gguf().bytes()));
  EXPECT_TRUE(status.ok()) << status.error().text();
}

TEST(Gguf, KeysThatNobodyKnowsAreHarmless) {
  GgufBytes file = small_gguf();
  file.key("llama.future.key") = value_u8(1);
  file.key("some.list") = value_i32s({1, 2, 3});
  const TemporaryFolder folder;
  EXPECT_TRUE(load_all(folder.write("model.gguf", file.bytes())).ok());
}

TEST(Gguf, EveryTruncationOfTheHeaderIsRefused) {
  const std::string whole = small_gguf().bytes();
  const TemporaryFolder folder;
  for (size_t size = 0; size < 1200; size += 3)
    expect_refused(load_all(folder.write("cut.gguf", whole.substr(0, size))), std::to_string(size));
  for (size_t size = 1200; size < whole.size(); size += 4999)
    expect_refused(load_all(folder.write("cut.gguf", whole.substr(0, size))), std::to_string(size));
}

// Changes of a few bytes may give a file that is still good; what matters is that loading ends with an answer.
TEST(Gguf, RandomChangesEndWithAnAnswer) {
  const std::string whole = small_gguf().bytes();
  const TemporaryFolder folder;
  uint64_t state = 88172645463325252u;
  const auto random = [&state] {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
  };
  int refused = 0;
  for (int round = 0; round < 500; ++round) {
    std::string changed = whole;
    for (uint64_t i = 0; i <= random() % 4; ++i) changed[random() % 12000] = static_cast<char>(random());
    const Status status = load_all(folder.write("changed.gguf", changed));
    if (status.ok()) continue;
    ++refused;
    EXPECT_EQ(exit_code(status.error().code), 4) << status.error().text();
  }
  EXPECT_GT(refused, 100);
}

TEST(Gguf, FilesOfOtherKindsAreNamed) {
  const TemporaryFolder folder;
  const auto error_of = [&](const std::string& bytes) { return load_all(folder.write("x.gguf", bytes)).error().text(); };
  EXPECT_NE(error_of("").find("empty"), std::string::npos);
  EXPECT_NE(error_of("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n").find("LFS"), std::string::npos);
  EXPECT_NE(error_of("<!DOCTYPE html><html></html>").find("web page"), std::string::npos);
  EXPECT_NE(error_of(std::string("PK\3\4", 4) + std::string(100, '\0')).find("zip"), std::string::npos);
  EXPECT_NE(error_of(std::string("\x7f"
                                 "ELF\2\1\1",
                                 7) +
                     std::string(100, '\0'))
                .find("program"),
            std::string::npos);
}

}  // namespace
}  // namespace kt::core::test
