#include "core/plugin/manifest.h"

#include <yaml-cpp/yaml.h>

namespace kt::core {
namespace {

Error bad(const std::string& path, const std::string& what) { return fail(601, "not a plugin: " + path + ": its manifest " + what); }

std::vector<std::string> strings(const YAML::Node& node) {
  std::vector<std::string> out;
  if (node && node.IsSequence())
    for (const auto& item : node) out.push_back(item.as<std::string>(""));
  return out;
}

Status parse_abi(const std::string& text, Manifest& out, const std::string& path) {
  const size_t dot = text.find('.');
  const bool digits = dot != std::string::npos && text.find_first_not_of("0123456789.") == std::string::npos && dot > 0 && dot + 1 < text.size();
  if (!digits || text.size() > 8) return bad(path, "has no 'abi: \"MAJOR.MINOR\"'");
  out.abi_major = std::atoi(text.c_str());
  out.abi_minor = std::atoi(text.c_str() + dot + 1);
  return {};
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, const std::string& path) {
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (!root.IsMap()) return bad(path, "is no map");
    if (root["kt_manifest"].as<int>(0) != 1) return bad(path, "has another format version than 1");
    Manifest out;
    out.name = root["name"].as<std::string>("");
    out.version = root["version"].as<std::string>("");
    if (out.name.empty() || out.version.empty()) return bad(path, "has no name or version");
    KT_TRY(parse_abi(root["abi"].as<std::string>(""), out, path));
    out.isa = strings(root["isa"]);
    out.devices = strings(root["devices"]);
    out.priority = root["priority"].as<int>(0);
    return out;
  } catch (const std::exception& error) {
    return bad(path, std::string("does not parse: ") + error.what());
  }
}

}  // namespace kt::core
