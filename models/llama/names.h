// Where the files of Llama-like models keep their weights. HF folders use the graph's own names.
#pragma once

#include "kt/model.hpp"

namespace llama {

inline kt::NameTable name_table(bool tied) {
  kt::NameTable names;
  names.add(kt::kGgufDecoder);
  if (tied) names.add(kt::kTiedHead);
  return names;
}

}  // namespace llama
