// GGUF files built byte by byte, so that a test can make any part of them wrong.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace kt::core::test {

template <class T>
std::string packed(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

inline std::string gguf_string(const std::string& text) { return packed<uint64_t>(text.size()) + text; }

// Values with their type, as they stand behind a key.
inline std::string value_u8(uint8_t v) { return packed<uint32_t>(0) + packed(v); }
inline std::string value_u32(uint32_t v) { return packed<uint32_t>(4) + packed(v); }
inline std::string value_i32(int32_t v) { return packed<uint32_t>(5) + packed(v); }
inline std::string value_f32(float v) { return packed<uint32_t>(6) + packed(v); }
inline std::string value_bool(uint8_t v) { return packed<uint32_t>(7) + packed(v); }
inline std::string value_text(const std::string& v) { return packed<uint32_t>(8) + gguf_string(v); }
inline std::string value_u64(uint64_t v) { return packed<uint32_t>(10) + packed(v); }
inline std::string value_array(uint32_t type, uint64_t count, const std::string& content) {
  return packed<uint32_t>(9) + packed(type) + packed(count) + content;
}
inline std::string value_texts(const std::vector<std::string>& texts) {
  std::string content;
  for (const std::string& text : texts) content += gguf_string(text);
  return value_array(8, texts.size(), content);
}
inline std::string value_i32s(const std::vector<int32_t>& numbers) {
  std::string content;
  for (const int32_t number : numbers) content += packed(number);
  return value_array(5, numbers.size(), content);
}

struct TensorBytes {
  std::string name;
  std::vector<uint64_t> dims;  // in the file's order: the row first
  uint32_t type = 0;
  uint64_t size = 0;    // bytes of data written
  int64_t offset = -1;  // -1: where it lies
  int64_t rank = -1;    // -1: the number of dims
};

// A whole file. Everything may be changed before bytes() puts it together.
struct GgufBytes {
  std::string magic = "GGUF";
  uint32_t version = 3;
  int64_t tensor_count = -1, key_count = -1;  // -1: the true ones
  std::vector<std::pair<std::string, std::string>> keys;
  std::vector<TensorBytes> tensors;
  uint64_t alignment = 32;
  std::string tail;

  std::string& key(const std::string& name) {
    for (auto& [known, value] : keys)
      if (known == name) return value;
    return keys.emplace_back(name, "").second;
  }
  void drop(const std::string& name) {
    std::erase_if(keys, [&](const auto& item) { return item.first == name; });
  }
  TensorBytes& tensor(const std::string& name) {
    for (TensorBytes& t : tensors)
      if (t.name == name) return t;
    return tensors.emplace_back();
  }

  std::string bytes() const {
    std::string out = magic + packed(version) +
                      packed(tensor_count < 0 ? uint64_t{tensors.size()} : static_cast<uint64_t>(tensor_count)) +
                      packed(key_count < 0 ? uint64_t{keys.size()} : static_cast<uint64_t>(key_count));
    for (const auto& [name, value] : keys) out += gguf_string(name) + value;
    std::string data;
    for (const TensorBytes& t : tensors) {
      data.resize((data.size() + alignment - 1) / alignment * alignment, '\0');
      out += gguf_string(t.name) +
             packed<uint32_t>(t.rank < 0 ? static_cast<uint32_t>(t.dims.size()) : static_cast<uint32_t>(t.rank));
      for (const uint64_t dim : t.dims) out += packed(dim);
      out += packed(t.type) + packed(t.offset < 0 ? uint64_t{data.size()} : static_cast<uint64_t>(t.offset));
      for (uint64_t i = 0; i < t.size; ++i) data += static_cast<char>(i % 7 == 3 ? 0x3c : 0x11);
    }
    out.resize((out.size() + alignment - 1) / alignment * alignment, '\0');
    return out + data + tail;
  }
};

// A small complete decoder of the GGUF architecture `llama`: 264 tokens, 2 layers.
inline GgufBytes small_gguf() {
  constexpr uint32_t kDim = 32, kInner = 64, kHeads = 4, kKvHeads = 2, kVocabulary = 264, kLayers = 2;
  GgufBytes out;
  const auto add = [&](const std::string& name, const std::string& value) { out.keys.emplace_back(name, value); };
  add("general.architecture", value_text("llama"));
  add("llama.block_count", value_u32(kLayers));
  add("llama.context_length", value_u32(256));
  add("llama.embedding_length", value_u32(kDim));
  add("llama.feed_forward_length", value_u32(kInner));
  add("llama.attention.head_count", value_u32(kHeads));
  add("llama.attention.head_count_kv", value_u32(kKvHeads));
  add("llama.attention.layer_norm_rms_epsilon", value_f32(1e-5f));
  add("llama.rope.freq_base", value_f32(10000));
  add("llama.rope.dimension_count", value_u32(kDim / kHeads));
  add("tokenizer.ggml.model", value_text("llama"));
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<int32_t> types = {2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) {
    constexpr char kHex[] = "0123456789ABCDEF";
    tokens.push_back(std::string("<0x") + kHex[byte / 16] + kHex[byte % 16] + ">");
    types.push_back(6);
  }
  while (tokens.size() < kVocabulary) {
    tokens.push_back("\xe2\x96\x81" + std::string(1, static_cast<char>('a' + tokens.size() % 26)));
    types.push_back(1);
  }
  add("tokenizer.ggml.tokens", value_texts(tokens));
  std::string scores;
  for (uint32_t i = 0; i < kVocabulary; ++i) scores += packed(-static_cast<float>(i));
  add("tokenizer.ggml.scores", value_array(6, kVocabulary, scores));
  add("tokenizer.ggml.token_type", value_i32s(types));
  add("tokenizer.ggml.bos_token_id", value_u32(1));
  add("tokenizer.ggml.eos_token_id", value_u32(2));
  const auto matrix = [&](const std::string& name, uint64_t rows, uint64_t columns) {
    out.tensors.push_back({name, {columns, rows}, 0, rows * columns * 4});
  };
  const auto vector = [&](const std::string& name, uint64_t size) { out.tensors.push_back({name, {size}, 0, size * 4}); };
  matrix("token_embd.weight", kVocabulary, kDim);
  vector("output_norm.weight", kDim);
  matrix("output.weight", kVocabulary, kDim);
  for (uint32_t layer = 0; layer < kLayers; ++layer) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    vector(block + "attn_norm.weight", kDim);
    matrix(block + "attn_q.weight", kDim, kDim);
    matrix(block + "attn_k.weight", kDim * kKvHeads / kHeads, kDim);
    matrix(block + "attn_v.weight", kDim * kKvHeads / kHeads, kDim);
    matrix(block + "attn_output.weight", kDim, kDim);
    vector(block + "ffn_norm.weight", kDim);
    matrix(block + "ffn_gate.weight", kInner, kDim);
    matrix(block + "ffn_up.weight", kInner, kDim);
    matrix(block + "ffn_down.weight", kDim, kInner);
  }
  return out;
}

}  // namespace kt::core::test
