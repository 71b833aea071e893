#include "core/exec/weights.h"

#include <algorithm>
#include <cstring>

#include "core/tensor/shape.h"
#include "kt/format/dequantize.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

std::string replaced(std::string text, const std::string& key, const std::string& value) {
  for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + value.size()))
    text.replace(at, key.size(), value);
  return text;
}

// "model.layers.12.mlp" -> "model.layers.{L}.mlp" and "12".
std::string layer_pattern(const std::string& name, std::string* layer) {
  constexpr std::string_view kKey = "layers.";
  const size_t at = name.find(kKey);
  if (at == std::string::npos) return name;
  const size_t begin = at + kKey.size();
  const size_t end = name.find_first_not_of("0123456789", begin);
  if (end == begin || end == std::string::npos) return name;
  *layer = name.substr(begin, end - begin);
  return name.substr(0, begin) + "{L}" + name.substr(end);
}

Error wrong_weight(const WeightSpec& spec, const std::string& what) {
  return fail(409, "weight '" + spec.canonical + "': " + what, "the file does not belong to this configuration");
}

int64_t product(const std::vector<int64_t>& shape) {
  int64_t out = 1;
  for (const int64_t dim : shape) out *= dim;
  return out;
}

// Some converters drop leading dimensions of 1.
std::vector<int64_t> without_leading_ones(std::vector<int64_t> shape) {
  shape.erase(shape.begin(), std::find_if(shape.begin(), shape.end(), [](int64_t dim) { return dim != 1; }));
  return shape;
}

KtTransform transform_of(const WeightSource& source) {
  return source.row ? static_cast<KtTransform>(source.row->transform) : KT_AS_IS;
}

// The shape that each tensor of the source must have.
std::vector<int64_t> shape_in_file(const WeightSpec& spec, const WeightSource& source) {
  std::vector<int64_t> out = spec.shape;
  const KtTransform transform = transform_of(source);
  if (transform == KT_STACK) out.erase(out.begin());
  if (transform == KT_HEAD_ROWS) out = {spec.shape[0] * source.row->stride, spec.shape[2]};
  if (transform == KT_TRANSPOSE_LAST) std::swap(out[out.size() - 1], out[out.size() - 2]);
  return out;
}

// Types whose values are real numbers; integers in a file are ids or indices.
bool holds_weights(int32_t dtype) {
  constexpr int32_t kIntegers[] = {KT_I8, KT_I16, KT_I32, KT_I64, KT_U8, KT_U16, KT_U32, KT_U64, KT_BOOL};
  return kt::format::dequantizer(dtype) && std::find(std::begin(kIntegers), std::end(kIntegers), dtype) == std::end(kIntegers);
}

// Types and shapes in the files against what the graph needs.
Status check_source(const WeightSpec& spec, const WeightSource& source) {
  const TensorEntry& first = *source.tensors[0];
  const std::vector<int64_t> expected = shape_in_file(spec, source);
  if (!holds_weights(first.dtype)) return wrong_weight(spec, "type " + dtype_name(first.dtype) + " is not supported");
  for (const TensorEntry* tensor : source.tensors) {
    if (tensor->dtype != first.dtype) return wrong_weight(spec, "its tensors have different types");
    if (without_leading_ones(tensor->shape) != without_leading_ones(expected))
      return wrong_weight(
          spec, "tensor '" + tensor->name + "' has shape " + shape_text(tensor->shape) + ", needs " + shape_text(expected));
  }
  return {};
}

// A float32 vector can stay where it lies in the file.
bool usable_in_place(const TensorEntry& tensor) {
  return tensor.dtype == KT_F32 && reinterpret_cast<uintptr_t>(tensor.data) % alignof(float) == 0;
}

// The type of a matrix whose last two dimensions were swapped: that of the file where elements can be moved one by one.
int32_t transposed_dtype(int32_t dtype) { return dtype == KT_BF16 || dtype == KT_F16 ? dtype : KT_F32; }

// [matrices, rows, columns] -> [matrices, columns, rows]; from `row_of` comes one row as it lies in the file, already of type T.
template <class T, class RowOf>
void transpose(int64_t matrices, int64_t rows, int64_t columns, T* out, RowOf row_of) {
  for (int64_t m = 0; m < matrices; ++m)
    for (int64_t r = 0; r < rows; ++r) {
      const T* row = row_of(m * rows + r);
      for (int64_t c = 0; c < columns; ++c) out[(m * columns + c) * rows + r] = row[c];
    }
}

void to_float(const TensorEntry& tensor, int64_t first_row, int64_t rows, int64_t columns, float* out) {
  const auto bytes = *kt::format::row_bytes(tensor.dtype, columns);
  const auto convert = kt::format::dequantizer(tensor.dtype);
  for (int64_t r = 0; r < rows; ++r) convert(tensor.data + (first_row + r) * bytes, out + r * columns, columns);
}

}  // namespace

NameTable::NameTable(const KtNameRow* const* rows, uint32_t count, KtSource source) {
  for (uint32_t i = 0; i < count; ++i)
    if (rows[i]->source == source) rows_[rows[i]->weight].push_back(rows[i]);
}

std::vector<std::string> NameTable::candidates(const KtNameRow& row, const std::string& layer, int64_t count) const {
  const std::string name = replaced(row.in_file, "{L}", layer);
  if (row.transform != KT_STACK) return {name};
  std::vector<std::string> out;
  for (int64_t e = 0; e < count; ++e) out.push_back(replaced(name, "{E}", std::to_string(e)));
  return out;
}

Result<WeightSource> NameTable::find(const WeightSpec& spec, const WeightStore& store) const {
  if (const TensorEntry* tensor = store.find(spec.canonical)) return WeightSource{nullptr, {tensor}};
  std::string layer;
  std::string tried = spec.canonical;
  const auto it = rows_.find(layer_pattern(spec.canonical, &layer));
  if (it == rows_.end())
    return fail(408, "the model has no tensor '" + tried + "'", "the file is incomplete, or of another model");
  for (const KtNameRow* row : it->second) {
    WeightSource out{row, {}};
    for (const std::string& name : candidates(*row, layer, spec.shape.empty() ? 1 : spec.shape[0])) {
      const TensorEntry* tensor = store.find(name);
      if (!tensor) {
        tried += ", " + name;
        break;
      }
      out.tensors.push_back(tensor);
    }
    const size_t needed = row->transform == KT_STACK ? static_cast<size_t>(spec.shape[0]) : 1;
    if (out.tensors.size() == needed) return out;
  }
  return fail(408, "the model has no tensor for '" + spec.canonical + "': tried " + tried,
              "the file is incomplete, or of another model");
}

const KtNameRow* NameTable::first_row(const WeightSpec& spec, std::string* name) const {
  std::string layer;
  const auto it = rows_.find(layer_pattern(spec.canonical, &layer));
  if (it == rows_.end()) return nullptr;
  *name = replaced(it->second.front()->in_file, "{L}", layer);
  return it->second.front();
}

void LoadedWeight::add_tensor(const std::byte* data, int32_t dtype, const int64_t* shape, int32_t rank) {
  KtTensor t{};
  t.struct_size = sizeof t;
  t.dtype = dtype;
  t.rank = rank;
  t.device = {"cpu", 0, 0};
  t.data = const_cast<std::byte*>(data);
  int64_t stride = 1;
  for (int32_t d = rank; d-- > 0;) {
    t.shape[d] = shape[d];
    t.stride[d] = stride;
    stride *= shape[d];
  }
  tensors_.push_back(t);
}

void LoadedWeight::finish(const WeightSpec& spec, int32_t dtype) {
  name_ = spec.parameter;
  for (const KtTensor& tensor : tensors_) tensor_pointers_.push_back(&tensor);
  part_.struct_size = sizeof part_;
  part_.count = static_cast<uint32_t>(tensors_.size());
  part_.name = "values";
  part_.tensors = tensor_pointers_.data();
  part_pointer_ = &part_;
  view_.struct_size = sizeof view_;
  view_.dtype = dtype;
  view_.rank = static_cast<int32_t>(spec.shape.size());
  view_.part_count = 1;
  view_.name = name_.c_str();
  std::copy(spec.shape.begin(), spec.shape.end(), view_.shape);
  view_.parts = &part_pointer_;
}

Status LoadedWeight::take_vector(const WeightSpec& spec, const TensorEntry& tensor) {
  const std::byte* data = tensor.data;
  if (!usable_in_place(tensor)) {
    const int64_t count = product(spec.shape);
    copy_ = KT_TRY(Buffer::allocate(static_cast<uint64_t>(count) * sizeof(float)));
    to_float(tensor, 0, 1, count, reinterpret_cast<float*>(copy_.data()));
    data = copy_.data();
  }
  add_tensor(data, KT_F32, spec.shape.data(), static_cast<int32_t>(spec.shape.size()));
  finish(spec, KT_F32);
  return {};
}

Status LoadedWeight::copy_transposed(const WeightSpec& spec, const TensorEntry& tensor) {
  const size_t rank = spec.shape.size();
  const int64_t rows = spec.shape[rank - 1], columns = spec.shape[rank - 2];  // as they lie in the file
  const int64_t matrices = product(spec.shape) / (rows * columns);
  const int32_t dtype = transposed_dtype(tensor.dtype);
  copy_ = KT_TRY(Buffer::allocate(static_cast<uint64_t>(*kt::format::row_bytes(dtype, product(spec.shape)))));
  if (dtype == KT_F32) {
    std::vector<float> row(static_cast<size_t>(columns));
    transpose(matrices, rows, columns, reinterpret_cast<float*>(copy_.data()), [&](int64_t r) {
      to_float(tensor, r, 1, columns, row.data());
      return row.data();
    });
  } else {
    std::vector<uint16_t> row(static_cast<size_t>(columns));
    transpose(matrices, rows, columns, reinterpret_cast<uint16_t*>(copy_.data()), [&](int64_t r) {
      std::memcpy(row.data(), tensor.data + r * columns * 2, row.size() * sizeof(uint16_t));
      return row.data();
    });
  }
  add_tensor(copy_.data(), dtype, spec.shape.data(), static_cast<int32_t>(rank));
  finish(spec, dtype);
  return {};
}

std::unique_ptr<LoadedWeight> LoadedWeight::borrow(const WeightSpec& spec, const std::byte* data) {
  std::unique_ptr<LoadedWeight> out(new LoadedWeight());
  out->add_tensor(data, spec.dtype, spec.shape.data(), static_cast<int32_t>(spec.shape.size()));
  out->finish(spec, spec.dtype);
  return out;
}

Result<std::unique_ptr<LoadedWeight>> LoadedWeight::load(const WeightSpec& spec, const WeightSource& source,
                                                         const WeightStore& store) {
  std::unique_ptr<LoadedWeight> out(new LoadedWeight());
  KT_TRY(check_source(spec, source));
  for (const TensorEntry* tensor : source.tensors) KT_TRY(store.check(*tensor));
  const TensorEntry& first = *source.tensors[0];
  const KtTransform transform = transform_of(source);
  const std::vector<int64_t> expected = shape_in_file(spec, source);
  if (spec.shape.size() == 1) {
    KT_TRY(out->take_vector(spec, first));
    return out;
  }
  if (transform == KT_TRANSPOSE_LAST) {
    KT_TRY(out->copy_transposed(spec, first));
    return out;
  }
  const auto rank = static_cast<int32_t>(spec.shape.size());
  if (transform == KT_STACK) {
    for (const TensorEntry* tensor : source.tensors) out->add_tensor(tensor->data, tensor->dtype, expected.data(), rank - 1);
  } else if (transform == KT_HEAD_ROWS) {
    const int64_t bytes = *kt::format::row_bytes(first.dtype, spec.shape[2]);
    for (int64_t h = 0; h < spec.shape[0]; ++h)
      out->add_tensor(first.data + (h * source.row->stride + source.row->begin) * bytes, first.dtype, spec.shape.data() + 1, 2);
  } else {
    out->add_tensor(first.data, first.dtype, spec.shape.data(), rank);
  }
  out->finish(spec, first.dtype);
  return out;
}

Status LoadedWeight::upload(Device& device) {
  constexpr uint64_t kAlign = 64;
  std::vector<uint64_t> sizes, offsets;
  uint64_t total = 0;
  for (const KtTensor& tensor : tensors_) {
    sizes.push_back(*tensor_bytes(tensor.dtype, std::span(tensor.shape, static_cast<size_t>(tensor.rank))));
    offsets.push_back(total);
    total += (sizes.back() + kAlign - 1) / kAlign * kAlign;
  }
  on_device_ = KT_TRY(device.allocate(total));
  for (size_t i = 0; i < tensors_.size(); ++i)
    KT_TRY(device.copy_in(on_device_.handle(), offsets[i], tensors_[i].data, sizes[i]));
  KT_TRY(device.wait());
  for (size_t i = 0; i < tensors_.size(); ++i) {
    tensors_[i].device = device.id();
    tensors_[i].data = on_device_.handle();
    tensors_[i].offset = offsets[i];
  }
  copy_ = Buffer();
  return {};
}

namespace {

Status join_node(Node& node, const NameTable& names, const WeightStore& store) {
  for (const auto& child : node.body) KT_TRY(join_node(*child, names, store));
  for (WeightSpec& spec : node.own_weights) {
    const WeightSource source = KT_TRY(names.find(spec, store));
    KT_TRY(check_source(spec, source));
    const bool transposed = source.row && source.row->transform == KT_TRANSPOSE_LAST;
    const int32_t in_file = source.tensors[0]->dtype;
    spec.dtype = spec.shape.size() == 1 ? int32_t{KT_F32} : transposed ? transposed_dtype(in_file) : in_file;
  }
  std::vector<WeightSpec> all = node.own_weights;
  for (const auto& child : node.body)
    for (WeightSpec spec : child->weights) {
      spec.parameter = node.name.empty() ? spec.canonical : spec.canonical.substr(node.name.size() + 1);
      all.push_back(std::move(spec));
    }
  node.weights = std::move(all);
  return {};
}

}  // namespace

Status join_weights(Graph& graph, const NameTable& names, const WeightStore& store) {
  return join_node(*graph.root, names, store);
}

}  // namespace kt::core
