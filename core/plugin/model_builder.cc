#include "core/plugin/model_builder.h"

#include <algorithm>
#include <cstring>

#include "core/graph/builder.h"
#include "core/plugin/host.h"
#include "core/plugin/plugin_call.h"

// The handles that model libraries hold.
struct KtConfig {
  const kt::core::ModelConfig& config;
  const kt::core::WeightStore* weights;
};
struct KtGraph {
  kt::core::GraphBuilder builder;
};

namespace kt::core {
namespace {

void set_error(const char* text) { host_table().set_error(text); }

KtStatus report(const Status& status) {
  if (status.ok()) return KT_OK;
  set_error(status.error().message.c_str());
  return KT_INVALID;
}

// Runs a function of core for a model library; nothing may be thrown into it.
template <class Function>
KtStatus guarded(Function&& function) {
  try {
    return function();
  } catch (const std::exception& error) {
    set_error(error.what());
    return KT_ERROR;
  }
}

template <class T, class Out>
KtStatus give(const std::optional<T>& value, Out* out) {
  if (!value) return KT_INVALID;
  *out = static_cast<Out>(*value);
  return KT_OK;
}

int32_t source(const KtConfig* c) { return c->config.source(); }
KtStatus get_int(const KtConfig* c, const char* key, int64_t* out) { return give(c->config.get_int(key), out); }
KtStatus get_float(const KtConfig* c, const char* key, double* out) { return give(c->config.get_float(key), out); }
KtStatus get_bool(const KtConfig* c, const char* key, int32_t* out) { return give(c->config.get_bool(key), out); }
KtStatus get_string(const KtConfig* c, const char* key, const char** out) {
  const std::string* text = c->config.get_string(key);
  if (!text) return KT_INVALID;
  *out = text->c_str();
  return KT_OK;
}
KtStatus array_size(const KtConfig* c, const char* key, uint64_t* out) { return give(c->config.array_size(key), out); }
KtStatus get_int_at(const KtConfig* c, const char* key, uint64_t i, int64_t* out) {
  return give(c->config.get_int_at(key, i), out);
}
KtStatus get_string_at(const KtConfig* c, const char* key, uint64_t i, const char** out) {
  const std::string* text = c->config.get_string_at(key, i);
  if (!text) return KT_INVALID;
  *out = text->c_str();
  return KT_OK;
}
KtStatus get_float_at(const KtConfig* c, const char* key, uint64_t i, double* out) {
  return give(c->config.get_float_at(key, i), out);
}
int32_t has_tensor(const KtConfig* c, const char* name) { return c->weights && c->weights->find(name) != nullptr; }

KtStatus node_begin(KtGraph* g, const char* name, const char* cls) {
  return guarded([&] { return report(g->builder.begin(name, cls)); });
}
KtStatus node_input(KtGraph* g, KtValue value) {
  return guarded([&] { return report(g->builder.input(value)); });
}
KtStatus node_int(KtGraph* g, const char* key, int64_t v) {
  return guarded([&] { return report(g->builder.attribute(key, v)); });
}
KtStatus node_float(KtGraph* g, const char* key, double v) {
  return guarded([&] { return report(g->builder.attribute(key, v)); });
}
KtStatus node_string(KtGraph* g, const char* key, const char* v) {
  return guarded([&] { return report(g->builder.attribute(key, std::string(v))); });
}
KtStatus node_floats(KtGraph* g, const char* key, const float* values, uint64_t count) {
  return guarded([&] { return report(g->builder.attribute(key, std::vector<float>(values, values + count))); });
}
KtStatus node_weight(KtGraph* g, const char* parameter, const int64_t* shape, int32_t rank) {
  return guarded([&] {
    return report(g->builder.weight(parameter, std::vector<int64_t>(shape, shape + std::clamp(rank, 0, KT_MAX_RANK))));
  });
}
KtStatus node_state(KtGraph* g, KtState state) {
  return guarded([&] { return report(g->builder.state(state)); });
}
KtStatus node_end(KtGraph* g, KtValue* outputs, uint32_t capacity, uint32_t* count) {
  return guarded([&] {
    auto made = g->builder.end();
    if (!made.ok()) return report(made.status());
    *count = static_cast<uint32_t>(made->size());
    std::copy_n(made->begin(), std::min<size_t>(capacity, made->size()), outputs);
    return KT_OK;
  });
}
KtStatus body_begin(KtGraph* g) {
  return guarded([&] { return report(g->builder.begin_body()); });
}
KtStatus body_end(KtGraph* g, const KtValue* outputs, uint32_t count) {
  return guarded([&] { return report(g->builder.end_body(std::vector<KtValue>(outputs, outputs + count))); });
}
KtStatus value(KtGraph* g, KtValue id, KtTensor* out) {
  return guarded([&] {
    auto found = g->builder.value(id);
    if (!found.ok()) return report(found.status());
    *out = KtTensor{};
    out->struct_size = sizeof(KtTensor);
    out->dtype = (*found)->dtype;
    out->rank = static_cast<int32_t>((*found)->shape.size());
    std::copy((*found)->shape.begin(), (*found)->shape.end(), out->shape);
    return KT_OK;
  });
}
KtStatus paged_state(KtGraph* g, const char* name, int64_t heads, int64_t key_dim, int64_t value_dim, int64_t window,
                     KtState* out) {
  return guarded([&] {
    auto made = g->builder.paged_state({name, heads, key_dim, value_dim, window});
    if (!made.ok()) return report(made.status());
    *out = *made;
    return KT_OK;
  });
}
KtStatus graph_input(KtGraph* g, const char* name, KtValue* out) {
  return guarded([&] {
    auto made = g->builder.graph_input(name);
    if (!made.ok()) return report(made.status());
    *out = *made;
    return KT_OK;
  });
}
KtStatus graph_output(KtGraph* g, const char* name, KtValue v) {
  return guarded([&] { return report(g->builder.graph_output(name, v)); });
}

KtStatus tensor_floats(const KtConfig* c, const char* name, float* out, uint64_t capacity, uint64_t* count) {
  return guarded([&] {
    const TensorEntry* tensor = c->weights ? c->weights->find(name) : nullptr;
    if (!tensor || tensor->dtype != KT_F32 || tensor->bytes / sizeof(float) > capacity) return KT_INVALID;
    const Status readable = c->weights->check(*tensor);
    if (!readable.ok()) return report(readable);
    std::memcpy(out, tensor->data, tensor->bytes);
    *count = tensor->bytes / sizeof(float);
    return KT_OK;
  });
}

constexpr KtModelHost kModelHost{sizeof(KtModelHost),
                                 0,
                                 set_error,
                                 source,
                                 get_int,
                                 get_float,
                                 get_bool,
                                 get_string,
                                 array_size,
                                 get_int_at,
                                 get_string_at,
                                 get_float_at,
                                 has_tensor,
                                 node_begin,
                                 node_input,
                                 node_int,
                                 node_float,
                                 node_string,
                                 node_floats,
                                 node_weight,
                                 node_state,
                                 node_end,
                                 body_begin,
                                 body_end,
                                 value,
                                 paged_state,
                                 graph_input,
                                 graph_output,
                                 tensor_floats};

bool knows(const KtModelDef& def, const std::string& architecture) {
  for (uint32_t i = 0; i < def.architecture_count; ++i)
    if (architecture == def.architectures[i]) return true;
  return false;
}

Error unknown_architecture(const Registry& registry, const std::string& architecture) {
  std::vector<std::string> known;
  for (const ModelEntry& entry : registry.models())
    for (uint32_t i = 0; i < entry.def->architecture_count; ++i) known.push_back(entry.def->architectures[i]);
  std::sort(known.begin(), known.end());
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  return fail(410, "no model library knows the architecture '" + architecture + "'",
              known.empty() ? "no model library was found; set KT_PLUGIN_PATH to the folder that holds them" : "known: " + list);
}

Status model_status(KtStatus status, const KtModelDef& def) {
  if (status == KT_OK) return {};
  const std::string text = take_plugin_error();
  return fail(406, std::string("model library '") + def.name + "': " + (text.empty() ? "it failed without a reason" : text));
}

}  // namespace

Result<BuiltModel> build_model(const Registry& registry, const ModelConfig& config, const WeightStore* weights) {
  const KtConfig handle{config, weights};
  for (const ModelEntry& entry : registry.models()) {
    const KtModelDef& def = *entry.def;
    const PluginCall call({"building the graph with model library", def.name, nullptr, nullptr, nullptr});
    if (!knows(def, config.architecture()) || (def.matches && !def.matches(&kModelHost, &handle))) continue;
    void* model = nullptr;
    KT_TRY(model_status(def.read(&kModelHost, &handle, &model), def));
    BuiltModel out;
    out.family = def.name;
    out.owner = std::shared_ptr<void>(model, [library = entry.library, destroy = def.destroy](void* m) { destroy(m); });
    KtGraph graph{GraphBuilder(registry.classes())};
    KT_TRY(model_status(def.build(&kModelHost, model, &graph), def));
    out.graph = KT_TRY(graph.builder.finish());
    out.graph->architecture = config.architecture();
    KT_TRY(model_status(def.names(model, &out.names, &out.name_count), def));
    return out;
  }
  return unknown_architecture(registry, config.architecture());
}

Result<std::unique_ptr<Graph>> build_graph(const ClassTable& classes,
                                           const std::function<KtStatus(const KtModelHost&, KtGraph*)>& build) {
  KtGraph graph{GraphBuilder(classes)};
  KT_TRY(plugin_status(build(kModelHost, &graph), "building the graph"));
  return graph.builder.finish();
}

}  // namespace kt::core
