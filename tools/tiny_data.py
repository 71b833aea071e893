"""The training and held-out text of kt-tiny as tokens: packed rows of stories and chats, each made anew from its number."""
import random

import numpy as np

import chat_grammar
from story_grammar import make_split_story
from tiny_tokenizer import ASSISTANT, BOS, EOS, USER

IGNORED = -100       # target of a token that is not learned: what users and systems say
CHAT_SHARE = 0.65
SYSTEM_SHARE = 0.2
HELD_OUT_BYTES = 100_000


def tokenizer_corpus(seed, stories=6000, chats=12000):
    rng = random.Random(f"tokenizer {seed}")
    for _ in range(stories):
        yield make_split_story(rng, held_out=False).text + "\n\n"
    for _ in range(chats):
        for user, assistant in chat_grammar.make_chat(rng):
            yield user
            yield assistant


def held_out_text(seed):
    """About 100 KB of stories whose keys training never sees."""
    rng = random.Random(f"held out {seed}")
    stories, size = [], 0
    while size < HELD_OUT_BYTES:
        stories.append(make_split_story(rng, held_out=True).text)
        size += len(stories[-1]) + 2
    return "\n\n".join(stories) + "\n"


class RowMaker:
    """Makes the rows of a training step: [rows, length] token ids, targets and the number of the document of each token."""

    def __init__(self, tokenizer, seed):
        self.tokenizer, self.seed = tokenizer, seed
        self.bos, self.eos, self.user, self.assistant = (tokenizer.token_to_id(text) for text in (BOS, EOS, USER, ASSISTANT))

    def encode(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def chat(self, rng):
        ids, learned = [self.bos], [False]

        def add(more, learn):
            ids.extend(more)
            learned.extend([learn] * len(more))

        if rng.random() < SYSTEM_SHARE:
            add(self.encode(rng.choice(chat_grammar.SYSTEM_PROMPTS)), False)
        for user, answer in chat_grammar.make_chat(rng):
            add([self.user, *self.encode(user), self.assistant], False)
            add([*self.encode(answer), self.eos], True)
        return ids, learned

    def story(self, rng):
        ids = [self.bos, *self.encode(make_split_story(rng, held_out=False).text), self.eos]
        return ids, [True] * len(ids)

    def stream(self, rng, length):
        """Stories one after another, cut anywhere, as a long text is."""
        text = "\n\n".join(make_split_story(rng, held_out=False).text for _ in range(length // 100 + 2))
        ids = self.encode(text)
        begin = rng.randrange(150)
        return [self.bos, *ids[begin:begin + length]], [True] * (length + 1)

    def row(self, rng, length):
        """length + 1 tokens of one kind of text, packed."""
        kind = rng.random()
        if kind > CHAT_SHARE + 0.15:
            ids, learned = self.stream(rng, length)
            return ids, learned, [0] * len(ids)
        make = self.chat if kind < CHAT_SHARE else self.story
        ids, learned, documents = [], [], []
        document = 0
        while len(ids) <= length:
            more, flags = make(rng)
            ids += more
            learned += flags
            documents += [document] * len(more)
            document += 1
        return ids[:length + 1], learned[:length + 1], documents[:length + 1]

    def step(self, step, rows, length):
        rng = random.Random(f"{self.seed} {step}")
        made = [self.row(rng, length) for _ in range(rows)]
        ids, learned, documents = (np.array([row[part] for row in made], dtype=np.int64) for part in range(3))
        same_document = documents[:, 1:] == documents[:, :-1]
        targets = np.where(learned[:, 1:].astype(bool) & same_document, ids[:, 1:], IGNORED)
        return ids[:, :-1], targets, documents[:, :-1]
