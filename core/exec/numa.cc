#include "core/exec/numa.h"

#include <numa.h>

namespace kt::core {

int numa_nodes() { return numa_available() < 0 ? 1 : numa_num_configured_nodes(); }

void bind_this_thread(int node) {
  if (numa_nodes() > 1) numa_run_on_node(node);
}

void interleave_memory(void* begin, std::size_t size) {
  if (numa_nodes() > 1) numa_interleave_memory(begin, size, numa_all_nodes_ptr);
}

}  // namespace kt::core
