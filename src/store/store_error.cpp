#include <chrono>

#include "parley/store/database.hpp"

namespace parley::store {

namespace {

class Category final : public boost::system::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "parley.store"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<StoreErrc>(value)) {
            case StoreErrc::unavailable:
                return "the store cannot be reached";
            case StoreErrc::busy:
                return "the store is busy";
            case StoreErrc::full:
                return "the store is full";
            case StoreErrc::io:
                return "the store could not read or write";
            case StoreErrc::corrupt:
                return "the store is damaged";
            case StoreErrc::constraint:
                return "the store holds something that excludes it";
            case StoreErrc::timeout:
                return "the store did not answer in time";
            case StoreErrc::statement:
                return "the store was asked wrongly";
        }
        return "unknown";
    }
};

template <class T>
const T* as(const Value& value) {
    if (const auto* held = std::get_if<T>(&value)) return held;
    if (std::holds_alternative<std::monostate>(value)) return nullptr;
    throw StoreError(StoreErrc::statement, "a column holds another kind of value than was asked for");
}

}  // namespace

error_code make_error_code(StoreErrc code) {
    static const Category category;
    return {static_cast<int>(code), category};
}

std::int64_t Row::integer(std::size_t column) const {
    const auto* held = as<std::int64_t>(values_.at(column));
    return held == nullptr ? 0 : *held;
}
double Row::real(std::size_t column) const {
    if (const auto* whole = std::get_if<std::int64_t>(&values_.at(column))) return static_cast<double>(*whole);
    const auto* held = as<double>(values_.at(column));
    return held == nullptr ? 0 : *held;
}
std::string Row::text(std::size_t column) const {
    const auto* held = as<std::string>(values_.at(column));
    return held == nullptr ? std::string() : *held;
}
Blob Row::blob(std::size_t column) const {
    const auto* held = as<Blob>(values_.at(column));
    return held == nullptr ? Blob() : *held;
}
bool Row::null(std::size_t column) const {
    return std::holds_alternative<std::monostate>(values_.at(column));
}

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now().time_since_epoch()).count();
}

}  // namespace parley::store
