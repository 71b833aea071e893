// The machine that a measurement was taken on, in words that say nothing about its owner.
#pragma once

#include "core/base/json.h"

namespace kt::bench {

// {"cpu", "processors", "memory_gib", "kernel", "governor", "hugepages"}; what cannot be read is left out.
core::Json machine_json();

}  // namespace kt::bench
