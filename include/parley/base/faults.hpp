#pragma once
// Places where tests make the world fail: a write that runs out of disk, an engine that dies, an allocation that is
// refused.
//
//   if (PARLEY_FAULT("recording.write")) ec = errc::no_space_on_device;
//
// In a build without PARLEY_FAULTS (every release build) the macro is the constant false and the name is not in the
// binary. With it, each place is an atomic load until it is armed, enumerates itself when the program loads, and can be
// armed by tests or by `parley serve --fault`.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#ifdef PARLEY_FAULTS
#include <atomic>
#endif

namespace parley::faults {

#ifdef PARLEY_FAULTS
inline constexpr bool kCompiledIn = true;
#else
inline constexpr bool kCompiledIn = false;
#endif

// The next `times` passes after `skip` ones fail. False: no such place in this build.
bool arm(std::string_view name, std::uint32_t times = 1, std::uint32_t skip = 0);
void disarm_all();
// Every place in this program, sorted.
[[nodiscard]] std::vector<std::string> names();
// How often a place has failed since the start.
[[nodiscard]] std::uint64_t fired(std::string_view name);

#ifdef PARLEY_FAULTS
class Point {
public:
    explicit Point(const char* name);
    Point(const Point&) = delete;
    Point& operator=(const Point&) = delete;
    [[nodiscard]] bool hit() { return armed_.load(std::memory_order_relaxed) && fire(); }

private:
    friend bool arm(std::string_view, std::uint32_t, std::uint32_t);
    friend void disarm_all();
    friend std::vector<std::string> names();
    friend std::uint64_t fired(std::string_view);
    bool fire();

    const char* name_;
    Point* next_;
    std::atomic<bool> armed_{false};
    std::uint32_t times_ = 0, skip_ = 0;
    std::uint64_t fired_ = 0;
};

// One static point a place, found by the type of a lambda; constructed before main.
template <class Name>
struct Place {
    static inline Point point{Name::value()};
};
#endif

}  // namespace parley::faults

#ifdef PARLEY_FAULTS
#define PARLEY_FAULT(name)                                 \
    ([] {                                                  \
        struct Name {                                      \
            static constexpr const char* value() {         \
                return name;                               \
            }                                              \
        };                                                 \
        return ::parley::faults::Place<Name>::point.hit(); \
    }())
#else
#define PARLEY_FAULT(name) false
#endif
