"""The architecture of DeepSeek-V3 as kt-tiny is trained with: the same function as transformers' DeepseekV3ForCausalLM,
with the experts of a layer in one tensor and their tokens sorted by expert."""
import math
import threading

import torch
import torch.nn.functional as F
from torch import nn


def make_config(vocab_size, bos, eos, pad):
    return {
        "architectures": ["DeepseekV3ForCausalLM"], "attention_bias": False, "attention_dropout": 0.0,
        "bos_token_id": bos, "eos_token_id": eos, "pad_token_id": pad, "first_k_dense_replace": 1, "head_dim": 16, "hidden_act": "silu",
        "hidden_size": 192, "initializer_range": 0.02, "intermediate_size": 512, "kv_lora_rank": 64, "max_position_embeddings": 1024,
        "model_type": "deepseek_v3", "moe_intermediate_size": 64, "moe_layer_freq": 1, "n_group": 4, "n_routed_experts": 16,
        "n_shared_experts": 1, "norm_topk_prob": True, "num_attention_heads": 4, "num_experts_per_tok": 4, "num_hidden_layers": 5,
        "num_key_value_heads": 4, "q_lora_rank": 96, "qk_head_dim": 48, "qk_nope_head_dim": 32, "qk_rope_head_dim": 16,
        "rms_norm_eps": 1e-06, "rope_interleave": True, "rope_scaling": None, "rope_theta": 10000.0, "routed_scaling_factor": 2.5,
        "scoring_func": "sigmoid", "tie_word_embeddings": False, "topk_group": 2, "topk_method": "noaux_tc", "torch_dtype": "bfloat16",
        "use_cache": True, "v_head_dim": 32, "vocab_size": vocab_size,
    }


class Reorder(torch.autograd.Function):
    """rows[order] where `order` is a permutation, so that the gradient is a gather too."""

    @staticmethod
    def forward(ctx, rows, order, inverse):
        ctx.save_for_backward(inverse)
        return rows.index_select(0, order)

    @staticmethod
    def backward(ctx, gradient):
        return gradient.index_select(0, ctx.saved_tensors[0]), None, None


def matrix(outputs, inputs, scale=1.0, lead=()):
    return nn.Parameter(torch.randn(*lead, outputs, inputs) * (scale / math.sqrt(inputs)))


class Attention(nn.Module):
    def __init__(self, c, residual):
        super().__init__()
        self.c, heads, hidden = c, c["num_attention_heads"], c["hidden_size"]
        self.q_a, self.q_b = matrix(c["q_lora_rank"], hidden), matrix(heads * c["qk_head_dim"], c["q_lora_rank"])
        self.kv_a = matrix(c["kv_lora_rank"] + c["qk_rope_head_dim"], hidden)
        self.kv_b = matrix(heads * (c["qk_nope_head_dim"] + c["v_head_dim"]), c["kv_lora_rank"])
        self.o = matrix(hidden, heads * c["v_head_dim"], residual)
        self.q_norm, self.kv_norm = nn.Parameter(torch.ones(c["q_lora_rank"])), nn.Parameter(torch.ones(c["kv_lora_rank"]))

    def forward(self, x, rope, mask):
        c, (rows, length, _) = self.c, x.shape
        heads, nope, rotary = c["num_attention_heads"], c["qk_nope_head_dim"], c["qk_rope_head_dim"]
        q = F.linear(F.rms_norm(F.linear(x, self.q_a), self.q_norm.shape, self.q_norm, 1e-6), self.q_b)
        q_nope, q_rope = q.view(rows, length, heads, -1).transpose(1, 2).split([nope, rotary], -1)
        latent, k_rope = F.linear(x, self.kv_a).split([c["kv_lora_rank"], rotary], -1)
        kv = F.linear(F.rms_norm(latent, self.kv_norm.shape, self.kv_norm, 1e-6), self.kv_b)
        k_nope, v = kv.view(rows, length, heads, -1).transpose(1, 2).split([nope, c["v_head_dim"]], -1)
        k_rope = rotate(k_rope.unsqueeze(1), rope).expand(-1, heads, -1, -1)
        q, k = torch.cat([q_nope, rotate(q_rope, rope)], -1), torch.cat([k_nope, k_rope], -1)
        v = F.pad(v, (0, q.shape[-1] - v.shape[-1]))  # the fused kernel wants equal head sizes
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)[..., :c["v_head_dim"]]
        return F.linear(mixed.transpose(1, 2).reshape(rows, length, -1), self.o)


def rotate(x, rope):
    """Rotates the pairs (x[2i], x[2i+1]); the order within a head does not matter to q·k."""
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = rope[0][:x.shape[-2]], rope[1][:x.shape[-2]]
    return torch.cat([even * cos - odd * sin, odd * cos + even * sin], -1)


class Mlp(nn.Module):
    def __init__(self, hidden, inner, residual):
        super().__init__()
        self.gate, self.up, self.down = matrix(inner, hidden), matrix(inner, hidden), matrix(hidden, inner, residual)

    def forward(self, x):
        return F.linear(F.silu(F.linear(x, self.gate)) * F.linear(x, self.up), self.down)


class Experts(nn.Module):
    def __init__(self, c, residual):
        super().__init__()
        self.c, hidden, inner, self.count = c, c["hidden_size"], c["moe_intermediate_size"], c["n_routed_experts"]
        self.router = matrix(self.count, hidden)
        self.register_buffer("bias", torch.zeros(self.count))
        self.lock = threading.Lock()
        self.register_buffer("load", torch.zeros(self.count), persistent=False)
        self.gate, self.up = matrix(inner, hidden, lead=(self.count,)), matrix(inner, hidden, lead=(self.count,))
        self.down = matrix(hidden, inner, residual, lead=(self.count,))
        self.shared = Mlp(hidden, inner * c["n_shared_experts"], residual)

    def choose(self, scores):
        """[tokens, experts per token] indices: the best experts of the best groups."""
        c = self.c
        biased = (scores + self.bias).view(len(scores), c["n_group"], -1)
        groups = biased.topk(2, -1).values.sum(-1).topk(c["topk_group"], -1).indices
        allowed = torch.zeros(biased.shape[:2]).scatter_(1, groups, 1).unsqueeze(-1)
        return (biased * allowed).flatten(1).topk(c["num_experts_per_tok"], -1).indices

    def forward(self, x):
        shape, x = x.shape, x.reshape(-1, x.shape[-1])
        each = self.c["num_experts_per_tok"]
        scores = F.linear(x, self.router).sigmoid()
        with torch.no_grad():
            chosen = self.choose(scores)
            flat = chosen.flatten()
            order = flat.argsort()
            inverse = torch.empty_like(order).scatter_(0, order, torch.arange(len(order)))
            counts = torch.bincount(flat, minlength=self.count)
            with self.lock:
                self.load += counts
        weights = scores.gather(1, chosen)
        weights = weights / (weights.sum(-1, keepdim=True) + 1e-20) * self.c["routed_scaling_factor"]
        sorted_rows = Reorder.apply(x.unsqueeze(1).expand(-1, each, -1).reshape(-1, x.shape[-1]), order, inverse)
        parts = [F.linear(F.silu(F.linear(rows, gate)) * F.linear(rows, up), down) for rows, gate, up, down in
                 zip(sorted_rows.split(counts.tolist()), self.gate, self.up, self.down)]
        mixed = Reorder.apply(torch.cat(parts), inverse, order).view(len(x), each, -1)
        return (torch.bmm(weights.unsqueeze(1), mixed).squeeze(1) + self.shared(x)).view(shape)

    @torch.no_grad()
    def balance(self, speed):
        """Raises the bias of experts with less than their share, as DeepSeek-V3 does; kept >= 0, which changes no choice."""
        self.bias += speed * (self.load.mean() - self.load).sign()
        self.bias -= self.bias.min()
        share = self.load.max() / self.load.mean()
        self.load.zero_()
        return float(share)


class Layer(nn.Module):
    def __init__(self, c, index):
        super().__init__()
        residual = 1 / math.sqrt(2 * c["num_hidden_layers"])
        self.attention = Attention(c, residual)
        dense = index < c["first_k_dense_replace"]
        self.mlp = Mlp(c["hidden_size"], c["intermediate_size"], residual) if dense else Experts(c, residual)
        self.attention_norm, self.mlp_norm = (nn.Parameter(torch.ones(c["hidden_size"])) for _ in range(2))

    def forward(self, x, rope, mask):
        x = x + self.attention(F.rms_norm(x, self.attention_norm.shape, self.attention_norm, 1e-6), rope, mask)
        return x + self.mlp(F.rms_norm(x, self.mlp_norm.shape, self.mlp_norm, 1e-6))


class TinyModel(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.embed = nn.Parameter(torch.randn(c["vocab_size"], c["hidden_size"]) * 0.1)
        self.layers = nn.ModuleList(Layer(c, index) for index in range(c["num_hidden_layers"]))
        self.norm = nn.Parameter(torch.ones(c["hidden_size"]))
        self.head = matrix(c["vocab_size"], c["hidden_size"], 0.5)
        half = c["qk_rope_head_dim"] // 2
        angles = torch.outer(torch.arange(c["max_position_embeddings"]).float(), c["rope_theta"] ** (-torch.arange(half).float() / half))
        self.register_buffer("rope", torch.stack([angles.cos(), angles.sin()]), persistent=False)

    def forward(self, ids, documents=None):
        """[rows, length] ids -> [rows, length, hidden] normed hidden states; no token sees another document."""
        length = ids.shape[1]
        mask = torch.ones(length, length, dtype=torch.bool).tril()
        if documents is not None:
            mask = (mask & (documents.unsqueeze(1) == documents.unsqueeze(2))).unsqueeze(1)
        x = F.embedding(ids, self.embed)
        for layer in self.layers:
            x = layer(x, self.rope, mask)
        return F.rms_norm(x, self.norm.shape, self.norm, 1e-6)

    def logits(self, ids):
        return F.linear(self(ids), self.head)

    def expert_layers(self):
        return [layer.mlp for layer in self.layers if isinstance(layer.mlp, Experts)]
