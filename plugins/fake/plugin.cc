#include "plugins/fake/attention.h"
#include "plugins/fake/device.h"

namespace fake = kt::fake;

KT_PLUGIN("fake", "0.1.0", "an asynchronous device with faults, for tests", kt::device(fake::kDevice),
          kt::op<fake::Linear>("fake.linear", "Linear"), kt::op<fake::ExpertLinear>("fake.expert_linear", "ExpertLinear"),
          kt::op<fake::WeightedSum>("fake.weighted_sum", "WeightedSum"), kt::op<fake::RmsNorm>("fake.rms_norm", "RmsNorm"),
          kt::op<fake::Elementwise<fake::silu>>("fake.silu", "Silu"), kt::op<fake::Elementwise<fake::mul>>("fake.mul", "Mul"),
          kt::op<fake::Elementwise<fake::add>>("fake.add", "Add"), kt::op<fake::Attention>("fake.attention", "Attention"))
