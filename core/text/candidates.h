// The tokens among which the next one is drawn, and the filters that thin them out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kt::core {

struct Candidate {
  int32_t id;
  float logit;
  double probability = 0;  // see normalize()
};

// Best first, equal ones in the order of their ids. No filter removes the last candidate.
using Candidates = std::vector<Candidate>;

// The `count` best logits that are above -infinity (0: all).
Candidates best_candidates(std::span<const float> logits, size_t count);
// Sets the probabilities of logits divided by `temperature`.
void normalize(Candidates* candidates, double temperature);

// The filters read the probabilities at temperature 1 of the candidates that are left.
// The smallest number of best candidates that have at least probability `p` together.
void keep_top_p(Candidates* candidates, double p);
// Those with at least `p` times the probability of the best.
void keep_min_p(Candidates* candidates, double p);
// Those whose surprise is nearest to the expected one, until they have at least probability `p` together.
// Source of the method: Meister et al., "Locally Typical Sampling" (2023).
void keep_typical(Candidates* candidates, double p);

// The candidate at `at` in [0, 1) of the probability of all, which must be normalized.
int32_t draw(const Candidates& candidates, double at);

}  // namespace kt::core
