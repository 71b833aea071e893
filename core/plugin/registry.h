// All that plugins and model libraries brought: operators, devices, classes and model families.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/graph/classes.h"
#include "core/plugin/cpu_features.h"
#include "core/plugin/library.h"
#include "core/plugin/manifest.h"
#include "core/plugin/search.h"
#include "core/rules/machine.h"
#include "core/rules/operator_table.h"

namespace kt::core {

// One library file that was looked at, and what became of it.
struct PluginRecord {
  std::string path;
  Manifest manifest;
  bool loaded = false;
  std::string reason;  // why it was not loaded, with its error code; empty if it was
  uint32_t operators = 0, models = 0;
  std::vector<std::string> devices;
};

struct OperatorEntry {
  OperatorInfo info;
  const KtOperatorDef* def = nullptr;
  std::shared_ptr<Library> library;  // keeps the code loaded
};

struct DeviceEntry {
  const KtDeviceDef* def = nullptr;
  std::shared_ptr<Library> library;
};

struct ModelEntry {
  const KtModelDef* def = nullptr;
  std::shared_ptr<Library> library;
};

class Registry final : public OperatorTable {
 public:
  // `features`: what libraries may need of the processor.
  explicit Registry(std::set<std::string> features = cpu_features());

  // Loads every usable library of the folders. A library that cannot be used is recorded with the reason and skipped.
  void load_folders(const std::vector<std::string>& folders);
  void load_files(const std::vector<LibraryFile>& files);
  // Unloads a plugin by name. KT-E0608 while something of it lives outside the registry, saying how much.
  Status unload(std::string_view plugin);

  const std::vector<PluginRecord>& plugins() const { return plugins_; }
  const ClassTable& classes() const { return classes_; }
  const Machine& machine() const { return machine_; }
  const OperatorEntry* entry(std::string_view name) const;
  const DeviceEntry* device(std::string_view kind) const;
  const std::vector<ModelEntry>& models() const { return models_; }

  // OperatorTable
  const OperatorInfo* find(std::string_view name) const override;
  std::vector<const OperatorInfo*> all() const override;
  SupportAnswer supports(const OperatorInfo& op, const Node& node, const OptionValues& options) const override;

 private:
  void read_manifest(PluginRecord& record) const;
  void choose_variants(size_t first);
  void load(PluginRecord& record);
  Status admit(const std::shared_ptr<Library>& library, PluginRecord& record);
  Status check_names(const KtPlugin& table) const;
  void admit_devices(const std::shared_ptr<Library>& library, PluginRecord& record);

  std::set<std::string> features_;
  std::vector<PluginRecord> plugins_;
  std::map<std::string, OperatorEntry, std::less<>> operators_;
  std::map<std::string, DeviceEntry, std::less<>> devices_;
  std::vector<ModelEntry> models_;
  ClassTable classes_;
  Machine machine_;
};

}  // namespace kt::core
