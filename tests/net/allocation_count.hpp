#pragma once

#include <cstdint>

namespace parley::net::test {

// Counts heap allocations of the calling thread between start and stop: operator new in every build, and malloc and its
// relatives beneath it where no sanitizer owns them.
// Not under the thread sanitizer, whose runtime owns operator new.
bool can_count_allocations();
void start_counting_allocations();
std::uint64_t stop_counting_allocations();

}  // namespace parley::net::test
