"""GGUF files of the tiny models: names, layouts and metadata as llama.cpp's converter writes them, and the way back."""
import math

import gguf
import numpy as np

TYPES = {"f32": gguf.GGMLQuantizationType.F32, "f16": gguf.GGMLQuantizationType.F16, "bf16": gguf.GGMLQuantizationType.BF16,
         "q8_0": gguf.GGMLQuantizationType.Q8_0}
ARCHITECTURES = {"llama": "llama", "mixtral": "llama", "qwen2": "qwen2", "qwen2_moe": "qwen2moe", "qwen3": "qwen3", "qwen3_moe": "qwen3moe",
                 "deepseek_v2": "deepseek2", "deepseek_v3": "deepseek2"}
PRE = {"llama3": "llama-bpe", "qwen2": "qwen2", "deepseek_v3": "deepseek-v3", "kimi": "kimi-k2"}
LAYER_NAMES = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_a_proj": "attn_q_a", "self_attn.q_a_layernorm": "attn_q_a_norm", "self_attn.q_b_proj": "attn_q_b",
    "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa", "self_attn.kv_a_layernorm": "attn_kv_a_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.gate": "ffn_gate_inp", "block_sparse_moe.gate": "ffn_gate_inp",
    "mlp.shared_experts.gate_proj": "ffn_gate_shexp", "mlp.shared_experts.up_proj": "ffn_up_shexp", "mlp.shared_experts.down_proj": "ffn_down_shexp",
    "mlp.shared_expert.gate_proj": "ffn_gate_shexp", "mlp.shared_expert.up_proj": "ffn_up_shexp", "mlp.shared_expert.down_proj": "ffn_down_shexp",
    "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
}
TOP_NAMES = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
EXPERT_NAMES = {"gate_proj": "ffn_gate_exps", "up_proj": "ffn_up_exps", "down_proj": "ffn_down_exps", "w1": "ffn_gate_exps", "w3": "ffn_up_exps",
                "w2": "ffn_down_exps"}
FLOAT_ONLY = ("ffn_gate_inp", "norm.weight", "rope_freqs", ".bias")


def interleave(weight, heads):
    """Rows of a head from half-split to pairs, the order in which llama's rotary embedding of GGUF works."""
    return weight.reshape(heads, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def split_halves(weight, heads):
    return weight.reshape(heads, -1, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def convertible(config):
    """Whether a GGUF file can say all that the configuration says."""
    windowed = config.sliding_window if getattr(config, "use_sliding_window", config.model_type == "mixtral") else None
    return config.model_type in ARCHITECTURES and not windowed and not getattr(config, "mlp_only_layers", None)


class Names:
    """Where each tensor of a model lies in GGUF."""

    def __init__(self, config):
        self.config = config
        rotated = config.model_type in ("llama", "mixtral")
        self.heads = {"self_attn.q_proj": config.num_attention_heads, "self_attn.k_proj": config.num_key_value_heads} if rotated else {}

    def to_gguf(self, tensors):
        """{released name: array} -> {GGUF name: array}"""
        out, experts = {}, {}
        for name, value in tensors.items():
            if name in TOP_NAMES:
                out[TOP_NAMES[name]] = value
                continue
            _, _, layer, rest = name.split(".", 3)
            part, kind = rest.rsplit(".", 1)
            if ".experts." in rest:
                index, projection = part.split(".experts.")[1].split(".")
                experts.setdefault(f"blk.{layer}.{EXPERT_NAMES[projection]}.weight", {})[int(index)] = value
            elif part == "self_attn.kv_b_proj":
                keys, values = self.split_kv(value)
                out |= {f"blk.{layer}.attn_k_b.weight": keys, f"blk.{layer}.attn_v_b.weight": values}
            elif kind == "e_score_correction_bias":
                out[f"blk.{layer}.exp_probs_b.bias"] = value
            else:
                made = interleave(value, self.heads[part]) if part in self.heads else value
                out[f"blk.{layer}.{LAYER_NAMES[part]}.{kind}"] = made.reshape(-1) if part == "mlp.shared_expert_gate" else made
        return out | {name: np.stack([parts[at] for at in range(len(parts))]) for name, parts in experts.items()}

    def split_kv(self, value):
        c = self.config
        heads = value.reshape(c.num_attention_heads, c.qk_nope_head_dim + c.v_head_dim, -1)
        return np.ascontiguousarray(heads[:, :c.qk_nope_head_dim].swapaxes(1, 2)), np.ascontiguousarray(heads[:, c.qk_nope_head_dim:])

    def from_gguf(self, stored, released):
        """The arrays of `stored` under the names and shapes of `released`."""
        out = {}
        for name, value in released.items():
            if name in TOP_NAMES:
                out[name] = stored[TOP_NAMES[name]]
                continue
            _, _, layer, rest = name.split(".", 3)
            part, kind = rest.rsplit(".", 1)
            if ".experts." in rest:
                index, projection = part.split(".experts.")[1].split(".")
                out[name] = stored[f"blk.{layer}.{EXPERT_NAMES[projection]}.weight"][int(index)]
            elif part == "self_attn.kv_b_proj":
                keys, values = (stored[f"blk.{layer}.attn_{which}_b.weight"] for which in "kv")
                out[name] = np.concatenate([keys.swapaxes(1, 2), values], 1).reshape(value.shape)
            elif kind == "e_score_correction_bias":
                out[name] = stored[f"blk.{layer}.exp_probs_b.bias"]
            else:
                array = stored[f"blk.{layer}.{LAYER_NAMES[part]}.{kind}"].reshape(value.shape)
                out[name] = split_halves(array, self.heads[part]) if part in self.heads else array
        return out


def rope_factors(config):
    """Divisors of llama3's scaled frequencies, one a pair."""
    s, half = config.rope_scaling, config.head_dim // 2
    factors = []
    for at in range(half):
        wavelength = 2 * math.pi * config.rope_theta ** (at / half)
        low, high = (s["original_max_position_embeddings"] / s[f"{which}_freq_factor"] for which in ("low", "high"))
        smooth = (s["original_max_position_embeddings"] / wavelength - s["low_freq_factor"]) / (s["high_freq_factor"] - s["low_freq_factor"])
        factors.append(1.0 if wavelength < high else s["factor"] if wavelength > low else 1 / ((1 - smooth) / s["factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def add_geometry(writer, arch, c):
    latent = arch == "deepseek2"
    numbers = {"block_count": c.num_hidden_layers, "context_length": c.max_position_embeddings, "embedding_length": c.hidden_size,
               "feed_forward_length": c.intermediate_size, "attention.head_count": c.num_attention_heads, "vocab_size": c.vocab_size,
               "attention.head_count_kv": 1 if latent else c.num_key_value_heads}
    head = getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads
    if latent:
        numbers |= {"attention.key_length": c.kv_lora_rank + c.qk_rope_head_dim, "attention.value_length": c.kv_lora_rank,
                    "attention.key_length_mla": c.qk_nope_head_dim + c.qk_rope_head_dim, "attention.value_length_mla": c.v_head_dim,
                    "attention.kv_lora_rank": c.kv_lora_rank, "rope.dimension_count": c.qk_rope_head_dim,
                    "leading_dense_block_count": c.first_k_dense_replace, "expert_count": c.n_routed_experts, "expert_used_count": c.num_experts_per_tok,
                    "expert_group_count": c.n_group, "expert_group_used_count": c.topk_group, "expert_feed_forward_length": c.moe_intermediate_size,
                    "expert_shared_count": c.n_shared_experts, "expert_gating_func": 2 if c.model_type == "deepseek_v3" else 1}
        if c.q_lora_rank:
            numbers["attention.q_lora_rank"] = c.q_lora_rank
    elif head * c.num_attention_heads != c.hidden_size or arch != "qwen2":
        numbers |= {"attention.key_length": head, "attention.value_length": head}
    if arch == "llama":
        numbers["rope.dimension_count"] = head
    experts = getattr(c, "num_experts", None) or getattr(c, "num_local_experts", None)
    if experts and not latent:
        numbers |= {"expert_count": experts, "expert_used_count": c.num_experts_per_tok}
    if arch in ("qwen2moe", "qwen3moe"):
        numbers["expert_feed_forward_length"] = c.moe_intermediate_size
    if arch == "qwen2moe":
        numbers["expert_shared_feed_forward_length"] = c.shared_expert_intermediate_size
    for key, value in numbers.items():
        writer.add_uint32(f"{arch}.{key}", value)
    writer.add_float32(f"{arch}.rope.freq_base", c.rope_theta)
    writer.add_float32(f"{arch}.attention.layer_norm_rms_epsilon", c.rms_norm_eps)
    if latent:
        add_latent_floats(writer, arch, c)


def add_latent_floats(writer, arch, c):
    writer.add_float32(f"{arch}.expert_weights_scale", c.routed_scaling_factor)
    if c.norm_topk_prob:
        writer.add_bool(f"{arch}.expert_weights_norm", True)
    s = c.rope_scaling
    writer.add_string(f"{arch}.rope.scaling.type", "yarn")
    writer.add_float32(f"{arch}.rope.scaling.factor", s["factor"])
    writer.add_uint32(f"{arch}.rope.scaling.original_context_length", s["original_max_position_embeddings"])
    writer.add_float32(f"{arch}.rope.scaling.yarn_beta_fast", s["beta_fast"])
    writer.add_float32(f"{arch}.rope.scaling.yarn_beta_slow", s["beta_slow"])
    writer.add_float32(f"{arch}.rope.scaling.yarn_log_multiplier", 0.1 * s["mscale_all_dim"])


def add_vocabulary(writer, tokenizer_json, family, roles):
    """The tokens of a tokenizer.json; `roles` gives the ids of bos, eos and pad, and whether bos is added."""
    vocabulary = {id_: token for token, id_ in tokenizer_json["model"]["vocab"].items()}
    added = {token["id"]: token for token in tokenizer_json["added_tokens"]}
    count = max([*vocabulary, *added]) + 1
    tokens = [added[at]["content"] if at in added else vocabulary[at] for at in range(count)]
    types = [(3 if added[at]["special"] else 4) if at in added else 1 for at in range(count)]
    if family == "spm":
        types = [2 if token == "<unk>" else 6 if token.startswith("<0x") and len(token) == 6 else kind for token, kind in zip(tokens, types)]
        writer.add_tokenizer_model("llama")
        writer.add_token_scores([float(-max(0, at - 259)) if kind == 1 else 0.0 for at, kind in enumerate(types)])
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(PRE[family])
        writer.add_token_merges([" ".join(merge) for merge in tokenizer_json["model"]["merges"]])
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    for name, id_ in roles["ids"].items():
        if id_ is not None:
            writer.add_uint32(f"tokenizer.ggml.{name}_token_id", id_)
    writer.add_add_bos_token(roles["add_bos"])
    writer.add_add_eos_token(False)


def stored_type(name, value, wanted):
    if value.ndim < 2 or any(part in name for part in FLOAT_ONLY):
        return gguf.GGMLQuantizationType.F32
    if wanted == gguf.GGMLQuantizationType.Q8_0 and value.shape[-1] % 32:
        return gguf.GGMLQuantizationType.F16
    return wanted


def write(path, config, tensors, wanted, tokenizer_json, family, roles, chat_template):
    """Writes the file; returns the released tensors as the file's values give them, and the types used."""
    arch = ARCHITECTURES[config.model_type]
    writer = gguf.GGUFWriter(str(path), arch)
    writer.add_name(path.stem)
    add_geometry(writer, arch, config)
    add_vocabulary(writer, tokenizer_json, family, roles)
    writer.add_chat_template(chat_template)
    names = Names(config)
    arrays = names.to_gguf(tensors)
    values, types = {}, {}
    for name, value in arrays.items():
        kind = stored_type(name, value, TYPES[wanted])
        data = gguf.quants.quantize(np.ascontiguousarray(value, dtype=np.float32), kind)
        values[name] = gguf.quants.dequantize(data, kind).reshape(value.shape)
        types[kind.name] = types.get(kind.name, 0) + 1
        writer.add_tensor(name, data, raw_dtype=kind)
    if getattr(config, "rope_scaling", None) and config.model_type == "llama":
        writer.add_tensor("rope_freqs.weight", rope_factors(config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return names.from_gguf(values, tensors), types
