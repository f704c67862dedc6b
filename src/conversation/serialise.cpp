#include "parley/conversation/serialise.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "fields.hpp"

namespace parley::conversation {
namespace {

using Json = nlohmann::ordered_json;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"  // g++ 12 looks into the library's base class
class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "parley.conversation.serialise"; }
    std::string message(int value) const override {
        switch (static_cast<serialise_errc>(value)) {
            case serialise_errc::too_long:
                return "line too long";
            case serialise_errc::not_json:
                return "not JSON";
            case serialise_errc::not_an_object:
                return "not a JSON object";
            case serialise_errc::unknown_type:
                return "unknown type";
            case serialise_errc::unknown_field:
                return "unknown field";
            case serialise_errc::wrong_type:
                return "field of wrong type";
            case serialise_errc::out_of_range:
                return "field out of range";
        }
        return "unknown error";
    }
};
#pragma GCC diagnostic pop

template <class E>
struct Names;
template <>
struct Names<TimerId> {
    static constexpr std::array<std::string_view, 10> list{"endpoint",     "barge_in_confirm", "final_wait", "filler", "idle", "max_duration_warning",
                                                           "max_duration", "playout_watch",    "end_grace",  "keys"};
};
template <>
struct Names<EndReason> {
    static constexpr std::array<std::string_view, 12> list{"caller_hung_up", "agent_completed", "transferred",     "max_duration", "silence",  "carrier_lost",
                                                           "media_timeout",  "brain_failed",    "operator_hangup", "shutdown",     "protocol", "internal"};
};
template <>
struct Names<SpeechKind> {
    static constexpr std::array<std::string_view, 8> list{"reply", "greeting", "idle_prompt", "filler", "goodbye", "apology", "operator_text", "keys"};
};
template <>
struct Names<PromptKind> {
    static constexpr std::array<std::string_view, 5> list{"greeting", "caller_text", "digits", "nothing_understood", "returned"};
};
template <>
struct Names<KeysOutcome> {
    static constexpr std::array<std::string_view, 6> list{"complete", "too_few", "none", "interrupted", "hung_up", "unavailable"};
};
template <>
struct Names<ReplyThen> {
    static constexpr std::array<std::string_view, 3> list{"listen", "end_call", "transfer"};
};

template <class E>
std::string_view enum_name(E value) {
    const auto index = static_cast<std::size_t>(value);
    return index < Names<E>::list.size() ? Names<E>::list[index] : std::string_view("?");
}

bool valid_utf8(std::string_view text) {
    // The library's own judgement, so that what it would refuse to write is what is written as bytes.
    try {
        (void)Json(std::string(text)).dump();
        return true;
    } catch (const Json::exception&) {
        return false;
    }
}

class Writer {
public:
    explicit Writer(Json& to) : to_(to) {}
    void operator()(const char* name, bool v) { to_[name] = v; }
    void operator()(const char* name, std::uint32_t v) { to_[name] = v; }
    void operator()(const char* name, double v) { to_[name] = std::isfinite(v) ? v : 0.0; }
    void operator()(const char* name, const std::string& v) { to_[name] = text(v); }
    void operator()(const char* name, char v) { to_[name] = text(std::string(1, v)); }
    void operator()(const char* name, const std::vector<std::string>& v) {
        Json list = Json::array();
        for (const auto& item : v) list.push_back(text(item));
        to_[name] = std::move(list);
    }
    template <class Rep, class Period>
    void operator()(const char* name, std::chrono::duration<Rep, Period> v) {
        to_[name] = static_cast<std::int64_t>(v.count());
    }
    template <class E>
        requires std::is_enum_v<E>
    void operator()(const char* name, E v) {
        to_[name] = enum_name(v);
    }

private:
    static Json text(const std::string& v) {
        if (valid_utf8(v)) return v;
        constexpr char kDigits[] = "0123456789abcdef";
        std::string hex;
        hex.reserve(v.size() * 2);
        for (char c : v) {
            const auto byte = static_cast<unsigned char>(c);
            hex += kDigits[byte >> 4U];
            hex += kDigits[byte & 15U];
        }
        return Json{{"bytes", std::move(hex)}};
    }
    Json& to_;
};

class Reader {
public:
    explicit Reader(const Json& from) : from_(from) {}
    void operator()(const char* name, bool& v) {
        if (const Json* j = get(name)) j->is_boolean() ? void(v = j->get<bool>()) : fail(serialise_errc::wrong_type);
    }
    void operator()(const char* name, std::uint32_t& v) {
        std::int64_t value = v;
        integer(name, value, 0, std::numeric_limits<std::uint32_t>::max());
        v = static_cast<std::uint32_t>(value);
    }
    void operator()(const char* name, double& v) {
        if (const Json* j = get(name)) j->is_number() ? void(v = j->get<double>()) : fail(serialise_errc::wrong_type);
        if (!std::isfinite(v)) {
            v = 0;
            fail(serialise_errc::out_of_range);
        }
    }
    void operator()(const char* name, std::string& v) {
        if (const Json* j = get(name)) text(*j, v);
    }
    void operator()(const char* name, char& v) {
        const Json* j = get(name);
        if (j == nullptr) return;
        std::string one;
        text(*j, one);
        if (one.size() != 1) return fail(serialise_errc::out_of_range);
        v = one[0];
    }
    void operator()(const char* name, std::vector<std::string>& v) {
        const Json* j = get(name);
        if (j == nullptr) return;
        if (!j->is_array()) return fail(serialise_errc::wrong_type);
        v.clear();
        for (const auto& item : *j) text(item, v.emplace_back());
    }
    template <class Rep, class Period>
    void operator()(const char* name, std::chrono::duration<Rep, Period>& v) {
        // A century: far beyond any call, far within what sums of microseconds may hold.
        constexpr std::int64_t kMost = 1'000'000LL * 3600 * 24 * 36525;
        constexpr auto kLimit = kMost / (Period::num * 1'000'000 / Period::den);
        std::int64_t value = v.count();
        integer(name, value, -kLimit, kLimit);
        v = std::chrono::duration<Rep, Period>(value);
    }
    template <class E>
        requires std::is_enum_v<E>
    void operator()(const char* name, E& v) {
        const Json* j = get(name);
        if (j == nullptr) return;
        if (!j->is_string()) return fail(serialise_errc::wrong_type);
        const auto& wanted = j->get_ref<const std::string&>();
        for (std::size_t i = 0; i < Names<E>::list.size(); ++i) {
            if (Names<E>::list[i] != wanted) continue;
            v = static_cast<E>(i);
            return;
        }
        fail(serialise_errc::out_of_range);
    }

    // All fields seen must be all there are (and "type").
    [[nodiscard]] error_code finish(bool typed) {
        if (!error_ && from_.size() != used_ + (typed ? 1U : 0U)) error_ = serialise_errc::unknown_field;
        return error_;
    }

private:
    const Json* get(const char* name) {
        const auto found = from_.find(name);
        if (found == from_.end()) return nullptr;
        ++used_;
        return &*found;
    }
    void fail(serialise_errc e) {
        if (!error_) error_ = e;
    }
    void integer(const char* name, std::int64_t& v, std::int64_t least, std::int64_t most) {
        const Json* j = get(name);
        if (j == nullptr) return;
        if (!j->is_number_integer()) return fail(serialise_errc::wrong_type);
        if (j->is_number_unsigned() && j->get<std::uint64_t>() > static_cast<std::uint64_t>(most)) return fail(serialise_errc::out_of_range);
        const auto value = j->get<std::int64_t>();
        if (value < least || value > most) return fail(serialise_errc::out_of_range);
        v = value;
    }
    void text(const Json& j, std::string& v) {
        if (j.is_string()) {
            v = j.get_ref<const std::string&>();
            return;
        }
        if (!j.is_object() || j.size() != 1 || !j.contains("bytes") || !j["bytes"].is_string()) return fail(serialise_errc::wrong_type);
        const auto& hex = j["bytes"].get_ref<const std::string&>();
        auto nibble = [](char c) {
            if (c >= '0' && c <= '9') return c - '0';
            if (c >= 'a' && c <= 'f') return c - 'a' + 10;
            return -1;
        };
        if (hex.size() % 2 != 0) return fail(serialise_errc::out_of_range);
        std::string bytes;
        bytes.reserve(hex.size() / 2);
        for (std::size_t i = 0; i < hex.size(); i += 2) {
            const int high = nibble(hex[i]), low = nibble(hex[i + 1]);
            if (high < 0 || low < 0) return fail(serialise_errc::out_of_range);
            bytes += static_cast<char>(high * 16 + low);
        }
        v = std::move(bytes);
    }

    const Json& from_;
    std::size_t used_ = 0;
    error_code error_;
};

Result<Json> parse(std::string_view json) {
    if (json.size() > kLongestJson) return make_error_code(serialise_errc::too_long);
    // The deepest value is an object or list within the object; whatever nests deeper is not ours and is not built.
    bool deep = false;
    auto shallow = [&deep](int depth, Json::parse_event_t, Json&) {
        if (depth > 3) deep = true;
        return !deep;
    };
    Json parsed = Json::parse(json, shallow, false);
    if (deep) return make_error_code(serialise_errc::wrong_type);
    if (parsed.is_discarded()) return make_error_code(serialise_errc::not_json);
    if (!parsed.is_object()) return make_error_code(serialise_errc::not_an_object);
    return parsed;
}

template <class Variant>
std::string write(const Variant& value) {
    return std::visit(
        [](const auto& v) {
            using Type = fields::Describe<std::remove_cvref_t<decltype(v)>>;
            Json json = Json::object();
            json["type"] = Type::name;
            Type::each(v, Writer(json));
            return json.dump();
        },
        value);
}

template <class Variant, std::size_t I = 0>
Result<Variant> read(const std::string& type, const Json& json) {
    if constexpr (I == std::variant_size_v<Variant>) {
        return make_error_code(serialise_errc::unknown_type);
    } else {
        using T = std::variant_alternative_t<I, Variant>;
        if (type != fields::Describe<T>::name) return read<Variant, I + 1>(type, json);
        T value{};
        Reader reader(json);
        fields::Describe<T>::each(value, reader);
        if (const auto error = reader.finish(true)) return error;
        return Variant(std::in_place_index<I>, std::move(value));
    }
}

template <class Variant>
Result<Variant> read(std::string_view text) {
    auto json = parse(text);
    if (!json) return json.error();
    const auto type = json->find("type");
    if (type == json->end() || !type->is_string()) return make_error_code(serialise_errc::unknown_type);
    return read<Variant>(type->template get_ref<const std::string&>(), *json);
}

template <class Variant>
std::string_view name_of_alternative(const Variant& value) {
    return std::visit([](const auto& v) { return std::string_view(fields::Describe<std::remove_cvref_t<decltype(v)>>::name); }, value);
}

}  // namespace

const boost::system::error_category& serialise_category() noexcept {
    static const Category category;
    return category;
}
error_code make_error_code(serialise_errc e) noexcept {
    return {static_cast<int>(e), serialise_category()};
}

std::string to_json(const Event& event) {
    return write(event);
}
std::string to_json(const Command& command) {
    return write(command);
}
std::string to_json(const Settings& settings) {
    Json json = Json::object();
    fields::Describe<Settings>::each(settings, Writer(json));
    return json.dump();
}

Result<Event> event_from_json(std::string_view json) {
    return read<Event>(json);
}
Result<Command> command_from_json(std::string_view json) {
    return read<Command>(json);
}
Result<Settings> settings_from_json(std::string_view json) {
    auto parsed = parse(json);
    if (!parsed) return parsed.error();
    Settings settings;
    Reader reader(*parsed);
    fields::Describe<Settings>::each(settings, reader);
    if (const auto error = reader.finish(false)) return error;
    return settings;
}

std::string_view type_name(const Event& event) {
    return name_of_alternative(event);
}
std::string_view type_name(const Command& command) {
    return name_of_alternative(command);
}
std::string_view name_of(TimerId timer) {
    return enum_name(timer);
}
std::string_view name_of(EndReason reason) {
    return enum_name(reason);
}
std::string_view name_of(SpeechKind kind) {
    return enum_name(kind);
}
std::string_view name_of(PromptKind kind) {
    return enum_name(kind);
}
std::string_view name_of(ReplyThen then) {
    return enum_name(then);
}

}  // namespace parley::conversation
