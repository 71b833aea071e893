// Models with random weights in the geometry of real ones, to measure speed without a download.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace kt::synth {

struct SynthOptions {
  std::string geometry;  // one of synth_geometries()
  int layers = 0;        // 0: the model's own number
  int experts = 0;       // routed experts kept; 0: all
  int vocabulary = 0;    // tokens; 0: all
  std::string type;      // one of synth_types()
  uint64_t seed = 1;
  std::function<void(double)> progress;  // 0..1
};

std::vector<std::string> synth_geometries();
std::vector<std::string> synth_types();
// KT-E0102 that lists the known ones.
core::Error unknown_geometry(const std::string& name);

struct SynthReport {
  uint64_t bytes = 0;         // of all tensors
  uint64_t active_bytes = 0;  // that one decoded token reads
  uint64_t parameters = 0;
};

// Writes a GGUF file. Weights are random but valid blocks of zero mean and a standard deviation of about 0.02.
// KT-E0102 names what geometry or type is unknown; KT-E0012 if the file cannot be written.
core::Result<SynthReport> synthesize(const SynthOptions& options, const std::string& path);

}  // namespace kt::synth
