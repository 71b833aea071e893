"""Texts from a seed: what small vocabularies are trained on, and what tokenizers are tried with."""

PIECES = [
    "The quick fox jumps over the lazy dog.", "It's a test; we'll see if they've done it, isn't it? I'M SURE. You'D think he'll go.",
    "Prices: 1 12 123 1234 12345 1234567890, 3.14159 and -7e-5 (100%)!", "def add(a, b):\n    return a + b  # sum\n\n\nfor i in range(10):\n\tprint(i)\n",
    "Ünïcödé: café, naïve, Straße, Ærøskøbing, İstanbul, ﬁne ligature.", "e\u0301 a\u0308 decomposed, \u1e9b\u0323 twice",
    "你好，世界！今天天气很好。我们去公园吧。", "こんにちは世界。カタカナ と ひらがな。", "안녕하세요 세계", "Привет, мир! Как дела?", "مرحبا بالعالم", "שלום עולם",
    "नमस्ते दुनिया", "สวัสดีชาวโลก", "🎉🚀👩\u200d👩\u200d👧\u200d👦 🇩🇪 ❤️", "   leading and trailing   ", "tabs\tand\r\nlines\r\rand\n\n\nmore", "a  b   c    d     e",
    "https://example.org/path?q=1&r=2#frag user@example.com", "{\"key\": [1, 2, {\"x\": null}], \"t\": true}", "x²+y³≠½ ∑∫√∞ ≤≥ €£¥ — “quotes” ‘single’ …",
    "CamelCaseAndsnake_case_and-kebab-case HTTPServer2Go", "\u00a0no\u00a0break\u2003em\u3000wide", "0", " ", "\n", "'s 't 're 've 'm 'll 'd 'S 'LL", "!!!???...,,,;;;",
    "<tag attr='v'>text</tag> &amp; &lt;", "I ﷺ \u200b zero\u200bwidth \ufeff bom", "\U0001f1e6\U0001f1e7 \U00010348 \U0001d49c", "a\u0000b\u0007c", "longwordwithoutanyspaces" * 3,
]
WORDS = ("the of and to in is that for it with as on model expert token layer weight router cache prompt story small large open closed river "
         "mountain Paris London 2024 1999 function return value string number true false error file line text word letter").split()


def sentence(rng):
    words = [rng.choice(WORDS) for _ in range(rng.randint(3, 14))]
    return " ".join(words).capitalize() + rng.choice([".", "!", "?", "...", ".\n", ";"])


def training_texts(rng):
    for _ in range(400):
        yield sentence(rng)
    for _ in range(4):
        yield from PIECES


def random_text(rng):
    """Pieces, cut and joined at random, and some random characters."""
    ranges = [(0x20, 0x7e), (0xa0, 0x24f), (0x370, 0x3ff), (0x400, 0x4ff), (0x5d0, 0x5ea), (0x900, 0x97f), (0x3040, 0x30ff), (0x4e00, 0x9fff),
              (0x2000, 0x206f), (0x1f300, 0x1f6ff), (0x300, 0x36f)]
    out = []
    for _ in range(rng.randint(1, 6)):
        if rng.random() < 0.7:
            piece = rng.choice(PIECES)
            begin = rng.randrange(len(piece))
            out.append(piece[begin:begin + rng.randint(1, 30)])
        else:
            low, high = rng.choice(ranges)
            out.append("".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 8))))
    return rng.choice(["", " ", "\n", "  "]).join(out)


def case_texts(rng, specials, count):
    texts = [*PIECES, "", *(sentence(rng) for _ in range(8))]
    texts += [f"{special}{rng.choice(WORDS)} {special}" for special in specials]
    return texts + [random_text(rng) for _ in range(count)]
