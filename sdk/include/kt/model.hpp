// Everything a model library includes: KT_MODEL makes a class the library's family.
//
//   class Example {
//    public:
//     static constexpr const char* kArchitectures[] = {"ExampleForCausalLM", "example"};  // of config.json, of GGUF
//     static bool matches(kt::Config config);  // (optional) default: true
//     explicit Example(kt::Config& config);           // reads; what is wrong goes to config.fail()
//     void build(kt::GraphBuilder& graph) const;
//     kt::NameTable names() const;
//   };
//   KT_MODEL("example", "1.0.0", "one line of help", Example)
#ifndef KT_MODEL_HPP
#define KT_MODEL_HPP

#include <exception>
#include <iterator>
#include <memory>

#include "kt/abi.h"
#include "kt/model_blocks.hpp"
#include "kt/model_config.hpp"
#include "kt/model_graph.hpp"
#include "kt/model_names.hpp"
#include "kt/model_rope.hpp"
#include "kt/plugin_manifest.hpp"

namespace kt {

// The C table of a family. Nothing that Family throws leaves it.
template <class Family>
class ModelTable {
 public:
  static constexpr KtModelDef def(const char* name) {
    return {sizeof(KtModelDef),
            std::size(Family::kArchitectures),
            name,
            Family::kArchitectures,
            matches,
            read,
            build,
            names,
            destroy};
  }

 private:
  struct Model {
    explicit Model(const KtModelHost& lender, Config& config) : host(lender), family(config) {}
    const KtModelHost& host;
    Family family;
    NameTable names;
  };

  static KtStatus failed(const KtModelHost* host, const char* sentence) {
    host->set_error(sentence);
    return KT_INVALID;
  }

  static int32_t matches(const KtModelHost* host, const KtConfig* config) {
    try {
      if constexpr (requires(const Config& c) { Family::matches(c); }) return Family::matches(Config(*host, config));
    } catch (...) {
      return 0;
    }
    return 1;
  }

  static KtStatus read(const KtModelHost* host, const KtConfig* handle, void** out) {
    try {
      Config config(*host, handle);
      auto model = std::make_unique<Model>(*host, config);
      if (!config.ok()) return failed(host, config.error().c_str());
      model->names = model->family.names();
      *out = model.release();
      return KT_OK;
    } catch (const std::exception& error) {
      return failed(host, error.what());
    }
  }

  static KtStatus build(const KtModelHost* host, void* model, KtGraph* graph) {
    try {
      GraphBuilder builder(*host, graph);
      static_cast<const Model*>(model)->family.build(builder);
      return builder.status();
    } catch (const std::exception& error) {
      return failed(host, error.what());
    }
  }

  static KtStatus names(void* model, const KtNameRow* const** rows, uint32_t* count) {
    auto& self = *static_cast<Model*>(model);
    try {
      const auto pointers = self.names.pointers();
      *rows = pointers.data();
      *count = static_cast<uint32_t>(pointers.size());
      return KT_OK;
    } catch (const std::exception& error) {
      return failed(&self.host, error.what());
    }
  }

  static void destroy(void* model) { delete static_cast<Model*>(model); }
};

// A family as a part of KT_PLUGIN, beside the operators and classes it brings.
template <class Family>
constexpr ModelPart model(const char* name) {
  return {ModelTable<Family>::def(name)};
}

}  // namespace kt

// A library of one family and nothing else.
#define KT_MODEL(NAME, VERSION, HELP, ...) KT_PLUGIN(NAME, VERSION, HELP, kt::model<__VA_ARGS__>(NAME))

#endif
