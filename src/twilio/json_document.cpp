#include "json_document.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "media_scan.hpp"

namespace parley::twilio {
namespace {

using Json = nlohmann::json;

// Walks the text once without building anything: depth and duplicate keys. Keys are sorted at the end of their object,
// so that a hostile set of keys costs n log n.
class Guard final : public nlohmann::json_sax<Json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override {
        keys_.emplace_back();
        return ++depth_ <= kMaxJsonDepth;
    }
    bool key(string_t& value) override {
        keys_.back().push_back(std::move(value));
        return true;
    }
    bool end_object() override {
        std::vector<std::string>& keys = keys_.back();
        std::sort(keys.begin(), keys.end());
        const bool twice = std::adjacent_find(keys.begin(), keys.end()) != keys.end();
        keys_.pop_back();
        --depth_;
        return !twice;
    }
    bool start_array(std::size_t) override { return ++depth_ <= kMaxJsonDepth; }
    bool end_array() override {
        --depth_;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

private:
    std::size_t depth_ = 0;
    std::vector<std::vector<std::string>> keys_;
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
    // The parser takes a raw NUL for the end of its input.
    if (text.find('\0') != std::string_view::npos) return make_error_code(errc::json);
    Guard guard;
    if (!Json::sax_parse(text.begin(), text.end(), &guard)) return make_error_code(errc::json);
    Json document = Json::parse(text.begin(), text.end(), nullptr, false);
    if (document.is_discarded()) return make_error_code(errc::json);
    return document;
}

const Json* object_member(const Json& object, const char* key) {
    const auto it = object.find(key);
    return it != object.end() && it->is_object() ? &*it : nullptr;
}

std::optional<std::string_view> string_member(const Json& object, const char* key) {
    const auto it = object.find(key);
    if (it == object.end() || !it->is_string()) return std::nullopt;
    return std::string_view(it->get_ref<const std::string&>());
}

std::optional<Decimal> decimal_member(const Json& object, const char* key) {
    const auto it = object.find(key);
    if (it == object.end()) return std::nullopt;
    if (it->is_string()) return decimal_of(it->get_ref<const std::string&>());
    if (it->is_number_unsigned()) return Decimal{it->get<std::uint64_t>(), true};
    if (it->is_number()) return Decimal{};
    return std::nullopt;
}

}  // namespace parley::twilio
