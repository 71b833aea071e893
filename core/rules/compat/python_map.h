// What the Python names in files written for KTransformers mean here, as tables; `kt rules schema --map` prints them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kt::core {

// A model's Python class, by the last component of its path or the end of it ("*MoE"), and the classes of node it stands for.
struct ModelClassRow {
  std::string_view python;
  std::string_view classes;  // separated by spaces
};

// A class of operator. In operators "@" is the plugin of the device that the rule names.
struct OperatorClassRow {
  std::string_view python;
  std::string_view classes;     // of the nodes it is put on
  std::string_view operators;   // separated by spaces; "": the node keeps its body and gets the device
  std::string_view inner;       // operators for nodes below it: "MlaCore=@.mla Attention=@.attention"
  bool name_of_parent = false;  // the Python module is several nodes here: rotary_emb is rotary_emb.q and rotary_emb.k
};

// A value of generate_op or prefill_op.
struct OperatorNameRow {
  std::string_view python;
  std::string_view operators;
};

// A value of `backend` as the option of the operator it becomes.
struct BackendRow {
  std::string_view python;
  std::string_view option, value;
};

// The plugin that serves a kind of device.
struct DevicePluginRow {
  std::string_view device, plugin;
};

std::span<const ModelClassRow> model_class_rows();
std::span<const OperatorClassRow> operator_class_rows();
std::span<const OperatorNameRow> operator_name_rows();
std::span<const BackendRow> backend_rows();
std::span<const DevicePluginRow> device_plugin_rows();
std::span<const std::string_view> keyword_rows();  // known kwargs

// Null if there is no such row. `path` is a dotted path; its last component decides.
const ModelClassRow* find_model_class(std::string_view path);
const OperatorClassRow* find_operator_class(std::string_view path);
const OperatorNameRow* find_operator_name(std::string_view name);

std::string_view last_component(std::string_view path);
std::vector<std::string> split_words(std::string_view text);
// "@.mla cuda.x" with "@" replaced by the plugin of a kind of device ("" stays "@").
std::vector<std::string> operators_on(std::string_view operators, std::string_view device_kind);
// Whether a class or operator is a Python path: it has three components or a capital letter after the first dot.
bool is_python_path(std::string_view text);

// The tables as text.
std::string print_python_map();

}  // namespace kt::core
