"""Writes a trained kt-tiny as a Hugging Face folder: released tensor names, BF16, the correction bias in F32."""
import json

import torch
from safetensors.torch import save_file


def mlp_tensors(mlp, prefix):
    return {f"{prefix}.{name}_proj.weight": getattr(mlp, name) for name in ("gate", "up", "down")}


def layer_tensors(layer, prefix):
    attention, mlp = layer.attention, layer.mlp
    names = {"q_a_proj": attention.q_a, "q_a_layernorm": attention.q_norm, "q_b_proj": attention.q_b, "kv_a_proj_with_mqa": attention.kv_a,
             "kv_a_layernorm": attention.kv_norm, "kv_b_proj": attention.kv_b, "o_proj": attention.o}
    tensors = {f"{prefix}.self_attn.{name}.weight": value for name, value in names.items()}
    tensors[f"{prefix}.input_layernorm.weight"] = layer.attention_norm
    tensors[f"{prefix}.post_attention_layernorm.weight"] = layer.mlp_norm
    if not hasattr(mlp, "router"):
        return tensors | mlp_tensors(mlp, f"{prefix}.mlp")
    tensors |= {f"{prefix}.mlp.gate.weight": mlp.router, f"{prefix}.mlp.gate.e_score_correction_bias": mlp.bias}
    for expert in range(mlp.count):
        for name in ("gate", "up", "down"):
            tensors[f"{prefix}.mlp.experts.{expert}.{name}_proj.weight"] = getattr(mlp, name)[expert]
    return tensors | mlp_tensors(mlp.shared, f"{prefix}.mlp.shared_experts")


def released_tensors(model):
    tensors = {"model.embed_tokens.weight": model.embed, "model.norm.weight": model.norm, "lm_head.weight": model.head}
    for index, layer in enumerate(model.layers):
        tensors |= layer_tensors(layer, f"model.layers.{index}")
    return tensors


def export(model, folder, temperature=0.6, top_p=0.9):
    stored = {name: value.detach().to(torch.float32 if name.endswith("bias") else torch.bfloat16).contiguous().clone()
              for name, value in released_tensors(model).items()}
    save_file(stored, str(folder / "model.safetensors"), metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    (folder / "config.json").write_text(json.dumps(model.c, indent=2) + "\n")
    generation = {"bos_token_id": model.c["bos_token_id"], "eos_token_id": model.c["eos_token_id"], "pad_token_id": model.c["pad_token_id"],
                  "do_sample": True, "temperature": temperature, "top_p": top_p}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")
