#include "core/conformance/weights.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>

#include "kt/format/dequantize.h"

namespace kt::conformance {
namespace {

// Where the float16 scales of a block lie; all other bytes of these types may be anything.
struct HalfFields {
  int32_t dtype;
  int count;
  int offsets[2];
  float scale;  // makes the values about 1
};
constexpr HalfFields kHalfFields[] = {{KT_Q4_0, 1, {0}, 0.2f},      {KT_Q4_1, 2, {0, 2}, 0.1f},   {KT_Q5_0, 1, {0}, 0.1f},
                                      {KT_Q5_1, 2, {0, 2}, 0.05f},  {KT_Q8_0, 1, {0}, 0.01f},     {KT_Q8_1, 2, {0, 2}, 0.01f},
                                      {KT_Q2_K, 2, {80, 82}, 0.1f}, {KT_Q3_K, 1, {108}, 0.02f},   {KT_Q4_K, 2, {0, 2}, 0.005f},
                                      {KT_Q5_K, 2, {0, 2}, 0.003f}, {KT_Q6_K, 1, {208}, 0.0005f}, {KT_IQ1_S, 1, {0}, 0.2f},
                                      {KT_IQ2_XXS, 1, {0}, 0.02f},  {KT_IQ2_XS, 1, {0}, 0.02f},   {KT_IQ2_S, 1, {0}, 0.02f},
                                      {KT_IQ3_XXS, 1, {0}, 0.01f},  {KT_IQ3_S, 1, {0}, 0.01f},    {KT_IQ4_NL, 1, {0}, 0.01f},
                                      {KT_IQ4_XS, 1, {0}, 0.001f},  {KT_TQ1_0, 1, {52}, 1.0f},    {KT_TQ2_0, 1, {64}, 1.0f}};

void put_half(unsigned char* to, float value) {
  const uint16_t bits = format::f16_from_f32(value);
  std::memcpy(to, &bits, sizeof bits);
}

// Makes a block of random bytes one whose values are of moderate size.
void tame_block(int32_t dtype, unsigned char* block, Random& random) {
  const auto factor = [&] { return static_cast<float>(0.5 + random.uniform()) * (random.below(2) != 0 ? 1.0f : -1.0f); };
  for (const HalfFields& fields : kHalfFields)
    if (fields.dtype == dtype)
      for (int i = 0; i < fields.count; ++i) put_half(block + fields.offsets[i], fields.scale * factor());
  if (dtype == KT_MXFP4) block[0] = static_cast<unsigned char>(123 + random.below(4));
  if (dtype == KT_NVFP4)
    for (int i = 0; i < 4; ++i) block[i] = static_cast<unsigned char>(0x20 + random.below(0x18));
  if (dtype == KT_Q8_K) {
    const float scale = 0.01f * factor();
    std::memcpy(block, &scale, sizeof scale);
  }
  if (dtype == KT_IQ1_M) {
    const uint16_t bits = format::f16_from_f32(0.1f * factor());
    for (int i = 0; i < 4; ++i)
      block[49 + 2 * i] = static_cast<unsigned char>((block[49 + 2 * i] & 0x0F) | (bits >> (4 * i) & 15) << 4);
  }
}

void put_plain(int32_t dtype, unsigned char* to, float value) {
  if (dtype == KT_F32) std::memcpy(to, &value, sizeof value);
  if (dtype == KT_F16) put_half(to, value);
  if (dtype == KT_BF16) {
    const uint16_t bits = format::bf16_from_f32(value);
    std::memcpy(to, &bits, sizeof bits);
  }
  if (dtype == KT_F8_E4M3 || dtype == KT_F8_E5M2) {
    // A code of magnitude 2^-8 to 2, chosen by the float's bits.
    *to = static_cast<unsigned char>((value < 0 ? 0x80 : 0) | (0x20 + (format::bits_of_float(value) >> 3) % 0x20));
  }
}

int64_t product(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

constexpr size_t kFront = 64;

}  // namespace

HostWeight HostWeight::random(const core::WeightSpec& spec, int32_t dtype, WeightForm form, Random& random) {
  HostWeight out;
  out.dtype_ = spec.shape.size() == 1 ? static_cast<int32_t>(KT_F32) : dtype;
  out.shape_ = spec.shape;
  const format::DtypeInfo& info = *format::dtype_info(out.dtype_);
  const int64_t blocks = product(out.shape_) / info.block_elements;
  out.bytes_.resize(kFront + static_cast<size_t>(blocks * info.block_bytes));
  // Sums over a row are then about 1, so that modules neither overflow nor vanish.
  const double scale = spec.shape.size() == 1 ? 1.0 : 1.0 / std::sqrt(static_cast<double>(spec.shape.back()));
  unsigned char* to = out.bytes_.data() + kFront;
  for (int64_t b = 0; b < blocks; ++b, to += info.block_bytes) {
    if (info.block_elements == 1) {
      put_plain(out.dtype_, to, static_cast<float>(random.normal() * scale));
      continue;
    }
    for (int i = 0; i < info.block_bytes; ++i) to[i] = static_cast<unsigned char>(random.next() >> 24);
    tame_block(out.dtype_, to, random);
  }
  out.form_ = spec.shape.size() == 1 ? WeightForm::kWhole : form;
  if (out.form_ == WeightForm::kUnaligned) out.bytes_.insert(out.bytes_.begin() + kFront, 2, 0);
  return out;
}

HostWeight HostWeight::absolute(const HostWeight& other) {
  HostWeight out;
  out.shape_ = other.shape_;
  const std::vector<float> values = other.values();
  out.bytes_.resize(kFront + values.size() * sizeof(float));
  if (out.shape_.size() == 1) return out;
  for (size_t i = 0; i < values.size(); ++i)
    put_plain(KT_F32, out.bytes_.data() + kFront + i * sizeof(float), std::fabs(values[i]));
  return out;
}

size_t HostWeight::front() const { return kFront + (form_ == WeightForm::kUnaligned ? 2 : 0); }

size_t HostWeight::offset_of(size_t index) const {
  const auto count = static_cast<size_t>(parts());
  return front() + (count - 1 - index) * ((bytes_.size() - front()) / count);
}

std::vector<float> HostWeight::values() const {
  std::vector<float> out(static_cast<size_t>(product(shape_)));
  const int64_t elements = product(shape_) / parts();
  for (int64_t i = 0; i < parts(); ++i)
    format::dequantizer(dtype_)(bytes_.data() + offset_of(static_cast<size_t>(i)), out.data() + i * elements, elements);
  return out;
}

const KtWeight& HostWeight::view(const std::string& name) const {
  const int64_t count = parts();
  const size_t first = form_ == WeightForm::kSplit ? 1 : 0;
  tensors_.assign(static_cast<size_t>(count), KtTensor{});
  pointers_.clear();
  for (size_t i = 0; i < tensors_.size(); ++i) {
    KtTensor& t = tensors_[i];
    t.struct_size = sizeof t;
    t.dtype = dtype_;
    t.rank = static_cast<int32_t>(shape_.size() - first);
    t.device = {"cpu", 0, 0};
    t.data = const_cast<unsigned char*>(bytes_.data());
    t.offset = offset_of(i);
    int64_t stride = 1;
    for (int32_t d = t.rank - 1; d >= 0; --d) {
      t.shape[d] = shape_[static_cast<size_t>(d) + first];
      t.stride[d] = stride;
      stride *= t.shape[d];
    }
    pointers_.push_back(&t);
  }
  name_ = name;
  part_ = {sizeof part_, static_cast<uint32_t>(count), "values", pointers_.data()};
  part_pointer_ = &part_;
  view_ = {sizeof view_, dtype_, static_cast<int32_t>(shape_.size()), 1, name_.c_str(), {}, &part_pointer_};
  std::copy(shape_.begin(), shape_.end(), view_.shape);
  return view_;
}

}  // namespace kt::conformance
