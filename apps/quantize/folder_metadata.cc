#include "apps/quantize/folder_metadata.h"

#include <algorithm>
#include <cmath>

#include "core/text/gguf_vocabulary.h"
#include "kt/rope.hpp"

namespace kt::quantize {

using namespace core;
namespace {

struct Architecture {
  const char* hf;
  const char* gguf;
};

constexpr Architecture kArchitectures[] = {
    {"LlamaForCausalLM", "llama"},       {"MistralForCausalLM", "llama"},        {"MixtralForCausalLM", "llama"},
    {"Qwen2ForCausalLM", "qwen2"},       {"Qwen2MoeForCausalLM", "qwen2moe"},    {"Qwen3ForCausalLM", "qwen3"},
    {"Qwen3MoeForCausalLM", "qwen3moe"}, {"DeepseekV2ForCausalLM", "deepseek2"}, {"DeepseekV3ForCausalLM", "deepseek2"},
};

enum class Kind { kCount, kNumber, kFlag };

struct Field {
  const char* gguf;  // behind the architecture
  const char* hf;
  Kind kind = Kind::kCount;
};

// Copied where config.json has them. Counts of 0 mean "none" in both, and are left out.
constexpr Field kFields[] = {
    {"context_length", "max_position_embeddings"},
    {"embedding_length", "hidden_size"},
    {"block_count", "num_hidden_layers"},
    {"feed_forward_length", "intermediate_size"},
    {"attention.head_count", "num_attention_heads"},
    {"attention.layer_norm_rms_epsilon", "rms_norm_eps", Kind::kNumber},
    {"vocab_size", "vocab_size"},
    {"expert_count", "num_experts"},
    {"expert_count", "num_local_experts"},
    {"expert_count", "n_routed_experts"},
    {"expert_used_count", "num_experts_per_tok"},
    {"expert_feed_forward_length", "moe_intermediate_size"},
    {"expert_shared_feed_forward_length", "shared_expert_intermediate_size"},
    {"expert_shared_count", "n_shared_experts"},
    {"expert_weights_norm", "norm_topk_prob", Kind::kFlag},
    {"expert_weights_scale", "routed_scaling_factor", Kind::kNumber},
    {"leading_dense_block_count", "first_k_dense_replace"},
    {"attention.q_lora_rank", "q_lora_rank"},
    {"attention.kv_lora_rank", "kv_lora_rank"},
};

class Translator {
 public:
  Translator(const ModelSource& source, const char* architecture)
      : source_(source), config_(source.config), architecture_(architecture) {}

  Result<FolderMetadata> run() {
    out_.keys.emplace_back("general.architecture", gguf_text(architecture_));
    out_.keys.emplace_back("general.type", gguf_text("model"));
    out_.keys.emplace_back("general.name", gguf_text(source_.name));
    write_fields();
    if (integer("kv_lora_rank") > 0)
      write_latent_attention();
    else
      write_attention();
    write_positions();
    write_routing();
    KT_TRY(write_vocabulary());
    return std::move(out_);
  }

 private:
  int64_t integer(const char* key, int64_t otherwise = 0) const { return config_.get_int(key).value_or(otherwise); }

  void key(const char* name, GgufValue value) {
    out_.keys.emplace_back(std::string(architecture_) + "." + name, std::move(value));
  }
  void count(const char* name, int64_t value) { key(name, gguf_u32(static_cast<uint32_t>(value))); }
  void number(const char* name, double value) { key(name, gguf_f32(static_cast<float>(value))); }

  void write_fields() {
    for (const Field& field : kFields) {
      if (field.kind == Kind::kCount) {
        if (const int64_t value = integer(field.hf); value > 0) count(field.gguf, value);
      } else if (field.kind == Kind::kNumber) {
        if (const auto value = config_.get_float(field.hf)) number(field.gguf, *value);
      } else if (const auto flag = config_.get_bool(field.hf)) {
        key(field.gguf, gguf_bool(*flag));
      }
    }
  }

  void write_attention() {
    const int64_t heads = std::max<int64_t>(integer("num_attention_heads"), 1);
    count("attention.head_count_kv", integer("num_key_value_heads", heads));
    const int64_t head = integer("head_dim", integer("hidden_size") / heads);
    count("attention.key_length", head);
    count("attention.value_length", head);
    rope_dimensions_ = static_cast<int64_t>(static_cast<double>(head) * config_.get_float("partial_rotary_factor").value_or(1.0));
    count("rope.dimension_count", rope_dimensions_);
    const bool slides = config_.get_bool("use_sliding_window").value_or(true);
    if (const int64_t window = integer("sliding_window"); window > 0 && slides) count("attention.sliding_window", window);
    if (std::string_view(architecture_) == "llama") out_.interleaved_rows = head;
  }

  void write_latent_attention() {
    const int64_t rank = integer("kv_lora_rank"), rope = integer("qk_rope_head_dim");
    count("attention.head_count_kv", 1);
    count("attention.key_length", rank + rope);
    count("attention.value_length", rank);
    count("attention.key_length_mla", integer("qk_nope_head_dim") + rope);
    count("attention.value_length_mla", integer("v_head_dim"));
    rope_dimensions_ = rope;
    count("rope.dimension_count", rope);
  }

  // Newer configurations keep what was rope_scaling, and rope_theta with it, in rope_parameters.
  std::optional<double> rope(const std::string& name) const {
    for (const char* map : {"rope_scaling.", "rope_parameters."})
      if (const auto value = config_.get_float(map + name)) return value;
    return std::nullopt;
  }
  std::string rope_type() const {
    for (const char* name : {"rope_scaling.rope_type", "rope_scaling.type", "rope_parameters.rope_type", "rope_parameters.type"})
      if (const std::string* type = config_.get_string(name)) return *type;
    return "default";
  }

  void write_positions() {
    const double theta = config_.get_float("rope_theta").value_or(rope("rope_theta").value_or(10000.0));
    number("rope.freq_base", theta);
    const std::string type = rope_type();
    if (type == "llama3") return write_divisors(theta);
    if (type != "linear" && type != "yarn") return;
    key("rope.scaling.type", gguf_text(type));
    number("rope.scaling.factor", rope("factor").value_or(1.0));
    if (type == "linear") return;
    const double original =
        rope("original_max_position_embeddings").value_or(static_cast<double>(integer("max_position_embeddings")));
    count("rope.scaling.original_context_length", static_cast<int64_t>(original));
    if (const auto fast = rope("beta_fast")) number("rope.scaling.yarn_beta_fast", *fast);
    if (const auto slow = rope("beta_slow")) number("rope.scaling.yarn_beta_slow", *slow);
    if (const auto factor = rope("attention_factor")) number("rope.scaling.attn_factor", *factor);
    if (const auto mscale = rope("mscale_all_dim")) number("rope.scaling.yarn_log_multiplier", 0.1 * *mscale);
  }

  void write_divisors(double theta) {
    RopeScaling plain, stretched;
    plain.theta = stretched.theta = theta;
    stretched.type = RopeType::kLlama3;
    stretched.factor = rope("factor").value_or(1.0);
    stretched.original_context =
        rope("original_max_position_embeddings").value_or(static_cast<double>(integer("max_position_embeddings")));
    stretched.low_frequency = rope("low_freq_factor").value_or(stretched.low_frequency);
    stretched.high_frequency = rope("high_freq_factor").value_or(stretched.high_frequency);
    const auto before = rope_frequencies(plain, rope_dimensions_).inv_freq,
               after = rope_frequencies(stretched, rope_dimensions_).inv_freq;
    for (size_t i = 0; i < before.size(); ++i) out_.rope_divisors.push_back(before[i] / after[i]);
  }

  void write_routing() {
    if (integer("kv_lora_rank") == 0 || integer("n_routed_experts") == 0) return;
    const bool third = config_.architecture() == "DeepseekV3ForCausalLM";
    const auto text = [&](const char* name, const char* otherwise) {
      const std::string* value = config_.get_string(name);
      return value ? *value : std::string(otherwise);
    };
    count("expert_gating_func", text("scoring_func", third ? "sigmoid" : "softmax") == "sigmoid" ? 2 : 1);
    if (text("topk_method", third ? "noaux_tc" : "greedy") == "greedy") return;
    if (const int64_t groups = integer("n_group"); groups > 0) count("expert_group_count", groups);
    if (const int64_t groups = integer("topk_group"); groups > 0) count("expert_group_used_count", groups);
  }

  Status write_vocabulary() {
    if (!source_.has_file("tokenizer.json"))
      return fail(402, source_.folder + ": has no tokenizer.json", "fetch the tokenizer's files of the model");
    auto made = gguf_vocabulary(KT_TRY(source_.tokenizer_json()), source_.tokenizer_config, integer("vocab_size"));
    if (!made.ok()) return std::move(made).status().with_context(source_.path);
    GgufVocabulary& vocabulary = *made;
    auto& keys = out_.keys;
    keys.emplace_back("tokenizer.ggml.model", gguf_text(vocabulary.model));
    if (!vocabulary.pre.empty()) keys.emplace_back("tokenizer.ggml.pre", gguf_text(vocabulary.pre));
    keys.emplace_back("tokenizer.ggml.tokens", gguf_texts(std::move(vocabulary.tokens)));
    keys.emplace_back("tokenizer.ggml.token_type", gguf_i32s(vocabulary.types));
    if (!vocabulary.scores.empty()) keys.emplace_back("tokenizer.ggml.scores", gguf_f32s(vocabulary.scores));
    if (!vocabulary.merges.empty()) keys.emplace_back("tokenizer.ggml.merges", gguf_texts(std::move(vocabulary.merges)));
    const int64_t pad = integer("pad_token_id", -1);
    for (const auto& [name, id] :
         {std::pair{"bos", vocabulary.bos}, {"eos", vocabulary.eos}, {"unknown", vocabulary.unk}, {"padding", pad}})
      if (id >= 0) keys.emplace_back("tokenizer.ggml." + std::string(name) + "_token_id", gguf_u32(static_cast<uint32_t>(id)));
    for (const auto& [name, flag] : {std::pair{"add_bos_token", vocabulary.add_bos},
                                     {"add_eos_token", vocabulary.add_eos},
                                     {"add_space_prefix", vocabulary.add_space_prefix}})
      if (flag) keys.emplace_back("tokenizer.ggml." + std::string(name), gguf_bool(*flag));
    if (vocabulary.space_prefix_first_only) keys.emplace_back("kt.tokenizer.space_prefix", gguf_text("first"));
    if (!source_.chat_template.empty()) keys.emplace_back("tokenizer.chat_template", gguf_text(source_.chat_template));
    return {};
  }

  const ModelSource& source_;
  const ModelConfig& config_;
  const char* architecture_;
  int64_t rope_dimensions_ = 0;
  FolderMetadata out_;
};

}  // namespace

Result<FolderMetadata> folder_metadata(const ModelSource& source) {
  const std::string& name = source.config.architecture();
  std::string known;
  for (const Architecture& entry : kArchitectures) {
    if (name == entry.hf) return Translator(source, entry.gguf).run();
    known += (known.empty() ? "" : ", ") + std::string(entry.hf);
  }
  return fail(410, source.path + ": GGUF has no name for the architecture '" + name + "'", "known: " + known);
}

}  // namespace kt::quantize
