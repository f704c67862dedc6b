#include "allocation_count.hpp"

#include <cstdlib>
#include <new>

#if !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define PARLEY_COUNTS_NOTHING 1  // its runtime owns operator new
#elif defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define PARLEY_COUNTS_NEW 1
#endif

namespace {
thread_local bool counting = false;
thread_local std::uint64_t count = 0;
[[maybe_unused]] void note() {
    if (counting) ++count;
}
}  // namespace

namespace parley::net::test {
void start_counting_allocations() {
    count = 0;
    counting = true;
}
bool can_count_allocations() {
#ifdef PARLEY_COUNTS_NOTHING
    return false;
#else
    return true;
#endif
}
std::uint64_t stop_counting_allocations() {
    counting = false;
    return count;
}
}  // namespace parley::net::test

#if defined(PARLEY_COUNTS_NOTHING)
#elif defined(PARLEY_COUNTS_NEW)
void* operator new(std::size_t size) {
    note();
    if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
#else
// The default operator new ends in malloc, so counting there counts everything once.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t size) {
    note();
    return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) {
    note();
    return __libc_calloc(n, size);
}
void* realloc(void* memory, std::size_t size) {
    note();
    return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t align, std::size_t size) {
    note();
    return __libc_memalign(align, size);
}
int posix_memalign(void** out, std::size_t align, std::size_t size) {
    note();
    *out = __libc_memalign(align, size);
    return *out != nullptr ? 0 : 12;
}
}
#endif
