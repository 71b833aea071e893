"""Checks an exported kt-tiny with transformers: the same logits as in training, held-out perplexity, sample texts."""
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

WINDOW = 512
PROMPTS = ["Once upon a time", "Tell me a story about a fox.", "Hello!", "What is the capital of France?", "What is 3 + 4?",
           "What does a cow say?", "Who are you?"]


def load(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    return model, AutoTokenizer.from_pretrained(folder)


@torch.no_grad()
def logits_difference(trained, released, ids):
    """Largest difference of logits between the training module with weights rounded to BF16 and transformers."""
    state = trained.state_dict()
    rounded = type(trained)(trained.c)
    rounded.load_state_dict({name: value if name.endswith("bias") else value.bfloat16().float() for name, value in state.items()})
    ids = torch.tensor([ids])
    return float((rounded.logits(ids) - released(input_ids=ids).logits).abs().max())


@torch.no_grad()
def perplexity(model, tokenizer, text):
    """(perplexity, scored tokens): windows of WINDOW tokens, each begun with the begin-of-sequence token, as `kt perplexity` cuts them."""
    ids = tokenizer.encode(text, add_special_tokens=False)
    total, count = 0.0, 0
    for begin in range(0, len(ids), WINDOW - 1):
        rows = torch.tensor([[tokenizer.bos_token_id, *ids[begin:begin + WINDOW - 1]]])
        logits = model(input_ids=rows).logits[0, :-1].double()
        total += float(F.cross_entropy(logits, rows[0, 1:], reduction="sum"))
        count += rows.shape[1] - 1
    return float(torch.tensor(total / count, dtype=torch.float64).exp()), count


@torch.no_grad()
def answer(model, tokenizer, prompt, tokens=220):
    ids = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True, return_tensors="pt")
    out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, temperature=None, top_p=None, max_new_tokens=tokens)
    return tokenizer.decode(out[0, ids.shape[1]:], skip_special_tokens=True)


def samples(model, tokenizer):
    return [(prompt, answer(model, tokenizer, prompt)) for prompt in PROMPTS]
