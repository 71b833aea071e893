// The C API of kt/kt.h over Registry and Runtime. No exception leaves a function.
#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "core/serve/chat.h"
#include "core/serve/generation.h"
#include "core/serve/runtime.h"
#include "core/text/detokenizer.h"
#include "kt/kt.h"

struct KtEngine {
  kt::core::Registry registry;
};

struct KtModel {
  std::unique_ptr<kt::core::Runtime> runtime;
};

namespace {

using kt::core::fail;
using kt::core::Status;

std::string& last_error() {
  thread_local std::string text;
  return text;
}

KtApiStatus report(const kt::core::Error& error) {
  last_error() = error.text();
  return static_cast<KtApiStatus>(kt::core::exit_code(error.code));
}

// Runs body() -> Status; its failure, or that of an exception, becomes the last error.
template <class Body>
KtApiStatus guarded(Body&& body) noexcept {
  try {
    last_error().clear();
    const Status status = body();
    return status.ok() ? KT_API_OK : report(status.error());
  } catch (const std::bad_alloc&) {
    return KT_API_MEMORY;
  } catch (const std::exception& error) {
    return report(fail(1, error.what()));
  } catch (...) {
    return KT_API_RUNTIME;
  }
}

Status need(bool ok, const char* what) {
  if (ok) return {};
  return fail(102, std::string(what) + " must not be NULL");
}

std::vector<std::string> strings(const char* const* list) {
  std::vector<std::string> out;
  for (; list && *list; ++list) out.emplace_back(*list);
  return out;
}

// The caller's options over zeros, so that an older caller's shorter struct works.
template <class Options>
Options with_defaults(const Options* given) {
  Options out{};
  if (given) std::memcpy(&out, given, std::min<size_t>(given->struct_size, sizeof out));
  return out;
}

kt::core::RuntimeOptions runtime_options(const char* path, const KtModelOptions& given) {
  kt::core::RuntimeOptions out;
  out.model = path;
  out.threads = given.threads;
  out.context = given.context;
  if (given.batch > 0) out.batch = given.batch;
  out.rules = strings(given.rules);
  out.rule_folders = strings(given.rule_folders);
  if (given.progress) out.progress = [call = given.progress, user = given.user](double fraction) { call(user, fraction); };
  return out;
}

kt::core::GenerationOptions generation_options(const kt::core::Runtime& runtime, const KtGenerateOptions& given) {
  kt::core::GenerationOptions out;
  out.max_tokens = given.max_tokens > 0 ? given.max_tokens : 256;
  out.sampling.temperature = given.temperature;
  out.sampling.top_k = given.top_k;
  out.sampling.top_p = given.top_p > 0 ? given.top_p : 1.0f;
  out.sampling.min_p = given.min_p;
  if (given.has_seed) out.sampling.seed = given.seed;
  if (!given.ignore_eos) out.stop_tokens = kt::core::stop_tokens(runtime.workspace().source(), *runtime.tokenizer());
  return out;
}

}  // namespace

extern "C" {

const char* kt_last_error(void) { return last_error().c_str(); }
const char* kt_version(void) { return KT_VERSION; }

KtApiStatus kt_engine_open(const char* const* plugin_folders, KtEngine** engine) {
  return guarded([&]() -> Status {
    KT_TRY(need(engine, "engine"));
    std::unique_ptr<KtEngine> out(new KtEngine{kt::core::Registry(KT_TRY(kt::core::usable_cpu_features()))});
    out->registry.load_folders(strings(plugin_folders));
    *engine = out.release();
    return {};
  });
}

void kt_engine_free(KtEngine* engine) { delete engine; }

KtApiStatus kt_model_load(KtEngine* engine, const char* path, const KtModelOptions* options, KtModel** model) {
  return guarded([&]() -> Status {
    KT_TRY(need(engine && path && model, "engine, path and model"));
    auto out = std::make_unique<KtModel>();
    out->runtime = KT_TRY(kt::core::Runtime::open(engine->registry, runtime_options(path, with_defaults(options))));
    *model = out.release();
    return {};
  });
}

void kt_model_free(KtModel* model) { delete model; }
int32_t kt_model_vocab_size(const KtModel* model) {
  return model ? static_cast<int32_t>(model->runtime->executable().vocab_size()) : 0;
}
int32_t kt_model_context(const KtModel* model) { return model ? model->runtime->context() : 0; }
int32_t kt_model_eos(const KtModel* model) { return model ? model->runtime->tokenizer()->eos() : -1; }

KtApiStatus kt_tokenize(const KtModel* model, const char* text, size_t size, int32_t add_special, int32_t* ids, size_t capacity,
                        size_t* count) {
  return guarded([&]() -> Status {
    KT_TRY(need(model && text && count && (ids || capacity == 0), "model, text, ids and count"));
    const auto found =
        model->runtime->tokenizer()->encode({text, size}, {.add_special = add_special != 0, .parse_special = false});
    *count = found.size();
    std::copy_n(found.begin(), std::min(capacity, found.size()), ids);
    if (found.size() > capacity)
      return fail(102, "the text has " + std::to_string(found.size()) + " tokens, there is room for " + std::to_string(capacity));
    return {};
  });
}

KtApiStatus kt_detokenize(const KtModel* model, const int32_t* ids, size_t count, char* text, size_t capacity, size_t* size) {
  return guarded([&]() -> Status {
    KT_TRY(need(model && (ids || count == 0) && size && (text || capacity == 0), "model, ids, text and size"));
    const std::string found = model->runtime->tokenizer()->decode({ids, count}, false);
    *size = found.size();
    if (capacity > 0) {
      const size_t copied = std::min(capacity - 1, found.size());
      std::memcpy(text, found.data(), copied);
      text[copied] = '\0';
    }
    if (found.size() >= capacity)
      return fail(102, "the text has " + std::to_string(found.size()) + " bytes, there is room for " + std::to_string(capacity));
    return {};
  });
}

KtApiStatus kt_generate(KtModel* model, const int32_t* ids, size_t count, const KtGenerateOptions* options, KtTokenFn on_token,
                        void* user, size_t* generated) {
  return guarded([&]() -> Status {
    KT_TRY(need(model && (ids || count == 0), "model and ids"));
    kt::core::Runtime& runtime = *model->runtime;
    const auto wanted = generation_options(runtime, with_defaults(options));
    KT_TRY(wanted.sampling.validate());
    auto generation = KT_TRY(kt::core::Generation::open(runtime.executable(), runtime.pool()));
    kt::core::Detokenizer detokenizer(*runtime.tokenizer(), /*skip_special=*/true);
    const auto token = [&](int32_t id) { return !on_token || on_token(user, id, detokenizer.push(id).c_str()) != 0; };
    const auto result = KT_TRY(generation.run({ids, count}, wanted, runtime.context(), token, nullptr));
    const std::string rest = detokenizer.finish();
    if (on_token && !rest.empty()) on_token(user, -1, rest.c_str());
    if (generated) *generated = result.ids.size();
    return {};
  });
}

KtApiStatus kt_logits(KtModel* model, const int32_t* ids, size_t count, float* logits) {
  return guarded([&]() -> Status {
    KT_TRY(need(model && ids && logits, "model, ids and logits"));
    kt::core::Runtime& runtime = *model->runtime;
    auto generation = KT_TRY(kt::core::Generation::open(runtime.executable(), runtime.pool()));
    const auto row = KT_TRY(generation.append({ids, count}, nullptr));
    std::copy(row.begin(), row.end(), logits);
    return {};
  });
}

}  // extern "C"
