#include "core/io/safetensors_index.h"

#include <algorithm>
#include <optional>

#include "core/base/json.h"
#include "core/io/untrusted_text.h"

namespace kt::core {
namespace {

constexpr int kMaxDepth = 64;

// Receives the events of the parser: {"metadata": anything, "weight_map": {TENSOR: FILE}}.
class IndexEvents {
 public:
  explicit IndexEvents(std::string path) : path_(std::move(path)) {}

  bool null() { return other("null"); }
  bool boolean(bool) { return other("a boolean"); }
  bool number_integer(int64_t) { return other("a number"); }
  bool number_unsigned(uint64_t) { return other("a number"); }
  bool number_float(double, const std::string&) { return other("a number"); }
  bool binary(nlohmann::json::binary_t&) { return other("bytes"); }

  bool string(std::string& text) {
    if (!in_map()) return other("a string");
    const auto file = files_.emplace(std::move(text), files_.size()).first;
    index_.of.emplace_back(tensor_, file->second);
    return true;
  }

  bool key(std::string& text) {
    if (depth_ == 1) {
      is_map_ = text == "weight_map";
      if (is_map_ && std::exchange(has_map_, true)) return stop("'weight_map' appears twice");
    } else if (in_map()) {
      tensor_ = std::move(text);
      if (!is_name(tensor_)) return stop("the tensor name " + shown(tensor_) + " is empty or no plain text");
    }
    return true;
  }

  bool start_object(size_t) {
    if (in_map()) return other("an object");
    return deeper();
  }
  bool start_array(size_t) {
    if (depth_ <= 1 && (depth_ == 0 || is_map_)) return other("an array");
    return in_map() ? other("an array") : deeper();
  }
  bool end_object() { return --depth_ >= 0; }
  bool end_array() { return --depth_ >= 0; }

  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) {
    const size_t offset = position > 0 ? position - 1 : 0;
    error_ = fail(401, path_ + ": no valid JSON at byte " + std::to_string(offset), "fetch the file again");
    return false;
  }

  Result<SafetensorsIndex> take() && {
    if (error_) return std::move(*error_);
    if (index_.of.empty()) return fail(405, path_ + ": has no 'weight_map' that names a tensor", "fetch the file again");
    return finish();
  }

 private:
  bool in_map() const { return depth_ == 2 && is_map_; }

  bool stop(const std::string& reason) {
    error_ = fail(405, path_ + ": " + reason, "fetch the file again");
    return false;
  }
  // A value that is not the name of a file: fine outside of the map.
  bool other(const std::string& found) {
    if (depth_ == 0) return stop("is " + found + ", not an object");
    if (depth_ == 1 && is_map_) return stop("'weight_map' is " + found + ", not an object");
    if (in_map()) return stop("tensor " + shown(tensor_) + " is in " + found + ", not in a file");
    return true;
  }
  bool deeper() { return ++depth_ <= kMaxDepth || stop("nesting deeper than " + std::to_string(kMaxDepth)); }

  // Orders files and tensors by name.
  Result<SafetensorsIndex> finish() {
    std::vector<size_t> place(files_.size());
    for (const auto& [file, number] : files_) {
      place[number] = index_.files.size();
      index_.files.push_back(file);
    }
    for (auto& [tensor, file] : index_.of) file = place[file];
    std::sort(index_.of.begin(), index_.of.end());
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
    const auto twin = std::adjacent_find(index_.of.begin(), index_.of.end(), same);
    if (twin != index_.of.end()) return fail(405, path_ + ": tensor " + shown(twin->first) + " appears twice");
    return std::move(index_);
  }

  std::string path_;
  int depth_ = 0;
  bool is_map_ = false, has_map_ = false;
  std::string tensor_;
  std::map<std::string, size_t> files_;
  SafetensorsIndex index_;
  std::optional<Error> error_;
};

}  // namespace

Result<SafetensorsIndex> parse_safetensors_index(std::string_view text, const std::string& path) {
  IndexEvents events(path);
  (void)nlohmann::json::sax_parse(text.begin(), text.end(), &events);
  return std::move(events).take();
}

}  // namespace kt::core
