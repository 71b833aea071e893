#include "core/io/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "core/base/json.h"
#include "core/io/untrusted_text.h"
#include "core/tensor/shape.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

constexpr size_t kMaxRank = 8;
constexpr std::string_view kTypes[] = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I64", "I32",
                                       "I16", "I8",  "U64", "U32",  "U16",     "U8",      "BOOL"};
constexpr std::string_view kFields[] = {"dtype", "shape", "data_offsets"};

// Receives the events of the parser. The text is {NAME: {dtype, shape: [..], data_offsets: [b, e]}, "__metadata__": {K: V}}.
class HeaderEvents {
 public:
  explicit HeaderEvents(std::string path) : path_(std::move(path)) {}

  bool null() { return unexpected("null"); }
  bool boolean(bool) { return unexpected("a boolean"); }
  bool number_integer(int64_t) { return unexpected("a negative number"); }
  bool number_float(double, const std::string&) { return unexpected("a number that is no integer of 64 bits"); }
  bool binary(nlohmann::json::binary_t&) { return unexpected("bytes"); }

  bool number_unsigned(uint64_t number) {
    if (level_ != Level::kShape && level_ != Level::kOffsets) return unexpected("a number");
    std::vector<uint64_t>& list = level_ == Level::kShape ? shape_ : offsets_;
    if (list.size() >= kMaxRank) return wrong("has more than " + std::to_string(kMaxRank) + " numbers in " + shown(field_));
    list.push_back(number);
    return true;
  }

  bool string(std::string& text) {
    if (level_ == Level::kMetadata) {
      if (!header_.metadata.emplace(field_, std::move(text)).second)
        return stop("the metadata key " + shown(field_) + " appears twice");
      return true;
    }
    if (level_ != Level::kTensor || field_ != "dtype") return unexpected("a string");
    return dtype(text);
  }

  bool start_object(size_t) {
    if (level_ == Level::kStart) {
      level_ = Level::kNames;
    } else if (level_ == Level::kNames) {
      level_ = name_ == "__metadata__" ? Level::kMetadata : Level::kTensor;
    } else {
      return unexpected("an object");
    }
    return true;
  }

  bool key(std::string& text) {
    if (level_ == Level::kNames) return begin_tensor(std::move(text));
    field_ = std::move(text);
    return level_ == Level::kMetadata || begin_field();
  }

  bool end_object() {
    if (level_ == Level::kTensor && !end_tensor()) return false;
    level_ = level_ == Level::kNames ? Level::kEnd : Level::kNames;
    return true;
  }

  bool start_array(size_t) {
    if (level_ != Level::kTensor || field_ == "dtype") return unexpected("an array");
    level_ = field_ == "shape" ? Level::kShape : Level::kOffsets;
    return true;
  }

  bool end_array() {
    level_ = Level::kTensor;
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) {
    const size_t offset = position > 0 ? position - 1 : 0;
    error_ = fail(401, path_ + ": the header is no valid JSON at its byte " + std::to_string(offset), kDamaged);
    return false;
  }

  Result<SafetensorsHeader> take() && {
    if (error_) return std::move(*error_);
    return std::move(header_);
  }

 private:
  enum class Level { kStart, kNames, kMetadata, kTensor, kShape, kOffsets, kEnd };
  static constexpr const char* kDamaged = "the file is damaged; fetch it again";

  bool stop(const std::string& reason) {
    error_ = fail(404, path_ + ": " + reason, kDamaged);
    return false;
  }
  bool wrong(const std::string& reason) { return stop("tensor " + shown(name_) + " " + reason); }
  bool unexpected(const std::string& found) {
    if (level_ == Level::kStart) return stop("the header is " + found + ", not an object");
    if (level_ == Level::kMetadata) return stop("the metadata key " + shown(field_) + " holds " + found + ", not a string");
    return wrong("holds " + found + (field_.empty() ? "" : " in " + shown(field_)) + ", which does not belong there");
  }

  bool begin_tensor(std::string name) {
    name_ = std::move(name);
    field_.clear();
    if (!is_name(name_)) return stop("the tensor name " + shown(name_) + " is empty or no plain text");
    if (name_ == "__metadata__" && std::exchange(has_metadata_, true)) return stop("'__metadata__' appears twice");
    tensor_ = {};
    shape_.clear();
    offsets_.clear();
    fields_ = 0;
    return true;
  }

  bool begin_field() {
    const auto* field = std::find(std::begin(kFields), std::end(kFields), field_);
    if (field == std::end(kFields)) return wrong("has the unknown field " + shown(field_));
    const unsigned bit = 1u << (field - std::begin(kFields));
    if ((fields_ & bit) != 0) return wrong("has the field " + shown(field_) + " twice");
    fields_ |= bit;
    return true;
  }

  bool dtype(const std::string& text) {
    if (std::find(std::begin(kTypes), std::end(kTypes), text) == std::end(kTypes)) {
      error_ = fail(407, path_ + ": tensor " + shown(name_) + " has the type " + shown(text) + ", which kt does not know",
                    "convert the model to BF16, F16, F32 or F8_E4M3");
      return false;
    }
    tensor_.dtype = format::dtype_by_name(text)->dtype;
    return true;
  }

  bool end_tensor() {
    for (size_t i = 0; i < std::size(kFields); ++i)
      if ((fields_ >> i & 1u) == 0) return wrong("has no " + shown(kFields[i]));
    for (const uint64_t dim : shape_) {
      if (dim > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        return wrong("has a dimension of " + std::to_string(dim));
      tensor_.shape.push_back(static_cast<int64_t>(dim));
    }
    const std::optional<uint64_t> bytes = tensor_bytes(tensor_.dtype, tensor_.shape);
    if (!bytes) return wrong("of shape " + shape_text(tensor_.shape) + " is too large");
    if (offsets_.size() != 2 || offsets_[0] > offsets_[1]) return wrong("has 'data_offsets' that are no begin and end");
    if (offsets_[1] - offsets_[0] != *bytes)
      return wrong("of shape " + shape_text(tensor_.shape) + " needs " + std::to_string(*bytes) +
                   " bytes, its 'data_offsets' span " + std::to_string(offsets_[1] - offsets_[0]));
    tensor_.name = std::move(name_);
    tensor_.offset = offsets_[0];
    tensor_.bytes = *bytes;
    header_.tensors.push_back(std::move(tensor_));
    return true;
  }

  std::string path_;
  Level level_ = Level::kStart;
  std::string name_, field_;
  bool has_metadata_ = false;
  unsigned fields_ = 0;  // of kFields, those seen
  SafetensorsTensor tensor_;
  std::vector<uint64_t> shape_, offsets_;
  SafetensorsHeader header_;
  std::optional<Error> error_;
};

Status check_unique_names(const std::vector<SafetensorsTensor>& tensors, const std::string& path) {
  std::vector<uint32_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return tensors[a].name < tensors[b].name; });
  const auto same = [&](uint32_t a, uint32_t b) { return tensors[a].name == tensors[b].name; };
  const auto twin = std::adjacent_find(order.begin(), order.end(), same);
  if (twin == order.end()) return {};
  return fail(404, path + ": tensor " + shown(tensors[*twin].name) + " appears twice");
}

}  // namespace

Result<SafetensorsHeader> parse_safetensors_header(std::string_view text, const std::string& path) {
  HeaderEvents events(path);
  (void)nlohmann::json::sax_parse(text.begin(), text.end(), &events);
  SafetensorsHeader header = KT_TRY(std::move(events).take());
  KT_TRY(check_unique_names(header.tensors, path));
  return header;
}

}  // namespace kt::core
