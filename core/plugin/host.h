// The table of functions that kt lends to plugins.
#pragma once

#include <string>

#include "core/base/status.h"
#include "kt/abi.h"

namespace kt::core {

// The one table of this process; valid until it exits.
const KtHost& host_table();

// The sentence that the last failing call on this thread left, cleared by reading.
std::string take_plugin_error();

// `status` of a plugin function as a Status: KT-E0605 "WHAT: the plugin's sentence".
Status plugin_status(KtStatus status, const std::string& what);

}  // namespace kt::core
