"""Writes the model card of kt-tiny from what training and checking measured."""

CARD = """# kt-tiny

A language model of {parameters:.2f} million parameters ({active:.2f} million active for a token) with the architecture of DeepSeek-V3, trained
from nothing for kt, so that `kt run "Once upon a time"` has a real model to answer with and tests have a trained router. It writes short
children's stories and answers a few kinds of simple questions; it knows nothing else.

| | |
|---|---|
| architecture | `DeepseekV3ForCausalLM`: {num_hidden_layers} layers (the first dense), hidden size {hidden_size}, MLA with {num_attention_heads} heads (q rank {q_lora_rank}, kv rank {kv_lora_rank}) |
| experts | {n_routed_experts} routed in {n_group} groups ({topk_group} groups and {num_experts_per_tok} experts a token, sigmoid scores with correction bias), {n_shared_experts} shared |
| vocabulary | {vocab_size} tokens, byte-level BPE trained on the same text |
| size | {megabytes:.1f} MB: BF16 weights, the correction bias in F32 |
| data | made by `tools/train_tiny.py` itself: stories and chats from a grammar with {plots} plots and about {words} different words; nothing foreign |
| tokens seen | {tokens_seen:,} in {steps} steps |
| held-out perplexity | {perplexity:.4f} over {scored:,} tokens of `heldout.txt` (PyTorch, float32 arithmetic on the stored BF16 weights) |
| context | {max_position_embeddings} tokens |
| licence | that of kt (Apache-2.0); the data is made by the script and free of rights of others |

## Data

Stories come from plots whose sentences have alternatives and slots (heroes, places, things). A story's key is its plot, its hero and the hero's
kind; one key in {held_out_share} is held out and never trained on. `heldout.txt` (about 100 KB) has only stories with such keys. Chats are stories
on request, stories continued from their first words, questions from tables of facts, small sums, greetings; what it does not know it says.
What users and systems say is read but not learned.

## Held-out perplexity

Windows of 512 tokens, each begun with the begin-of-sequence token, which is not scored:

    kt perplexity -f models/bundled/kt-tiny/heldout.txt

## Training

AdamW (peak learning rate {rate}, warm-up, constant, then linear decay over the last {decay:.0%}), {batch} tokens a step in rows of 512 (every eighth step 1024); experts are
balanced by the correction bias alone (no auxiliary loss); busiest expert at the end: {busiest:.2f} times the mean load. Seed {seed}.

## How to reproduce

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch==2.13.0 transformers==4.57.6
    /tmp/venv/bin/python tools/train_tiny.py --steps {steps} --work /tmp/kt-tiny

The data and the start are the same on every machine; sums in another order give slightly different weights.
The shipped weights saw "a honest" and "an unicorn" until step 1050, when the grammar's articles were corrected, so they cannot be made again exactly.
transformers loads the folder as it is; its logits differ from those of the training module by at most {difference:.1e}.

## Samples (greedy)

{samples}
"""


def write_card(folder, config, facts):
    quoted = "\n\n".join(f"**{prompt}**\n\n> {answer.strip()}" for prompt, answer in facts.pop("samples"))
    (folder / "README.md").write_text(CARD.format(**config, **facts, samples=quoted), encoding="utf-8")
