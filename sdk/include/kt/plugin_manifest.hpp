// The parts of a library gathered into its table, and the manifest text, made while compiling.
#ifndef KT_PLUGIN_MANIFEST_HPP
#define KT_PLUGIN_MANIFEST_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "kt/abi.h"
#include "kt/plugin_operator.hpp"

// Processor features that the library needs ("avx2, fma"), and which of several libraries of one plugin wins; set by the build.
#ifndef KT_PLUGIN_ISA
#define KT_PLUGIN_ISA ""
#endif
#ifndef KT_PLUGIN_PRIORITY
#define KT_PLUGIN_PRIORITY 0
#endif

namespace kt {

struct DevicePart {
  KtDeviceDef def;
};
struct ClassPart {
  KtClassDef def;
};
struct ModelPart {
  KtModelDef def;
};

constexpr DevicePart device(const KtDeviceDef& def) { return {def}; }
constexpr ClassPart node_class(const KtClassDef& def) { return {def}; }

namespace detail {

// Writes text, or only counts it when there is nowhere to write.
class ManifestWriter {
 public:
  constexpr explicit ManifestWriter(char* out) : out_(out) {}
  constexpr size_t size() const { return size_; }

  constexpr void text(std::string_view s) {
    for (const char c : s) put(c);
  }
  // A double-quoted YAML scalar on one line.
  constexpr void quoted(const char* s) {
    put('"');
    for (; s != nullptr && *s != '\0'; ++s) {
      if (*s == '"' || *s == '\\') put('\\');
      put(*s == '\n' ? ' ' : *s);
    }
    put('"');
  }
  constexpr void number(int64_t value) {
    if (value < 0) put('-');
    uint64_t left = value < 0 ? uint64_t(0) - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    char digits[20] = {};
    int count = 0;
    do {
      digits[count++] = static_cast<char>('0' + left % 10);
      left /= 10;
    } while (left != 0);
    while (count > 0) put(digits[--count]);
  }
  // With at most six digits behind the point.
  constexpr void decimal(double value) {
    if (value < 0) put('-');
    const double magnitude = value < 0 ? -value : value;
    const auto whole = static_cast<int64_t>(magnitude);
    number(whole);
    auto rest = static_cast<int64_t>((magnitude - static_cast<double>(whole)) * 1e6 + 0.5);
    if (rest > 0) put('.');
    for (int64_t unit = 100000; rest > 0 && unit > 0; unit /= 10) {
      put(static_cast<char>('0' + rest / unit));
      rest %= unit;
    }
  }
  constexpr void field(std::string_view key, const char* value) {
    text(key);
    text(": ");
    quoted(value);
  }

 private:
  constexpr void put(char c) {
    if (out_ != nullptr) out_[size_] = c;
    ++size_;
  }

  char* out_;
  size_t size_ = 0;
};

constexpr const char* option_type_name(int32_t type) {
  constexpr const char* kNames[] = {"int", "float", "bool", "string", "enum"};
  return kNames[type];
}

constexpr void write_option(ManifestWriter& w, const KtOptionDef& o) {
  w.text("{");
  w.field("name", o.name);
  w.text(", ");
  w.field("type", option_type_name(o.type));
  w.text(", ");
  w.field("default", o.default_value);
  w.text(", ");
  w.field("help", o.help);
  if (o.choices != nullptr) {
    w.text(", ");
    w.field("choices", o.choices);
  }
  if (o.minimum != 0 || o.maximum != 0) {
    w.text(", range: [");
    w.decimal(o.minimum);
    w.text(", ");
    w.decimal(o.maximum);
    w.text("]");
  }
  w.text("}");
}

constexpr void write_part(ManifestWriter& w, const OperatorPart& part) {
  const KtOperatorDef& o = part.def;
  w.text("  - {");
  w.field("name", o.name);
  w.text(", ");
  w.field("implements", o.implements);
  w.text(", ");
  w.field("device", o.device);
  w.text(", ");
  w.field("numerics", o.numerics);
  w.text(", ");
  w.field("help", o.help);
  w.text(", options: [");
  for (uint32_t i = 0; i < o.option_count; ++i) {
    if (i > 0) w.text(", ");
    write_option(w, *o.options[i]);
  }
  w.text("]}\n");
}
constexpr void write_part(ManifestWriter& w, const DevicePart& part) {
  w.text("  - ");
  w.quoted(part.def.kind);
  w.text("\n");
}
constexpr void write_part(ManifestWriter& w, const ClassPart& part) {
  w.text("  - {");
  w.field("name", part.def.name);
  w.text(", ");
  w.field("help", part.def.help);
  w.text("}\n");
}
constexpr void write_part(ManifestWriter& w, const ModelPart& part) {
  w.text("  - {");
  w.field("name", part.def.name);
  w.text(", architectures: [");
  for (uint32_t i = 0; i < part.def.architecture_count; ++i) {
    if (i > 0) w.text(", ");
    w.quoted(part.def.architectures[i]);
  }
  w.text("]}\n");
}

template <class Part, class... Parts>
constexpr size_t count_of(const std::tuple<Parts...>&) {
  return (size_t{0} + ... + (std::is_same_v<Parts, Part> ? 1 : 0));
}

template <class Part, class... Parts>
constexpr void write_section(ManifestWriter& w, std::string_view key, const std::tuple<Parts...>& parts) {
  if (count_of<Part>(parts) == 0) return;
  w.text(key);
  w.text(":\n");
  const auto one = [&](const auto& part) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(part)>, Part>) write_part(w, part);
  };
  std::apply([&](const auto&... part) { (one(part), ...); }, parts);
}

template <class... Parts>
constexpr size_t write_manifest(char* out, const char* name, const char* version, const char* help,
                                const std::tuple<Parts...>& parts) {
  ManifestWriter w(out);
  w.text("kt_manifest: 1\n");
  w.field("name", name);
  w.text("\n");
  w.field("version", version);
  w.text("\n");
  w.field("help", help);
  w.text("\nabi: \"");
  w.number(KT_ABI_MAJOR);
  w.text(".");
  w.number(KT_ABI_MINOR);
  w.text("\"\nisa: [" KT_PLUGIN_ISA "]\npriority: ");
  w.number(KT_PLUGIN_PRIORITY);
  w.text("\n");
  write_section<DevicePart>(w, "devices", parts);
  write_section<OperatorPart>(w, "operators", parts);
  write_section<ClassPart>(w, "classes", parts);
  write_section<ModelPart>(w, "models", parts);
  return w.size();
}

// Pointers to the tables of all parts of one kind; `Parts` is a static constexpr tuple.
template <class Part, auto& Parts>
constexpr auto pointers() {
  using Def = std::remove_const_t<decltype(std::declval<Part>().def)>;
  std::array<const Def*, count_of<Part>(Parts)> out{};
  size_t at = 0;
  const auto one = [&](const auto& part) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(part)>, Part>) out[at++] = &part.def;
  };
  std::apply([&](const auto&... part) { (one(part), ...); }, Parts);
  return out;
}

template <class Part, auto& Parts>
inline constexpr auto kPointers = pointers<Part, Parts>();

template <auto& Parts>
constexpr KtPlugin plugin_table(const char* name, const char* version, const char* help) {
  return {sizeof(KtPlugin),
          KT_ABI_MAGIC,
          KT_ABI_MAJOR,
          KT_ABI_MINOR,
          name,
          version,
          help,
          static_cast<uint32_t>(kPointers<OperatorPart, Parts>.size()),
          static_cast<uint32_t>(kPointers<DevicePart, Parts>.size()),
          static_cast<uint32_t>(kPointers<ClassPart, Parts>.size()),
          static_cast<uint32_t>(kPointers<ModelPart, Parts>.size()),
          kPointers<OperatorPart, Parts>.data(),
          kPointers<DevicePart, Parts>.data(),
          kPointers<ClassPart, Parts>.data(),
          kPointers<ModelPart, Parts>.data(),
          nullptr};
}

}  // namespace detail
}  // namespace kt

// The library's entry point, and the manifest that is read before it is loaded. Once per library; NAME, VERSION and HELP are
// literals, then come the parts: kt::op<...>(...), kt::device(...), kt::node_class(...), kt::model<...>(...).
#define KT_PLUGIN(NAME, VERSION, HELP, ...)                                                               \
  namespace {                                                                                             \
  constexpr auto kt_parts = std::make_tuple(__VA_ARGS__);                                                 \
  constexpr size_t kt_manifest_size = kt::detail::write_manifest(nullptr, NAME, VERSION, HELP, kt_parts); \
  struct KtManifest {                                                                                     \
    char text[kt_manifest_size + 1];                                                                      \
  };                                                                                                      \
  constexpr KtManifest kt_make_manifest() {                                                               \
    KtManifest out{};                                                                                     \
    kt::detail::write_manifest(out.text, NAME, VERSION, HELP, kt_parts);                                  \
    return out;                                                                                           \
  }                                                                                                       \
  [[gnu::used, gnu::section(".kt_manifest")]] constexpr KtManifest kt_manifest = kt_make_manifest();      \
  constexpr KtPlugin kt_table = kt::detail::plugin_table<kt_parts>(NAME, VERSION, HELP);                  \
  }                                                                                                       \
  extern "C" KT_EXPORT KtStatus kt_plugin_entry(const KtHost*, const KtPlugin** plugin) {                 \
    *plugin = &kt_table;                                                                                  \
    return KT_OK;                                                                                         \
  }

#endif
