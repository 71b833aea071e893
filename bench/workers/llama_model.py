"""A whole model in llama.cpp (llama-cpp-python): prefill of a prompt, or decode of some tokens behind a prefix."""
import argparse
import time

import llama_cpp
import protocol

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--context", type=int, default=4608)
args = parser.parse_args()

llama_cpp.llama_log_set(llama_cpp.llama_log_callback(lambda level, text, data: None), None)
llama_cpp.llama_backend_init()
MODEL = llama_cpp.llama_model_load_from_file(args.model.encode(), llama_cpp.llama_model_default_params())
if not MODEL:
    raise SystemExit(f"llama.cpp cannot load {args.model}")
parameters = llama_cpp.llama_context_default_params()
parameters.n_ctx, parameters.n_batch, parameters.n_ubatch = args.context, 512, 512
parameters.n_threads = parameters.n_threads_batch = args.threads
CONTEXT = llama_cpp.llama_init_from_model(MODEL, parameters)
VOCABULARY = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(MODEL))


def decode(ids):
    for begin in range(0, len(ids), 512):
        part = ids[begin:begin + 512]
        array = (llama_cpp.llama_token * len(part))(*part)
        if llama_cpp.llama_decode(CONTEXT, llama_cpp.llama_batch_get_one(array, len(part))) != 0:
            raise SystemExit("llama.cpp could not compute the batch")
    llama_cpp.llama_synchronize(CONTEXT)


def ids_of(count):
    return [257 + 37 * i % (VOCABULARY - 300) for i in range(count)]


def answer(prompt, generate, depth):
    """Tokens a second: of the prompt if there is one, else of single steps."""
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(CONTEXT), True)
    if depth > 0:
        decode(ids_of(depth))
    start = time.perf_counter()
    if prompt > 0:
        decode(ids_of(prompt))
    for token in ids_of(generate):
        decode([token])
    return {"tok_s": (prompt + generate) / (time.perf_counter() - start)}


protocol.serve(answer)
