// A model family with a class of node that kt does not know, and the operator that computes it, in one library: a Llama-like
// decoder whose feed-forward network is down(relu(up(x))^2) (Primer, arXiv:2109.08668).
#include <algorithm>
#include <kt/model.hpp>
#include <kt/plugin.hpp>

namespace {

KtStatus squared_relu_shape(const KtHost* host, const KtNode* node, KtTensor* const* outputs, uint32_t) {
  return host->node_input(node, 0, outputs[0]);
}

constexpr KtClassDef kSquaredRelu{
    sizeof(KtClassDef), 1, "SquaredRelu", "max(x, 0)^2", squared_relu_shape, "x [..., n]", "same shape"};

struct SquaredRelu {
  static constexpr const char* kNumerics = "invariant.example";

  kt::Status run(kt::Call& call, kt::In in, kt::Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(x.count(), [&](int64_t row) {
      for (int64_t i = 0; i < x.dim(); ++i) {
        const float positive = std::max(x[row][i], 0.0f);
        y[row][i] = positive * positive;
      }
    });
  }
};

class Primer {
 public:
  static constexpr const char* kArchitectures[] = {"PrimerForCausalLM"};

  explicit Primer(kt::Config& c) : decoder_(kt::read_decoder(c)), attention_(kt::read_attention(c, decoder_)) {
    inner_ = c.count({"intermediate_size"}, kt::kMaxDim);
    const kt::RopeScaling scaling = kt::read_rope(c, static_cast<double>(decoder_.max_context));
    attention_.rope = kt::rope_frequencies(scaling, attention_.head_dim);
  }

  void build(kt::GraphBuilder& g) const {
    kt::decoder(g, decoder_, [&](int64_t layer, kt::Value x, kt::Value positions) {
      return kt::decoder_layer(
          g, decoder_, layer, x, positions,
          [&](kt::Value y) { return kt::self_attention(g, attention_, layer, y, positions); },
          [&](kt::Value y) { return feed_forward(g, y); });
    });
  }

  kt::NameTable names() const {
    kt::NameTable names;
    if (decoder_.tied) names.add(kt::kTiedHead);
    return names;
  }

 private:
  kt::Value feed_forward(kt::GraphBuilder& g, kt::Value x) const {
    const kt::Value up = g.linear("mlp.up_proj", x, inner_);
    return g.linear("mlp.down_proj", g.unary("mlp.act_fn", "SquaredRelu", up), decoder_.dim);
  }

  kt::DecoderShape decoder_;
  kt::AttentionShape attention_;
  int64_t inner_ = 0;
};

}  // namespace

KT_PLUGIN("example_model", "1.0.0", "an example of a model family with a class of its own", kt::node_class(kSquaredRelu),
          kt::op<SquaredRelu>("example.squared_relu", "SquaredRelu"), kt::model<Primer>("primer"))
