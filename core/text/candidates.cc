#include "core/text/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kt::core {
namespace {

bool is_better(const Candidate& a, const Candidate& b) { return a.logit != b.logit ? a.logit > b.logit : a.id < b.id; }

}  // namespace

Candidates best_candidates(std::span<const float> logits, size_t count) {
  Candidates out;
  out.reserve(logits.size());
  for (size_t i = 0; i < logits.size(); ++i)
    if (logits[i] > -std::numeric_limits<float>::infinity()) out.push_back({static_cast<int32_t>(i), logits[i]});
  if (count > 0 && count < out.size()) {
    std::nth_element(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count), out.end(), is_better);
    out.resize(count);
  }
  std::sort(out.begin(), out.end(), is_better);
  return out;
}

void normalize(Candidates* candidates, double temperature) {
  const double best = candidates->front().logit;
  double sum = 0;
  for (Candidate& c : *candidates) {
    c.probability = std::exp((static_cast<double>(c.logit) - best) / temperature);
    sum += c.probability;
  }
  for (Candidate& c : *candidates) c.probability /= sum;
}

void keep_top_p(Candidates* candidates, double p) {
  normalize(candidates, 1);
  double sum = 0;
  size_t count = 0;
  while (count < candidates->size() && (count == 0 || sum < p)) sum += (*candidates)[count++].probability;
  candidates->resize(count);
}

void keep_min_p(Candidates* candidates, double p) {
  normalize(candidates, 1);
  const double least = p * candidates->front().probability;
  size_t count = 1;
  while (count < candidates->size() && (*candidates)[count].probability >= least) ++count;
  candidates->resize(count);
}

void keep_typical(Candidates* candidates, double p) {
  normalize(candidates, 1);
  const auto surprise = [](const Candidate& c) {
    return c.probability > 0 ? -std::log(c.probability) : std::numeric_limits<double>::infinity();
  };
  double entropy = 0;
  for (const Candidate& c : *candidates)
    if (c.probability > 0) entropy += c.probability * surprise(c);
  std::stable_sort(candidates->begin(), candidates->end(), [&](const Candidate& a, const Candidate& b) {
    return std::fabs(surprise(a) - entropy) < std::fabs(surprise(b) - entropy);
  });
  double sum = 0;
  size_t count = 0;
  while (count < candidates->size() && (count == 0 || sum < p)) sum += (*candidates)[count++].probability;
  candidates->resize(count);
  std::sort(candidates->begin(), candidates->end(), is_better);
}

int32_t draw(const Candidates& candidates, double at) {
  double sum = 0;
  int32_t id = candidates.front().id;
  for (const Candidate& c : candidates) {
    if (c.probability > 0) id = c.id;
    sum += c.probability;
    if (at < sum) break;
  }
  return id;
}

}  // namespace kt::core
