/* A plain C program over kt.h: loads a golden model, tokenizes, generates and reads logits, and gets errors as values. */
#include <kt/kt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      printf("%s:%d: %s does not hold: %s\n", __FILE__, __LINE__, #condition, kt_last_error()); \
      ++failures;                                                                               \
    }                                                                                           \
  } while (0)

typedef struct Answer {
  int32_t ids[64];
  int count;
  int limit;
} Answer;

static int32_t take(void* user, int32_t id, const char* text) {
  Answer* answer = user;
  if (text == NULL) ++failures;
  if (id >= 0) answer->ids[answer->count++] = id;
  return answer->count < answer->limit;
}

static int best_of(const float* logits, int count) {
  int best = 0;
  for (int i = 1; i < count; ++i)
    if (logits[i] > logits[best]) best = i;
  return best;
}

static void check_text(KtModel* model) {
  const char* const text = "share this software";
  int32_t ids[64];
  char back[256];
  size_t count = 0, size = 0;
  CHECK(kt_tokenize(model, text, strlen(text), 0, ids, 64, &count) == KT_API_OK);
  CHECK(count > 0 && count <= 64);
  CHECK(kt_detokenize(model, ids, count, back, sizeof back, &size) == KT_API_OK);
  CHECK(size == strlen(text) && strcmp(back, text) == 0);
  CHECK(kt_tokenize(model, text, strlen(text), 0, ids, 1, &size) == KT_API_USAGE);
  CHECK(size == count);
  CHECK(kt_detokenize(model, ids, count, back, 3, &size) == KT_API_USAGE);
  CHECK(strlen(back) <= 2);
}

static void check_generation(KtModel* model) {
  const int32_t prompt[] = {11, 12, 13, 14};
  KtGenerateOptions options = {.struct_size = sizeof options, .max_tokens = 6, .ignore_eos = 1};
  Answer all = {.limit = 64}, stopped = {.limit = 2};
  size_t made = 0;
  CHECK(kt_generate(model, prompt, 4, &options, take, &all, &made) == KT_API_OK);
  CHECK(made == 6 && all.count == 6);
  CHECK(kt_generate(model, prompt, 4, &options, take, &stopped, &made) == KT_API_OK);
  CHECK(made == 2 && stopped.ids[1] == all.ids[1]);
  const int vocab = kt_model_vocab_size(model);
  float* logits = malloc((size_t)vocab * sizeof(float));
  CHECK(kt_logits(model, prompt, 4, logits) == KT_API_OK);
  CHECK(best_of(logits, vocab) == all.ids[0]);
  free(logits);
  CHECK(kt_generate(model, prompt, 0, &options, take, &all, &made) == KT_API_USAGE);
  const int32_t outside[] = {1 << 30};
  CHECK(kt_generate(model, outside, 1, &options, take, &all, &made) != KT_API_OK);
  CHECK(strlen(kt_last_error()) > 0);
}

int main(int argc, char** argv) {
  if (argc != 4) {
    printf("usage: %s PLUGINS MODELS MODEL\n", argv[0]);
    return 2;
  }
  const char* folders[] = {argv[1], argv[2], NULL};
  KtEngine* engine = NULL;
  KtModel* model = NULL;
  CHECK(kt_engine_open(folders, &engine) == KT_API_OK);
  CHECK(kt_model_load(engine, "/nonexistent", NULL, &model) == KT_API_MODEL);
  CHECK(strstr(kt_last_error(), "KT-E0402") != NULL);
  CHECK(kt_model_load(engine, NULL, NULL, &model) == KT_API_USAGE);
  KtModelOptions options = {.struct_size = sizeof options, .threads = 2, .context = 64};
  CHECK(kt_model_load(engine, argv[3], &options, &model) == KT_API_OK);
  if (model != NULL) {
    CHECK(kt_model_context(model) == 64);
    check_text(model);
    check_generation(model);
  }
  kt_model_free(model);
  kt_engine_free(engine);
  printf("%s\n", failures == 0 ? "ok" : "failed");
  return failures == 0 ? 0 : 1;
}
