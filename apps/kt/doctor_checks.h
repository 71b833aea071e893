// The checks of kt doctor: each looks at facts that are passed in and says what is right, doubtful or wrong.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "apps/bench/machine.h"
#include "apps/kt/doctor_report.h"
#include "core/estimate/bandwidth.h"
#include "core/estimate/host_memory.h"
#include "core/plugin/registry.h"

namespace kt::app {

// Takes the user's home folder, name and host name out of texts.
class Anonymiser {
 public:
  Anonymiser(std::string home, std::string user, std::string host);
  std::string operator()(std::string text) const;

 private:
  std::string home_, user_, host_;
};

// "AVX-512 VNNI BF16, AMX int8 bf16"; empty without AVX2.
std::string isa_text(const std::set<std::string>& features);

Finding check_processor(const std::set<std::string>& features, const std::string& architecture);
std::vector<Finding> check_settings(const bench::MachineFacts& facts);
Finding check_memory(const core::HostMemory& memory);
Finding check_bandwidth(const core::Bandwidth& bandwidth, int threads);
std::vector<Finding> check_plugins(const std::vector<core::PluginRecord>& records, const Anonymiser& anonymous);
// Is the first `kt` of the folders of `path` (PATH) the one that runs?
std::vector<Finding> check_path(const std::string& path, const std::string& program, const Anonymiser& anonymous);
// The space left for a folder that may not be there yet.
std::vector<Finding> check_disk(const std::string& folder, const Anonymiser& anonymous);

}  // namespace kt::app
