#include "core/estimate/machine_file.h"

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "core/estimate/host_memory.h"
#include "core/exec/numa.h"
#include "core/exec/thread_team.h"

namespace kt::core {
namespace {

std::string name_of(const MachineDevice& device) { return DeviceName{device.kind, device.index}.text(); }

// Reads the fields of one map; the first that is missing or of another type is the error.
class Fields {
 public:
  Fields(const Json& map, std::string place) : map_(map), place_(std::move(place)) {}

  Result<const Json*> get(const char* key, Json::value_t type, const char* words) const {
    const auto it = map_.is_object() ? map_.find(key) : map_.end();
    if (!map_.is_object() || it == map_.end()) return bad(std::string("has no '") + key + "'");
    const bool is_number = type == Json::value_t::number_unsigned && it->is_number() && it->get<double>() >= 0;
    if (!is_number && it->type() != type) return bad(std::string("'") + key + "' is no " + words);
    return &*it;
  }
  Result<std::string> text(const char* key) const { return KT_TRY(get(key, Json::value_t::string, "text"))->get<std::string>(); }
  Result<double> number(const char* key, double most) const {
    const double value = KT_TRY(get(key, Json::value_t::number_unsigned, "number of at least 0"))->get<double>();
    return std::isfinite(value) && value <= most ? Result<double>(value)
                                                 : Result<double>(bad(std::string("'") + key + "' is too large"));
  }
  Status texts(const char* key, std::set<std::string>& out) const {
    for (const Json& item : *KT_TRY(get(key, Json::value_t::array, "list"))) {
      if (!item.is_string()) return bad(std::string("'") + key + "' holds something that is no text");
      out.insert(item.get<std::string>());
    }
    return {};
  }
  Error bad(const std::string& what) const {
    return fail(102, place_ + ": " + what, "kt doctor --machine FILE writes such a file");
  }

 private:
  const Json& map_;
  std::string place_;
};

constexpr double kMostBytes = 0x1p60, kMostCount = 1 << 20;

Status read_device(const Fields& fields, MachineDescription& out) {
  const std::string text = KT_TRY(fields.text("device"));
  DeviceName name;
  if (!parse_device(text, name)) return fields.bad("'" + text.substr(0, 60) + "' is no device");
  if (out.machine.find(text)) return fields.bad("device '" + text + "' stands there twice");
  MachineDevice device{name.kind, name.index, 0, 0};
  device.total_bytes = static_cast<uint64_t>(KT_TRY(fields.number("total_bytes", kMostBytes)));
  device.free_bytes = static_cast<uint64_t>(KT_TRY(fields.number("free_bytes", kMostBytes)));
  const double rate = KT_TRY(fields.number("bytes_per_second", kMostBytes));
  if (rate > 0) out.bandwidth[name.text()] = rate;
  out.machine.devices.push_back(std::move(device));
  return {};
}

}  // namespace

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) {
      const size_t at = line.find_first_not_of(" \t:", 10);
      return at == std::string::npos ? "" : line.substr(at);
    }
  return "";
}

MachineDescription this_machine(const Machine& machine, uint64_t mapped_already) {
  MachineDescription out;
  out.machine = machine;
  out.processor = processor_name();
  out.processors = ThreadTeam::available_processors();
  out.memory_nodes = numa_nodes();
  const HostMemory memory = host_memory(mapped_already);
  out.host_limit = memory.limit;
  for (MachineDevice& device : out.machine.devices)
    if (device.kind == "cpu") device.free_bytes = memory.available, device.total_bytes = memory.total;
  return out;
}

void set_measured(MachineDescription& description, const Bandwidth& host) {
  if (host.bytes_per_second > 0) description.bandwidth["cpu"] = host.bytes_per_second;
  description.measured = true;
  description.in_cache = host.in_cache;
}

Json machine_json(const MachineDescription& description) {
  Json devices = Json::array();
  for (const MachineDevice& device : description.machine.devices) {
    const auto rate = description.bandwidth.find(name_of(device));
    devices.push_back({{"device", name_of(device)},
                       {"total_bytes", device.total_bytes},
                       {"free_bytes", device.free_bytes},
                       {"bytes_per_second", rate == description.bandwidth.end() ? 0.0 : std::round(rate->second)}});
  }
  return {{"kt_machine", 1},
          {"processor", description.processor},
          {"processors", description.processors},
          {"memory_nodes", description.memory_nodes},
          {"isa", description.machine.isa},
          {"plugins", description.machine.plugins},
          {"devices", std::move(devices)}};
}

Result<MachineDescription> parse_machine(const std::string& text, const std::string& file) {
  const auto document = parse_json(text, file);
  if (!document.ok()) return fail(102, document.error().text(), "kt doctor --machine FILE writes such a file");
  const Fields fields(*document, file);
  if (KT_TRY(fields.number("kt_machine", kMostCount)) != 1) return fields.bad("is of a version that this kt does not know");
  MachineDescription out;
  out.processor = KT_TRY(fields.text("processor"));
  out.processors = static_cast<int>(KT_TRY(fields.number("processors", kMostCount)));
  out.memory_nodes = static_cast<int>(KT_TRY(fields.number("memory_nodes", kMostCount)));
  KT_TRY(fields.texts("isa", out.machine.isa));
  KT_TRY(fields.texts("plugins", out.machine.plugins));
  for (const Json& device : *KT_TRY(fields.get("devices", Json::value_t::array, "list")))
    KT_TRY(read_device(Fields(device, file + ": a device"), out));
  if (!out.machine.find("cpu")) return fields.bad("has no device 'cpu'");
  if (out.processors < 1 || out.memory_nodes < 1) return fields.bad("has no processors or no memory");
  return out;
}

Result<uint64_t> parse_size(const std::string& text, const std::string& flag) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  std::string unit(end);
  unit.erase(0, unit.find_first_not_of(' ') == std::string::npos ? unit.size() : unit.find_first_not_of(' '));
  static const std::map<std::string, double> kUnits = {{"", 1},       {"B", 1},        {"K", 0x1p10}, {"KiB", 0x1p10},
                                                       {"M", 0x1p20}, {"MiB", 0x1p20}, {"G", 0x1p30}, {"GiB", 0x1p30},
                                                       {"T", 0x1p40}, {"TiB", 0x1p40}};
  const auto it = kUnits.find(unit);
  const bool ok =
      end != text.c_str() && it != kUnits.end() && std::isfinite(number) && number >= 0 && number * it->second <= kMostBytes;
  if (!ok) return fail(102, flag + ": '" + text.substr(0, 60) + "' is no size", "for example " + flag + " 24GiB");
  return static_cast<uint64_t>(number * it->second);
}

}  // namespace kt::core
