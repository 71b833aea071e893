/* The C boundary between kt and its plugins and model libraries.
 *
 * Rules that hold everywhere here:
 *  - every struct starts with `struct_size`; fields are only ever appended; a field beyond the other side's struct_size is absent;
 *  - majors must be equal, minors negotiate: a library asks for the least minor it needs;
 *  - arrays of structs are arrays of pointers; strings are UTF-8, NUL-terminated; sizes are bytes unless a name says otherwise;
 *  - pointers passed in are borrowed for the call unless the comment says how long; nothing throws or longjmps across;
 *  - a function that can fail returns KtStatus and puts one sentence into the host's error sink (KtHost::set_error). */
#ifndef KT_ABI_H
#define KT_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KT_ABI_MAGIC 0x3142544Bu /* "KTB1" */
#define KT_ABI_MAJOR 1
#define KT_ABI_MINOR 0
#define KT_MAX_RANK 5
#define KT_EXPORT __attribute__((visibility("default")))
/* The library's description, YAML text that the host reads without loading the library; once per library. C++ libraries get it
 * from KT_PLUGIN. */
#define KT_MANIFEST(text) \
  __attribute__((used, section(".kt_manifest"))) static const char kt_manifest[] = text

typedef enum KtStatus {
  KT_OK = 0,
  KT_ERROR = 1,           /* any failure without a better name */
  KT_UNSUPPORTED = 2,     /* the node, type or device is not supported */
  KT_INVALID = 3,         /* an argument or a value breaks the contract */
  KT_OUT_OF_MEMORY = 4,
  KT_DEVICE_LOST = 5
} KtStatus;

/* Element types and block formats. Values are stable. 0..41 are the tensor types of the GGUF specification
 * (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md); 256.. are kt's names for types of safetensors files. */
typedef enum KtDtype {
  KT_F32 = 0, KT_F16 = 1, KT_Q4_0 = 2, KT_Q4_1 = 3, KT_Q5_0 = 6, KT_Q5_1 = 7, KT_Q8_0 = 8, KT_Q8_1 = 9,
  KT_Q2_K = 10, KT_Q3_K = 11, KT_Q4_K = 12, KT_Q5_K = 13, KT_Q6_K = 14, KT_Q8_K = 15,
  KT_IQ2_XXS = 16, KT_IQ2_XS = 17, KT_IQ3_XXS = 18, KT_IQ1_S = 19, KT_IQ4_NL = 20, KT_IQ3_S = 21, KT_IQ2_S = 22, KT_IQ4_XS = 23,
  KT_I8 = 24, KT_I16 = 25, KT_I32 = 26, KT_I64 = 27, KT_F64 = 28, KT_IQ1_M = 29, KT_BF16 = 30,
  KT_TQ1_0 = 34, KT_TQ2_0 = 35, KT_MXFP4 = 39, KT_NVFP4 = 40,
  KT_F8_E4M3 = 256, KT_F8_E5M2 = 257, KT_U8 = 258, KT_U16 = 259, KT_U32 = 260, KT_U64 = 261, KT_BOOL = 262
} KtDtype;

/* A device by kind and index; {"cpu", 0} is the host. `kind` lives as long as the process. */
typedef struct KtDevice {
  const char* kind;
  int32_t index;
  int32_t reserved;
} KtDevice;

/* Dimensions known only when a batch runs. They stand in shapes of graph values, never in a KtTensor passed to run(). */
#define KT_DIM_TOKENS  (-1) /* rows of the batch */
#define KT_DIM_OUTPUTS (-2) /* rows whose logits are asked for */

/* A borrowed view of memory. Element (i0, i1, ...) lies at data + offset + sum(i_d * stride[d]) * element size, strides in elements.
 * The innermost stride is 1. For block formats strides and shape count elements, and rows are whole blocks. */
typedef struct KtTensor {
  uint32_t struct_size;
  int32_t dtype; /* KtDtype */
  int32_t rank;  /* 0..KT_MAX_RANK */
  int32_t reserved;
  KtDevice device;
  void* data; /* host pointer, or the device's handle */
  uint64_t offset;
  int64_t shape[KT_MAX_RANK];
  int64_t stride[KT_MAX_RANK];
} KtTensor;

/* One named part of a weight. A quantised checkpoint keeps a weight as several tensors ("values", "scales", "zeros", ...).
 * A part is one tensor for the whole weight (count 1), or one tensor for each index of dimension 0 (count == shape[0]). */
typedef struct KtWeightPart {
  uint32_t struct_size;
  uint32_t count;
  const char* name;
  const KtTensor* const* tensors;
} KtWeightPart;

/* A weight of a node: logical shape, format of the values, and its parts; parts[0] is "values". Valid from prepare() to destroy(). */
typedef struct KtWeight {
  uint32_t struct_size;
  int32_t dtype;
  int32_t rank;
  uint32_t part_count;
  const char* name; /* parameter name in the node: "weight", "bias", "w_uk", ... */
  int64_t shape[KT_MAX_RANK];
  const KtWeightPart* const* parts;
} KtWeight;

typedef enum KtPhase { KT_PREFILL = 0, KT_DECODE = 1, KT_TRAIN = 2 } KtPhase;

/* The rows of one run. Rows of a segment are consecutive and belong to one sequence. Arrays are host memory, valid during run(). */
typedef struct KtBatch {
  uint32_t struct_size;
  int32_t phase; /* KtPhase */
  int32_t token_count;
  int32_t segment_count;
  const int32_t* segment_begin;   /* [segments] first row */
  const int32_t* segment_count_of;/* [segments] rows */
  const int32_t* first_position;  /* [segments] position of the first row in its sequence; positions before it are in the state */
  const int32_t* token_segment;   /* [tokens] segment of each row */
  const int32_t* token_position;  /* [tokens] position of each row in its sequence */
} KtBatch;

/* Paged state of a module: token rows of `keys` (and `values`, absent for a latent cache whose values are a prefix of its keys).
 * Position p of segment s is row p % page_size of page block_table[s * table_stride + p / page_size]. */
typedef struct KtPagedState {
  uint32_t struct_size;
  int32_t page_size;              /* tokens a page */
  const KtTensor* keys;           /* [pages, page_size, heads, key_dim] */
  const KtTensor* values;         /* [pages, page_size, heads, value_dim], or NULL */
  const int32_t* block_table;     /* [segments, table_stride] */
  int64_t table_stride;
} KtPagedState;

typedef struct KtNode KtNode;       /* a node of a graph; read through KtHost */
typedef struct KtOptions KtOptions; /* option values of a binding, defaults filled in; read through KtHost */
typedef struct KtCallContext KtCallContext;

/* fn(user, begin, end): the half-open range of work items; thread is 0..threads-1 and selects per-thread scratch. */
typedef void (*KtRangeFn)(void* user, int64_t begin, int64_t end, int32_t thread);
typedef void (*KtRegionFn)(void* user, int32_t thread, int32_t threads);

/* What an operator gets in run(). All pointers are valid until run() returns. Operators do not allocate in run(). */
typedef struct KtCall {
  uint32_t struct_size;
  uint32_t input_count;
  const KtTensor* const* inputs;
  uint32_t output_count;
  uint32_t reserved;
  const KtTensor* const* outputs; /* shaped by the host; the operator writes their elements */
  const KtBatch* batch;
  const KtPagedState* state;      /* NULL for a node without state */
  void* scratch;                  /* scratch_size() bytes, 64-byte aligned, undefined content */
  uint64_t scratch_size;
  void* stream;                   /* native stream of the device; NULL on the CPU */
  KtCallContext* context;         /* for KtHost::parallel_for and its kin */
} KtCall;

typedef enum KtOptionType { KT_OPTION_INT = 0, KT_OPTION_FLOAT = 1, KT_OPTION_BOOL = 2, KT_OPTION_STRING = 3, KT_OPTION_ENUM = 4 } KtOptionType;

/* An option a rule may set. Rules are checked against these and editors complete them. */
typedef struct KtOptionDef {
  uint32_t struct_size;
  int32_t type; /* KtOptionType */
  const char* name;
  const char* default_value; /* as it would be written in YAML */
  const char* help;
  const char* choices;       /* ENUM: "a|b|c" */
  double minimum, maximum;   /* INT and FLOAT; both 0: no range */
} KtOptionDef;

/* Answer of supports(): score 0 is "no" with a reason in words; among operators that say yes the highest score wins. */
typedef struct KtSupport {
  uint32_t struct_size;
  int32_t score;
  char reason[256];
} KtSupport;

/* The functions the host lends. Valid as long as the library is loaded; all are thread-safe unless their comment says otherwise. */
typedef struct KtHost {
  uint32_t struct_size;
  uint32_t abi_major, abi_minor;
  uint32_t reserved;
  void (*set_error)(const char* text); /* one sentence; kept per thread, copied */
  void (*log)(int32_t level, const char* text); /* 0 trace .. 5 error */
  const char* (*node_name)(const KtNode*);      /* dotted name; lives as long as the node */
  const char* (*node_class)(const KtNode*);
  uint32_t (*node_input_count)(const KtNode*);
  uint32_t (*node_output_count)(const KtNode*);
  /* dtype, rank and shape (with KT_DIM_*) of an input or output; data is NULL. */
  KtStatus (*node_input)(const KtNode*, uint32_t index, KtTensor* out);
  KtStatus (*node_output)(const KtNode*, uint32_t index, KtTensor* out);
  uint32_t (*node_weight_count)(const KtNode*);
  /* dtype, rank, shape and name of a weight; parts is NULL before prepare(). */
  KtStatus (*node_weight)(const KtNode*, uint32_t index, KtWeight* out);
  /* Attributes: KT_INVALID if absent or of another type. */
  KtStatus (*node_int)(const KtNode*, const char* key, int64_t* out);
  KtStatus (*node_float)(const KtNode*, const char* key, double* out);
  KtStatus (*node_string)(const KtNode*, const char* key, const char** out);
  KtStatus (*node_floats)(const KtNode*, const char* key, const float** out, uint64_t* count);
  KtStatus (*option_int)(const KtOptions*, const char* key, int64_t* out);
  KtStatus (*option_float)(const KtOptions*, const char* key, double* out);
  KtStatus (*option_bool)(const KtOptions*, const char* key, int32_t* out);
  KtStatus (*option_string)(const KtOptions*, const char* key, const char** out);
  /* Runs fn over [0, count) in chunks of about `grain` items on the team of this call; returns when all is done. */
  void (*parallel_for)(KtCallContext*, int64_t count, int64_t grain, KtRangeFn fn, void* user);
  /* Runs fn once on every thread of the team at the same time; inside it team_barrier() may be used. */
  void (*parallel_region)(KtCallContext*, KtRegionFn fn, void* user);
  void (*team_barrier)(KtCallContext*);
  int32_t (*team_size)(KtCallContext*);
  /* An optional interface by id (see kt/ext), or NULL. */
  const void* (*get_interface)(const char* id);
} KtHost;

/* An operator: how one class of node is computed on one kind of device.
 * Life of an instance: create -> prepare -> scratch_size/run (many, one at a time) -> destroy. */
typedef struct KtOperatorDef {
  uint32_t struct_size;
  uint32_t option_count;
  const char* name;       /* "cpu.moe" */
  const char* implements; /* class of node: "MoeExperts" */
  const char* device;     /* kind of device: "cpu" */
  const char* help;       /* one line */
  const char* numerics;   /* id of the arithmetic; two operators with one id give equal bits. "invariant" suffix: see docs */
  const KtOptionDef* const* options;
  /* (optional) default: yes with score 1. Reads the node only; no weight data exists yet. */
  KtStatus (*supports)(const KtHost*, const KtNode*, const KtOptions*, KtSupport* out);
  KtStatus (*create)(const KtHost*, const KtNode*, const KtOptions*, void** self);
  /* (optional) takes the weights; may pack them into memory of its own. Weights stay valid until destroy(). */
  KtStatus (*prepare)(void* self, const KtHost*, const KtWeight* const* weights, uint32_t count);
  /* (optional) default 0: bytes of scratch a run of at most `tokens` rows on `threads` threads needs. */
  uint64_t (*scratch_size)(void* self, int64_t tokens, int32_t threads);
  KtStatus (*run)(void* self, const KtHost*, const KtCall*);
  void (*destroy)(void* self);
} KtOperatorDef;

/* A device brought by a plugin: memory, copies, streams and events. Handles are the plugin's own. */
typedef struct KtDeviceDef {
  uint32_t struct_size;
  uint32_t reserved;
  const char* kind; /* "cuda" */
  const char* help;
  int32_t (*count)(void); /* devices present now */
  KtStatus (*memory)(int32_t index, uint64_t* free_bytes, uint64_t* total_bytes);
  KtStatus (*allocate)(int32_t index, uint64_t size, void** handle);
  void (*release)(int32_t index, void* handle);
  KtStatus (*stream_create)(int32_t index, void** stream);
  void (*stream_destroy)(int32_t index, void* stream);
  KtStatus (*stream_wait)(int32_t index, void* stream); /* blocks the caller until all work queued so far is done */
  KtStatus (*copy_in)(int32_t index, void* stream, void* to, uint64_t offset, const void* from, uint64_t size);   /* host -> device, queued */
  KtStatus (*copy_out)(int32_t index, void* stream, void* to, const void* from, uint64_t offset, uint64_t size); /* device -> host, queued */
  KtStatus (*event_create)(int32_t index, void** event);
  void (*event_destroy)(int32_t index, void* event);
  KtStatus (*event_record)(int32_t index, void* event, void* stream);
  KtStatus (*event_wait)(int32_t index, void* event, void* stream); /* the stream waits for the event */
} KtDeviceDef;

/* A class of node that core does not know. `shape` fills dtype, rank and shape of the outputs from the node's inputs and attributes. */
typedef struct KtClassDef {
  uint32_t struct_size;
  uint32_t output_count;
  const char* name;
  const char* help;
  KtStatus (*shape)(const KtHost*, const KtNode*, KtTensor* const* outputs, uint32_t output_count);
  const char* inputs;  /* in words: "x [tokens, dim]" */
  const char* outputs;
} KtClassDef;

/* ---- Model libraries -------------------------------------------------------------------------------------------- */

typedef struct KtConfig KtConfig;   /* hyper-parameters of a model: config.json of an HF folder, or GGUF metadata */
typedef struct KtGraph KtGraph;     /* a graph under construction */
typedef int32_t KtValue;            /* a value of that graph, -1: none */
typedef int32_t KtState;            /* a state of that graph, -1: none */

typedef enum KtSource { KT_SOURCE_HF = 0, KT_SOURCE_GGUF = 1 } KtSource;

/* Reading hyper-parameters and building the graph. Lent to a model library during matches(), read() and build(); not thread-safe. */
typedef struct KtModelHost {
  uint32_t struct_size;
  uint32_t reserved;
  void (*set_error)(const char* text);
  int32_t (*source)(const KtConfig*); /* KtSource */
  /* Keys: dotted for nested maps ("rope_scaling.factor"); for GGUF the architecture prefix is left out ("embedding_length").
   * KT_INVALID if absent, null or of another type. An array answers get_int_at with its elements. */
  KtStatus (*get_int)(const KtConfig*, const char* key, int64_t* out);
  KtStatus (*get_float)(const KtConfig*, const char* key, double* out);
  KtStatus (*get_bool)(const KtConfig*, const char* key, int32_t* out);
  KtStatus (*get_string)(const KtConfig*, const char* key, const char** out);
  KtStatus (*array_size)(const KtConfig*, const char* key, uint64_t* out);
  KtStatus (*get_int_at)(const KtConfig*, const char* key, uint64_t index, int64_t* out);
  KtStatus (*get_string_at)(const KtConfig*, const char* key, uint64_t index, const char** out);
  KtStatus (*get_float_at)(const KtConfig*, const char* key, uint64_t index, double* out);
  int32_t (*has_tensor)(const KtConfig*, const char* name_in_file); /* 1 if the files hold it; 0 too when only a config is there */

  /* Nodes: node_begin, then inputs, attributes, weights, state; then node_end for a primitive (core's shape function gives the
   * outputs), or body_begin .. nodes .. body_end(outputs) for a module. Names are relative to the enclosing module. */
  KtStatus (*node_begin)(KtGraph*, const char* name, const char* class_name);
  KtStatus (*node_input)(KtGraph*, KtValue value);
  KtStatus (*node_int)(KtGraph*, const char* key, int64_t value);
  KtStatus (*node_float)(KtGraph*, const char* key, double value);
  KtStatus (*node_string)(KtGraph*, const char* key, const char* value);
  KtStatus (*node_floats)(KtGraph*, const char* key, const float* values, uint64_t count);
  KtStatus (*node_weight)(KtGraph*, const char* parameter, const int64_t* shape, int32_t rank);
  KtStatus (*node_state)(KtGraph*, KtState state);
  KtStatus (*node_end)(KtGraph*, KtValue* outputs, uint32_t capacity, uint32_t* count);
  KtStatus (*body_begin)(KtGraph*);
  KtStatus (*body_end)(KtGraph*, const KtValue* outputs, uint32_t count);
  /* dtype, rank, shape of a value. */
  KtStatus (*value)(KtGraph*, KtValue value, KtTensor* out);
  /* A paged key/value state; value_dim 0: values are the first dims of the keys (latent cache). window 0: unlimited. */
  KtStatus (*paged_state)(KtGraph*, const char* name, int64_t heads, int64_t key_dim, int64_t value_dim, int64_t window, KtState* out);
  /* Graph inputs: "tokens" i32 [tokens], "positions" i32 [tokens], "output_rows" i32 [outputs]. */
  KtStatus (*graph_input)(KtGraph*, const char* name, KtValue* out);
  KtStatus (*graph_output)(KtGraph*, const char* name, KtValue value);
  /* The values of an F32 tensor of the files, for constants that a configuration lacks. KT_INVALID if it is absent, of another
   * type, or has more than `capacity` elements. */
  KtStatus (*tensor_floats)(const KtConfig*, const char* name_in_file, float* out, uint64_t capacity, uint64_t* count);
} KtModelHost;

/* How a weight of the graph is found in the files. Patterns: "{L}" a layer, "{E}" an expert; rows are tried in order, first found wins. */
typedef enum KtTransform {
  KT_AS_IS = 0,
  KT_STACK = 1,          /* file pattern has {E}: one tensor an expert, stacked along a new first dimension */
  KT_HEAD_ROWS = 2,      /* [heads * stride, in] -> rows [begin, begin+count) of each head: [heads, count, in] */
  KT_TRANSPOSE_LAST = 3  /* last two dimensions swapped in the file */
} KtTransform;

typedef struct KtNameRow {
  uint32_t struct_size;
  int32_t source;       /* KtSource */
  const char* weight;   /* canonical name, as in the graph: "model.layers.{L}.self_attn.q_proj.weight" */
  const char* in_file;  /* "blk.{L}.attn_q.weight" */
  int32_t transform;    /* KtTransform */
  int32_t reserved;
  int64_t begin, stride; /* KT_HEAD_ROWS: first row and rows a head in the file */
} KtNameRow;

/* A model family. read() parses and checks hyper-parameters once; build() turns them into a graph; names() says where weights are.
 * `model` is the library's own object, freed by destroy(). */
typedef struct KtModelDef {
  uint32_t struct_size;
  uint32_t architecture_count;
  const char* name;                        /* "deepseek" */
  const char* const* architectures;        /* HF "DeepseekV3ForCausalLM", GGUF "deepseek2" */
  int32_t (*matches)(const KtModelHost*, const KtConfig*); /* (optional) 0: not ours after all */
  KtStatus (*read)(const KtModelHost*, const KtConfig*, void** model);
  KtStatus (*build)(const KtModelHost*, void* model, KtGraph*);
  KtStatus (*names)(void* model, const KtNameRow* const** rows, uint32_t* count); /* valid until destroy() */
  void (*destroy)(void* model);
} KtModelDef;

/* What a library brings; returned by its only exported function. Lives as long as the library is loaded. */
typedef struct KtPlugin {
  uint32_t struct_size;
  uint32_t magic; /* KT_ABI_MAGIC */
  uint32_t abi_major, abi_minor;
  const char* name;
  const char* version;
  const char* help;
  uint32_t operator_count, device_count, class_count, model_count;
  const KtOperatorDef* const* operators;
  const KtDeviceDef* const* devices;
  const KtClassDef* const* classes;
  const KtModelDef* const* models;
  void (*shutdown)(void); /* (optional) called before the library is closed */
} KtPlugin;

/* Fills *plugin. Called once after loading; `host` stays valid until shutdown(). */
typedef KtStatus (*KtPluginEntry)(const KtHost* host, const KtPlugin** plugin);
KT_EXPORT KtStatus kt_plugin_entry(const KtHost* host, const KtPlugin** plugin);

#ifdef __cplusplus
}
#endif
#endif
