#include "parley/base/faults.hpp"

#include <algorithm>
#include <mutex>

namespace parley::faults {

#ifdef PARLEY_FAULTS

namespace {

std::mutex& guard() {
    static std::mutex mutex;
    return mutex;
}

Point*& first() {
    static Point* head = nullptr;
    return head;
}

}  // namespace

Point::Point(const char* name) : name_(name), next_(nullptr) {
    const std::lock_guard lock(guard());
    next_ = first();
    first() = this;
}

bool Point::fire() {
    const std::lock_guard lock(guard());
    if (!armed_.load(std::memory_order_relaxed)) return false;
    if (skip_ > 0) {
        --skip_;
        return false;
    }
    ++fired_;
    if (--times_ == 0) armed_.store(false, std::memory_order_relaxed);
    return true;
}

bool arm(std::string_view name, std::uint32_t times, std::uint32_t skip) {
    const std::lock_guard lock(guard());
    bool found = false;
    for (Point* p = first(); p; p = p->next_) {
        if (p->name_ != name) continue;
        p->times_ = times;
        p->skip_ = skip;
        p->armed_.store(times > 0, std::memory_order_relaxed);
        found = true;
    }
    return found;
}

void disarm_all() {
    const std::lock_guard lock(guard());
    for (Point* p = first(); p; p = p->next_) p->armed_.store(false, std::memory_order_relaxed);
}

std::vector<std::string> names() {
    std::vector<std::string> result;
    const std::lock_guard lock(guard());
    for (Point* p = first(); p; p = p->next_) result.emplace_back(p->name_);
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
}

std::uint64_t fired(std::string_view name) {
    const std::lock_guard lock(guard());
    std::uint64_t n = 0;
    for (Point* p = first(); p; p = p->next_) n += p->name_ == name ? p->fired_ : 0;
    return n;
}

#else

bool arm(std::string_view, std::uint32_t, std::uint32_t) {
    return false;
}
void disarm_all() {}
std::vector<std::string> names() {
    return {};
}
std::uint64_t fired(std::string_view) {
    return 0;
}

#endif

}  // namespace parley::faults
