#include "core/plugin/registry.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "core/plugin/cpu_features.h"
#include "core/plugin/elf_section.h"
#include "core/plugin/host.h"
#include "core/plugin/options.h"
#include "core/plugin/plugin_call.h"

namespace kt::core {
namespace {

std::vector<std::string> split_choices(const char* text) {
  std::vector<std::string> out;
  std::istringstream in(text ? text : "");
  for (std::string item; std::getline(in, item, '|');) out.push_back(item);
  return out;
}

OperatorInfo describe(const KtOperatorDef& def, const std::string& plugin) {
  const auto text = [](const char* s) { return std::string(s ? s : ""); };
  OperatorInfo info{text(def.name), text(def.implements), text(def.device), plugin, text(def.numerics), {}, true};
  for (uint32_t i = 0; i < def.option_count; ++i) {
    const KtOptionDef& o = *def.options[i];
    info.options.push_back({text(o.name), o.type, text(o.default_value), text(o.help), split_choices(o.choices), o.minimum, o.maximum});
  }
  return info;
}

MachineDevice host_device() {
  const auto pages = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)), free_pages = static_cast<uint64_t>(sysconf(_SC_AVPHYS_PAGES));
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return {"cpu", 0, free_pages * page, pages * page};
}

// A class that a plugin brings: its shape function is called through the C table.
NodeClass wrap_class(const KtClassDef& def) {
  const auto text = [](const char* s) { return std::string(s ? s : ""); };
  NodeClass out{def.name, text(def.inputs), text(def.outputs), text(def.help), true, def.output_count, nullptr};
  const KtClassDef* d = &def;
  out.shape = [d](Graph& graph, Node& node) -> Status {
    std::vector<KtTensor> tensors(node.outputs.size());
    std::vector<KtTensor*> pointers;
    for (KtTensor& tensor : tensors) pointers.push_back(&tensor);
    KT_TRY(plugin_status(d->shape(&host_table(), reinterpret_cast<const KtNode*>(&node), pointers.data(), static_cast<uint32_t>(pointers.size())),
                         "shape of '" + node.name + "'"));
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (tensors[i].rank < 1 || tensors[i].rank > KT_MAX_RANK) return fail(610, "class '" + node.class_name + "' gave a shape of wrong rank");
      Value& value = graph.values[static_cast<size_t>(node.outputs[i])];
      value.dtype = tensors[i].dtype;
      value.shape.assign(tensors[i].shape, tensors[i].shape + tensors[i].rank);
    }
    return {};
  };
  return out;
}

}  // namespace

Registry::Registry(std::set<std::string> features) : features_(std::move(features)) {
  machine_.isa = features_;
  machine_.devices.push_back(host_device());
}

void Registry::read_manifest(PluginRecord& record) const {
  auto text = read_elf_section(record.path, ".kt_manifest");
  auto manifest = text.ok() ? parse_manifest(*text, record.path) : Result<Manifest>(text.status());
  if (!manifest.ok()) {
    record.reason = manifest.error().text();
    return;
  }
  record.manifest = *manifest;
  if (manifest->abi_major != KT_ABI_MAJOR || manifest->abi_minor > KT_ABI_MINOR) {
    record.reason = fail(604, record.path + " needs host ABI " + std::to_string(manifest->abi_major) + "." + std::to_string(manifest->abi_minor) +
                                  ", this kt has " + std::to_string(KT_ABI_MAJOR) + "." + std::to_string(KT_ABI_MINOR)).text();
    return;
  }
  for (const std::string& feature : manifest->isa)
    if (!features_.contains(feature)) {
      const char* const why = cpu_features().contains(feature) ? ", which KT_CPU_ISA leaves out" : ", which this machine lacks";
      record.reason = fail(701, record.path + " needs the processor feature " + feature + why).text();
      return;
    }
}

// Of several usable libraries of one plugin only the one with the highest priority is loaded.
void Registry::choose_variants(size_t first) {
  for (size_t i = first; i < plugins_.size(); ++i)
    for (size_t j = 0; j < plugins_.size(); ++j) {
      PluginRecord &a = plugins_[i], &b = plugins_[j];
      if (i == j || !a.reason.empty() || !b.reason.empty() || a.manifest.name != b.manifest.name) continue;
      const bool keep_b = b.loaded || b.manifest.priority > a.manifest.priority || (b.manifest.priority == a.manifest.priority && j < i);
      if (keep_b) a.reason = "not needed: " + b.path + " serves plugin '" + b.manifest.name + "' on this machine";
    }
}

void Registry::load_folders(const std::vector<std::string>& folders) { load_files(find_libraries(folders)); }

void Registry::load_files(const std::vector<LibraryFile>& files) {
  const size_t first = plugins_.size();
  for (const LibraryFile& file : files) {
    const bool known = std::any_of(plugins_.begin(), plugins_.end(), [&](const PluginRecord& r) { return r.path == file.path; });
    if (known) continue;
    PluginRecord record;
    record.path = file.path;
    if (!file.status.ok()) record.reason = file.status.error().text();
    else read_manifest(record);
    plugins_.push_back(std::move(record));
  }
  choose_variants(first);
  for (size_t i = first; i < plugins_.size(); ++i)
    if (plugins_[i].reason.empty()) load(plugins_[i]);
}

void Registry::load(PluginRecord& record) {
  const PluginCall call({"loading", record.path.c_str(), nullptr, nullptr, nullptr});
  auto library = Library::open(record.path);
  Status status = library.ok() ? admit(*library, record) : library.status();
  record.loaded = status.ok();
  if (!status.ok()) record.reason = status.error().text();
  else machine_.plugins.insert(record.manifest.name);
}

Status Registry::check_names(const KtPlugin& table) const {
  for (uint32_t i = 0; i < table.operator_count; ++i) {
    const KtOperatorDef& def = *table.operators[i];
    if (!def.name || !def.implements || !def.create || !def.run || !def.destroy)
      return fail(607, "operator " + std::to_string(i) + " of plugin '" + table.name + "' lacks a name or a function");
    if (const OperatorEntry* other = entry(def.name))
      return fail(607, "operator '" + std::string(def.name) + "' is also in " + other->library->path(), "remove one of the two plugins, or choose one with --plugin-override NAME");
  }
  return {};
}

void Registry::admit_devices(const std::shared_ptr<Library>& library, PluginRecord& record) {
  const KtPlugin& table = library->table();
  for (uint32_t i = 0; i < table.device_count; ++i) {
    const KtDeviceDef* def = table.devices[i];
    devices_[def->kind] = {def, library};
    for (int32_t index = 0; index < def->count(); ++index) {
      MachineDevice device{def->kind, index, 0, 0};
      if (def->memory(index, &device.free_bytes, &device.total_bytes) != KT_OK) continue;
      machine_.devices.push_back(device);
      record.devices.push_back(std::string(def->kind) + ":" + std::to_string(index));
    }
  }
}

Status Registry::admit(const std::shared_ptr<Library>& library, PluginRecord& record) {
  const KtPlugin& table = library->table();
  KT_TRY(check_names(table));
  for (uint32_t i = 0; i < table.class_count; ++i) {
    NodeClass wrapped = wrap_class(*table.classes[i]);
    wrapped.shape = [inner = wrapped.shape, library](Graph& graph, Node& node) { return inner(graph, node); };
    KT_TRY(classes_.add(std::move(wrapped)));
  }
  for (uint32_t i = 0; i < table.operator_count; ++i) {
    const KtOperatorDef* def = table.operators[i];
    operators_[def->name] = {describe(*def, record.manifest.name), def, library};
  }
  admit_devices(library, record);
  for (uint32_t i = 0; i < table.model_count; ++i) models_.push_back({table.models[i], library});
  record.operators = table.operator_count;
  record.models = table.model_count;
  return {};
}

Status Registry::unload(std::string_view plugin) {
  std::shared_ptr<Library> library;
  long own = 1;
  for (const auto& [name, op] : operators_)
    if (op.info.plugin == plugin) library = op.library, ++own;
  if (!library) return fail(608, "no loaded plugin '" + std::string(plugin) + "' brings operators");
  const KtPlugin& table = library->table();
  own += table.model_count + table.device_count + table.class_count;
  if (library.use_count() > own)
    return fail(608, "plugin '" + std::string(plugin) + "' is in use: " + std::to_string(library.use_count() - own) + " operators of it live",
                "end the model that uses it first");
  if (table.class_count > 0) return fail(608, "plugin '" + std::string(plugin) + "' brings classes of nodes and stays loaded");
  std::erase_if(operators_, [&](const auto& item) { return item.second.library == library; });
  std::erase_if(devices_, [&](const auto& item) { return item.second.library == library; });
  std::erase_if(models_, [&](const ModelEntry& item) { return item.library == library; });
  for (PluginRecord& record : plugins_)
    if (record.path == library->path()) record.loaded = false, record.reason = "unloaded";
  machine_.plugins.erase(std::string(plugin));
  return {};
}

const OperatorEntry* Registry::entry(std::string_view name) const {
  const auto it = operators_.find(name);
  return it == operators_.end() ? nullptr : &it->second;
}

const DeviceEntry* Registry::device(std::string_view kind) const {
  const auto it = devices_.find(kind);
  return it == devices_.end() ? nullptr : &it->second;
}

const OperatorInfo* Registry::find(std::string_view name) const {
  const OperatorEntry* found = entry(name);
  return found ? &found->info : nullptr;
}

std::vector<const OperatorInfo*> Registry::all() const {
  std::vector<const OperatorInfo*> out;
  for (const auto& [name, op] : operators_) out.push_back(&op.info);
  return out;
}

SupportAnswer Registry::supports(const OperatorInfo& op, const Node& node, const OptionValues& options) const {
  const OperatorEntry* found = entry(op.name);
  if (!found) return {0, "it is not loaded"};
  if (!found->def->supports) return {1, ""};
  const KtOptions values{options};
  KtSupport answer{sizeof(KtSupport), 0, ""};
  const KtPlugin& plugin = found->library->table();
  const PluginCall call({"asking for the support of", found->def->name, plugin.name, plugin.version, node.name.c_str()});
  const KtStatus status = found->def->supports(&host_table(), reinterpret_cast<const KtNode*>(&node), &values, &answer);
  answer.reason[sizeof answer.reason - 1] = '\0';
  if (status != KT_OK) return {0, take_plugin_error()};
  return {answer.score, answer.reason};
}

}  // namespace kt::core
