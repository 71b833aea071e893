// Memory nodes of the machine: how many there are and binding threads and memory to them (libnuma).
#pragma once

#include <cstddef>

namespace kt::core {

int numa_nodes();                                     // 1 where the kernel knows no nodes
void bind_this_thread(int node);                      // no effect where there is one node
void interleave_memory(void* begin, std::size_t size);  // spreads pages that are not touched yet over all nodes

}  // namespace kt::core
