/* The same thing in plain C11: a plugin of one operator, y = x * sigmoid(x), with its tables written by hand. */
#include <kt/abi.h>
#include <math.h>
#include <stdlib.h>

KT_MANIFEST("kt_manifest: 1\n"
            "name: example_c\n"
            "version: \"1.0.0\"\n"
            "abi: \"1.0\"\n"
            "operators:\n"
            "  - {name: example_c.silu, implements: Silu, device: cpu, numerics: invariant.example, help: x * sigmoid(x)}\n");

static KtStatus supports(const KtHost* host, const KtNode* node, const KtOptions* options, KtSupport* out) {
  (void)options;
  KtTensor input = {0};
  out->score = host->node_input(node, 0, &input) == KT_OK && input.dtype == KT_F32 ? 10 : 0;
  return KT_OK;
}

static KtStatus create(const KtHost* host, const KtNode* node, const KtOptions* options, void** self) {
  (void)host, (void)node, (void)options;
  *self = malloc(1); /* an operator without state of its own still has an identity */
  return *self ? KT_OK : KT_OUT_OF_MEMORY;
}

static int64_t row_count(const KtTensor* t) {
  int64_t rows = 1;
  for (int32_t d = 0; d + 1 < t->rank; ++d) rows *= t->shape[d];
  return rows;
}

/* The first element of a row; rows may be strided. */
static float* row_of(const KtTensor* t, int64_t row) {
  float* at = (float*)((char*)t->data + t->offset);
  for (int32_t d = t->rank - 2; d >= 0; --d) {
    at += row % t->shape[d] * t->stride[d];
    row /= t->shape[d];
  }
  return at;
}

static void run_rows(void* user, int64_t begin, int64_t end, int32_t thread) {
  (void)thread;
  const KtCall* call = user;
  const KtTensor *x = call->inputs[0], *y = call->outputs[0];
  for (int64_t row = begin; row < end; ++row) {
    const float* from = row_of(x, row);
    float* to = row_of(y, row);
    for (int64_t i = 0; i < x->shape[x->rank - 1]; ++i) to[i] = from[i] / (1.0f + expf(-from[i]));
  }
}

static KtStatus run(void* self, const KtHost* host, const KtCall* call) {
  (void)self;
  host->parallel_for(call->context, row_count(call->inputs[0]), 1, run_rows, (void*)call);
  return KT_OK;
}

static void destroy(void* self) { free(self); }

static const KtOperatorDef kSilu = {
    .struct_size = sizeof(KtOperatorDef),
    .name = "example_c.silu",
    .implements = "Silu",
    .device = "cpu",
    .help = "x * sigmoid(x)",
    .numerics = "invariant.example",
    .supports = supports,
    .create = create,
    .run = run,
    .destroy = destroy,
};
static const KtOperatorDef* const kOperators[] = {&kSilu};
static const KtPlugin kPlugin = {
    .struct_size = sizeof(KtPlugin),
    .magic = KT_ABI_MAGIC,
    .abi_major = KT_ABI_MAJOR,
    .abi_minor = KT_ABI_MINOR,
    .name = "example_c",
    .version = "1.0.0",
    .help = "an example of a plugin in C",
    .operator_count = 1,
    .operators = kOperators,
};

KtStatus kt_plugin_entry(const KtHost* host, const KtPlugin** plugin) {
  (void)host;
  *plugin = &kPlugin;
  return KT_OK;
}
