/* The C API of libkt_core, for programs that embed the runtime: load a model, turn text into tokens and back, generate, read
 * logits.
 *
 *  - Handles are made by *_open or *_load and freed by *_free, which take NULL.
 *  - A function that can fail returns KtApiStatus; kt_last_error() then gives one text for people, kept per thread.
 *  - Strings are UTF-8 and NUL-terminated. Structs begin with struct_size; fields are only ever appended; zeroed fields mean
 * defaults.
 *  - A KtEngine may be used from any thread; a KtModel by one thread at a time. Nothing throws or exits. */
#ifndef KT_KT_H
#define KT_KT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KT_API __attribute__((visibility("default")))

/* The numbers are the exit codes of the program kt. */
typedef enum KtApiStatus {
  KT_API_OK = 0,
  KT_API_RUNTIME = 1,
  KT_API_USAGE = 2,
  KT_API_RULES = 3,
  KT_API_MODEL = 4,
  KT_API_MEMORY = 5,
  KT_API_PLUGIN = 6,
  KT_API_FEATURE = 7
} KtApiStatus;

typedef struct KtEngine KtEngine; /* loaded plugins and model libraries */
typedef struct KtModel KtModel;   /* a model ready to answer; keeps nothing of its engine but needs it alive */

/* The text of the last failure on this thread, "" if there was none. Valid until the next call on this thread. */
KT_API const char* kt_last_error(void);
/* "0.1.0" */
KT_API const char* kt_version(void);

/* `plugin_folders`: absolute paths, NULL-terminated; libraries that cannot be used are skipped. */
KT_API KtApiStatus kt_engine_open(const char* const* plugin_folders, KtEngine** engine);
KT_API void kt_engine_free(KtEngine* engine);

typedef struct KtModelOptions {
  uint32_t struct_size;
  int32_t threads;                               /* 0: the processors this process may use */
  int32_t context;                               /* tokens of a sequence; 0: the model's, at most 8192 */
  int32_t batch;                                 /* rows of a prompt computed at once; 0: 512 */
  const char* const* rules;                      /* rule files, NULL-terminated; NULL: made from the machine and the model */
  const char* const* rule_folders;               /* where `extends` is searched, NULL-terminated; may be NULL */
  void (*progress)(void* user, double fraction); /* may be NULL */
  void* user;
} KtModelOptions;

/* `path`: a GGUF file (the first of a split) or a folder with config.json. `options` may be NULL. */
KT_API KtApiStatus kt_model_load(KtEngine* engine, const char* path, const KtModelOptions* options, KtModel** model);
KT_API void kt_model_free(KtModel* model);
KT_API int32_t kt_model_vocab_size(const KtModel* model);
KT_API int32_t kt_model_context(const KtModel* model);
KT_API int32_t kt_model_eos(const KtModel* model); /* -1: none */

/* Writes at most `capacity` ids; *count is how many there are, also where that is more (then KT_API_USAGE). */
KT_API KtApiStatus kt_tokenize(const KtModel* model, const char* text, size_t size, int32_t add_special, int32_t* ids,
                               size_t capacity, size_t* count);
/* Writes at most `capacity` bytes, with a NUL; *size is the length without it, also where that is more (then KT_API_USAGE). */
KT_API KtApiStatus kt_detokenize(const KtModel* model, const int32_t* ids, size_t count, char* text, size_t capacity,
                                 size_t* size);

typedef struct KtGenerateOptions {
  uint32_t struct_size;
  int32_t max_tokens; /* 0: 256 */
  float temperature;  /* 0: the most likely token */
  int32_t top_k;      /* 0: all */
  float top_p;        /* 0: all */
  float min_p;        /* 0: all */
  int32_t ignore_eos; /* 1: go on after the end of the answer */
  int32_t has_seed;   /* 1: `seed` is used; 0: a new one each time */
  uint64_t seed;
} KtGenerateOptions;

/* Called with every token and the text it completes (valid during the call); 0 ends the generation. Bytes of a character that
 * no token completed come last, with id -1. */
typedef int32_t (*KtTokenFn)(void* user, int32_t id, const char* text);

/* Continues `ids` in a new sequence. *generated (may be NULL) is the number of tokens made. */
KT_API KtApiStatus kt_generate(KtModel* model, const int32_t* ids, size_t count, const KtGenerateOptions* options,
                               KtTokenFn on_token, void* user, size_t* generated);
/* The logits after the last of `ids`, in a new sequence; `logits` holds kt_model_vocab_size() floats. */
KT_API KtApiStatus kt_logits(KtModel* model, const int32_t* ids, size_t count, float* logits);

#ifdef __cplusplus
}
#endif
#endif
