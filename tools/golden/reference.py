"""Reference outputs of a model: logits, hidden values and greedy continuations in float32, each by full recomputation."""
import torch

LENGTHS = {"short": 5, "long": 70, "xlong": 140}
GREEDY = {"xlong": 8}
MIN_MARGIN = 1e-3


def rounded(values, digits=9):
    return [float(f"{value:.{digits}g}") for value in values]


@torch.no_grad()
def forward(model, ids):
    """(logits [n, vocab], {point: hidden [n, hidden]})"""
    points, hooks = {}, []

    def keep(name):
        return lambda module, args, out: points.__setitem__(name, (out[0] if isinstance(out, tuple) else out).reshape(len(ids), -1))

    hooks.append(model.model.embed_tokens.register_forward_hook(keep("embed")))
    hooks += [layer.register_forward_hook(keep(f"layer_{at}")) for at, layer in enumerate(model.model.layers)]
    hooks.append(model.model.norm.register_forward_hook(keep("final_norm")))
    logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    for hook in hooks:
        hook.remove()
    return logits, points


def greedy(model, ids, count):
    ids, margins = list(ids), []
    begin = len(ids)
    for _ in range(count):
        best = forward(model, ids)[0][-1].topk(2)
        ids.append(int(best.indices[0]))
        margins.append(float(best.values[0] - best.values[1]))
    return ids[begin:], margins


def hidden_summary(values, middle):
    last = values[-1]
    return {"mean": float(last.mean()), "std": float(last.std(unbiased=False)), "rms_all": float(values.pow(2).mean().sqrt()),
            "last_first8": rounded(last[:8].tolist()), "mid_first8": rounded(values[middle][:8].tolist())}


@torch.no_grad()
def sensitivity(model, ids, logits):
    """How far a relative change of 1e-6 of the embeddings moves the logits."""
    weight = model.model.embed_tokens.weight
    kept = weight.data.clone()
    noise = torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    weight.data = kept * (1 + 1e-6 * noise)
    changed, _ = forward(model, ids)
    weight.data = kept
    return float((changed - logits).abs().max())


def prompt_reference(model, name, ids):
    logits, points = forward(model, ids)
    middle = len(ids) // 2
    chosen, margins = greedy(model, ids, GREEDY.get(name, 24))
    return {"name": name, "prompt_ids": ids, "mid_position": middle, "logits_last": rounded(logits[-1].tolist()),
            "logits_mid": rounded(logits[middle].tolist()), "argmax_per_position": logits.argmax(-1).tolist(), "greedy": chosen,
            "greedy_margins": rounded(margins, 5), "logits_std": float(logits.std()), "sensitivity_1e-6": sensitivity(model, ids, logits),
            "hidden": {point: hidden_summary(values, middle) for point, values in points.items()}}, logits


def golden(model, prompts):
    """The content of golden.json and the logits of the long prompt; None where a greedy step is a near tie."""
    references, long_logits = [], None
    for name, ids in prompts.items():
        reference, logits = prompt_reference(model, name, ids)
        if min(reference["greedy_margins"]) < MIN_MARGIN:
            return None
        references.append(reference)
        if name == "long":
            long_logits = logits
    worst = max(reference["sensitivity_1e-6"] for reference in references)
    document = {"compute": "float32, eager attention, CPU, full recomputation (no KV cache)",
                "tolerances": {"logits_atol_f32": max(5e-4, 5 * worst), "hidden_rtol_f32": 1e-4, "greedy": "exact; every margin exceeds min_margin"},
                "min_margin": min(min(reference["greedy_margins"]) for reference in references), "prompts": references}
    return document, long_logits
