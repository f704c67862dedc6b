#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace parley {

// A credential. It has no stream operator and no formatter, so it cannot reach a log or an error text by accident; the
// memory is overwritten when it goes. `reveal()` is the one way to its bytes, to be called where they are used.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret() { wipe(); }

    [[nodiscard]] std::string_view reveal() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }

private:
    void wipe() noexcept;
    std::string value_;
};

// Compares in time that depends on the lengths alone.
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace parley
