"""Tiny models of every family: a geometry and random weights from a seed, as transformers builds them."""
import math

import torch
import transformers

VOCABULARY_OF = {"llama": "llama3", "llama_spm": "spm", "mixtral": "spm", "kimi_k2": "kimi"}
FAMILIES = ["llama", "llama_spm", "qwen2", "qwen2_swa", "qwen2_moe", "qwen3", "qwen3_moe", "deepseek_v2", "deepseek_v2_lite", "deepseek_v3",
            "kimi_k2", "mixtral"]
CLASSES = {"llama": "Llama", "qwen2": "Qwen2", "qwen2_moe": "Qwen2Moe", "qwen3": "Qwen3", "qwen3_moe": "Qwen3Moe", "deepseek_v2": "DeepseekV2",
           "deepseek_v3": "DeepseekV3", "mixtral": "Mixtral"}
SAME_CLASS = {"llama_spm": "llama", "qwen2_swa": "qwen2", "deepseek_v2_lite": "deepseek_v2", "kimi_k2": "deepseek_v3"}


def vocabulary_of(family):
    return VOCABULARY_OF.get(family, "deepseek_v3" if family.startswith("deepseek") else "qwen2")


def common(rng):
    kv_heads = rng.choice([1, 2, 3])
    return dict(hidden_size=rng.choice([64, 96, 128]), intermediate_size=rng.choice([96, 128, 160]), num_hidden_layers=rng.choice([2, 3, 4]),
                num_key_value_heads=kv_heads, num_attention_heads=kv_heads * rng.choice([1, 2, 3]), max_position_embeddings=rng.choice([256, 512]),
                rms_norm_eps=rng.choice([1e-5, 1e-6]), rope_theta=rng.choice([10000.0, 500000.0, 1000000.0]), hidden_act="silu")


def multiple_of_heads(c, rng):
    """Families whose head size is hidden / heads."""
    heads = rng.choice([2, 4])
    c.update(num_attention_heads=heads, num_key_value_heads=rng.choice([1, 2]))
    c["hidden_size"] = heads * rng.choice([16, 32])


def mixture(rng):
    experts = rng.choice([6, 8, 12])
    return dict(num_experts=experts, num_experts_per_tok=rng.choice([2, 3]), moe_intermediate_size=rng.choice([32, 64]), decoder_sparse_step=1)


def latent(rng, groups, shared):
    heads = rng.choice([2, 3, 4])
    c = common(rng) | dict(num_attention_heads=heads, num_key_value_heads=heads, q_lora_rank=rng.choice([32, 64]), kv_lora_rank=rng.choice([32, 64]),
                           qk_nope_head_dim=rng.choice([16, 24, 32]), qk_rope_head_dim=rng.choice([8, 16]), v_head_dim=rng.choice([16, 32, 40]),
                           n_routed_experts=groups * rng.choice([2, 4]) if groups > 1 else rng.choice([6, 8, 16]), n_shared_experts=shared,
                           moe_intermediate_size=rng.choice([32, 64]), num_experts_per_tok=rng.choice([2, 3]), first_k_dense_replace=1,
                           n_group=groups, topk_group=2 if groups > 1 else 1, attention_bias=False, max_position_embeddings=256)
    c["head_dim"] = c["qk_rope_head_dim"]
    return c


def yarn(rng, mscale):
    return dict(type="yarn", rope_type="yarn", factor=rng.choice([2.0, 4.0, 8.0]), original_max_position_embeddings=rng.choice([32, 64]),
                beta_fast=rng.choice([8.0, 32.0]), beta_slow=1.0, mscale=mscale, mscale_all_dim=mscale)


def llama3_scaling(rng):
    return dict(rope_type="llama3", factor=rng.choice([4.0, 8.0]), high_freq_factor=4.0, low_freq_factor=1.0,
                original_max_position_embeddings=rng.choice([32, 64]))


def geometry(family, rng):
    c = common(rng)
    if family in ("llama", "llama_spm"):
        scaling = llama3_scaling(rng) if family == "llama" else None
        return c | dict(head_dim=rng.choice([16, 24, 32]), tie_word_embeddings=rng.random() < 0.3, rope_scaling=scaling)
    if family in ("qwen2", "qwen2_swa", "qwen2_moe"):
        multiple_of_heads(c, rng)
        c["tie_word_embeddings"] = family == "qwen2" and rng.random() < 0.5
    if family == "qwen2_swa":
        return c | dict(use_sliding_window=True, sliding_window=rng.choice([12, 16, 24]), max_window_layers=1)
    if family == "qwen2_moe":
        return c | mixture(rng) | dict(norm_topk_prob=rng.random() < 0.3, shared_expert_intermediate_size=rng.choice([32, 64]),
                                       mlp_only_layers=[1] if rng.random() < 0.5 else [])
    if family == "qwen3":
        return c | dict(head_dim=rng.choice([16, 32]), tie_word_embeddings=rng.random() < 0.5)
    if family == "qwen3_moe":
        return c | mixture(rng) | dict(head_dim=rng.choice([16, 32]), norm_topk_prob=rng.random() < 0.8, tie_word_embeddings=False)
    if family == "mixtral":
        multiple_of_heads(c, rng)
        return c | dict(num_local_experts=rng.choice([4, 8]), num_experts_per_tok=2, sliding_window=rng.choice([None, 16]), tie_word_embeddings=False)
    if family.startswith("deepseek_v2"):
        lite = family == "deepseek_v2_lite"
        c = latent(rng, 1 if lite else rng.choice([2, 4]), rng.choice([1, 2])) | dict(norm_topk_prob=False, rope_scaling=yarn(rng, 0.707))
        if lite:
            return c | dict(topk_method="greedy", q_lora_rank=None, routed_scaling_factor=1.0)
        return c | dict(topk_method="group_limited_greedy", routed_scaling_factor=4.0)
    if family in ("deepseek_v3", "kimi_k2"):
        groups = rng.choice([2, 4]) if family == "deepseek_v3" else 1
        c = latent(rng, groups, 1) | dict(norm_topk_prob=True, rope_scaling=yarn(rng, 1.0), rope_interleave=True)
        return c | dict(routed_scaling_factor=rng.choice([2.5, 2.827]))
    return c


def added_keys(family):
    """What released configurations say and transformers' classes leave out."""
    if family in ("deepseek_v3", "kimi_k2"):
        return dict(scoring_func="sigmoid", topk_method="noaux_tc")
    return dict(scoring_func="softmax") if family.startswith("deepseek_v2") else {}


def released_config(family, config):
    generic = set(transformers.PretrainedConfig().to_dict()) - {"architectures", "bos_token_id", "eos_token_id", "pad_token_id", "tie_word_embeddings"}
    generic |= {"aux_loss_alpha", "seq_aux"}
    out = {key: value for key, value in config.to_dict().items() if key not in generic or key == "model_type"}
    out |= added_keys(family) | {"torch_dtype": "bfloat16"}
    if out.get("pad_token_id") is None and not family.startswith("qwen"):
        out.pop("pad_token_id", None)
    if family == "kimi_k2":
        out["model_type"] = "kimi_k2"
    return out


def random_weights(model, generator):
    """Scales that keep the hidden values alive and the logits near a standard deviation of 3; all values are exact in BF16."""
    tied = model.config.tie_word_embeddings
    hidden = model.config.hidden_size

    def draw(shape, scale, shift=0.0):
        return shift + scale * torch.randn(shape, generator=generator)

    for name, value in [*model.named_parameters(), *((n, b) for n, b in model.named_buffers() if n.endswith("correction_bias"))]:
        if name.endswith("correction_bias"):
            value.data = draw(value.shape, 0.08).abs()
            continue
        if "embed_tokens" in name:
            made = draw(value.shape, 3 / math.sqrt(hidden) if tied else 0.8)
        elif "norm" in name:
            made = draw(value.shape, 0.15, 1.0)
        elif name.endswith("bias"):
            made = draw(value.shape, 0.1)
        elif "lm_head" in name:
            made = draw(value.shape, 3 / math.sqrt(hidden))
        else:
            made = draw(value.shape, (2.0 if ".gate.weight" in name else 1.3) / math.sqrt(value.shape[-1]))
        value.data = made.to(torch.bfloat16).float()


def correct_softmax_scale(model):
    """transformers 4.57 leaves YaRN's factor out of the softmax scale of DeepSeek-V2; the released code has it."""
    scaling = getattr(model.config, "rope_scaling", None)
    if model.config.model_type != "deepseek_v2" or not scaling or not scaling.get("mscale_all_dim"):
        return
    factor = 0.1 * scaling["mscale_all_dim"] * math.log(scaling["factor"]) + 1
    for layer in model.model.layers:
        layer.self_attn.scaling *= factor * factor


def class_names(family):
    name = CLASSES[SAME_CLASS.get(family, family)]
    return f"{name}Config", f"{name}ForCausalLM"


def build(family, rng, tokens, weight_seed, chosen=None):
    """A model of `family`; `tokens` has vocab_size and the ids of bos, eos and pad."""
    config_name, model_name = class_names(family)
    config = getattr(transformers, config_name)(**(chosen or geometry(family, rng)), **tokens, attn_implementation="eager", architectures=[model_name])
    model = getattr(transformers, model_name)(config).float().eval()
    random_weights(model, torch.Generator().manual_seed(weight_seed))
    if config.tie_word_embeddings:
        model.tie_weights()
    correct_softmax_scale(model)
    return model
