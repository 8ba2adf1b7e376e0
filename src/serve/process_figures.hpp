// What the system says of this process, in the names that Prometheus' own clients use.

#pragma once

#include <string>

namespace thimble::serve {

/// process_cpu_seconds_total, process_open_fds, process_resident_memory_bytes and
/// process_start_time_seconds in Prometheus' text format, as they are now. What the system does not
/// tell is left out.
std::string process_figures();

}  // namespace thimble::serve
