#pragma once
// A second reading of a stream message, written from Twilio's description and straight over nlohmann's DOM: what the
// product's scanner and parser must agree with. Shared by the tests and the fuzz target; it shares no code with the
// product.

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace parley::twilio::reference {

using Json = nlohmann::json;

struct Number {
    bool valid = false;
    std::uint64_t value = 0;
    bool operator==(const Number&) const = default;
};

// `verdict` is "ok" or the error's kind; the other fields are what the message says, by name.
struct Reading {
    std::string verdict{};
    std::string event{};
    std::map<std::string, std::string> texts{};
    std::map<std::string, Number> numbers{};
    std::vector<std::pair<std::string, std::string>> parameters{};
    bool inbound = false, outbound = false;
};

inline std::size_t depth_of(std::string_view text) {
    std::size_t depth = 0, most = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (in_string) {
            if (text[i] == '\\') {
                ++i;
            } else if (text[i] == '"') {
                in_string = false;
            }
        } else if (text[i] == '"') {
            in_string = true;
        } else if (text[i] == '{' || text[i] == '[') {
            most = std::max(most, ++depth);
        } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
            --depth;
        }
    }
    return most;
}

inline bool same_key_twice(std::string_view text) {
    std::vector<std::map<std::string, int>> open;
    bool twice = false;
    const auto watch = [&](int, Json::parse_event_t event, Json& value) {
        if (event == Json::parse_event_t::object_start) open.emplace_back();
        if (event == Json::parse_event_t::object_end) open.pop_back();
        if (event == Json::parse_event_t::key && ++open.back()[value.get<std::string>()] > 1) twice = true;
        return true;
    };
    (void)Json::parse(text.begin(), text.end(), watch, false);
    return twice;
}

inline bool is_id(const Json& j) {
    if (!j.is_string()) return false;
    const auto s = j.get<std::string>();
    constexpr std::string_view kGood = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    return !s.empty() && s.size() <= 64 && s.find_first_not_of(kGood) == std::string::npos;
}

inline std::optional<Number> number_of(const Json& object, const char* key) {
    if (!object.contains(key)) return std::nullopt;
    const Json& j = object[key];
    if (j.is_number()) return j.is_number_unsigned() ? Number{true, j.get<std::uint64_t>()} : Number{};
    if (!j.is_string()) return std::nullopt;
    const auto s = j.get<std::string>();
    if (s.empty() || s.size() > 64 || s.find_first_not_of("0123456789") != std::string::npos) return Number{};
    const std::string trimmed = s.substr(std::min(s.find_first_not_of('0'), s.size() - 1));
    if (trimmed.size() > 20 || (trimmed.size() == 20 && trimmed > "18446744073709551615")) return Number{};
    return Number{true, std::stoull(trimmed)};
}

inline bool strict_base64(const std::string& s) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (s.size() % 4 != 0) return false;
    if (s.empty()) return true;
    const std::size_t text = s.find_last_not_of('=') == std::string::npos ? 0 : s.find_last_not_of('=') + 1;
    const std::size_t padding = s.size() - text;
    if (padding > 2 || s.find_first_not_of(kAlphabet) < text) return false;
    const std::size_t last = kAlphabet.find(s[text - 1]);
    return padding == 0 || (padding == 1 ? last % 4 == 0 : last % 16 == 0);
}

inline Reading bad(std::string kind) {
    return Reading{.verdict = std::move(kind)};
}

inline Reading read(std::string_view text) {
    if (text.size() > 65536) return bad("too_big");
    if (text.find('\0') != std::string_view::npos) return bad("json");
    const Json j = Json::parse(text.begin(), text.end(), nullptr, false);
    if (j.is_discarded() || depth_of(text) > 32 || same_key_twice(text)) return bad("json");
    if (!j.is_object() || !j.contains("event") || !j["event"].is_string()) return bad("schema");
    Reading r{.verdict = "ok", .event = j["event"].get<std::string>()};
    const Json none = Json::object();
    const auto body_of = [&](const char* key) -> const Json& { return j.contains(key) && j[key].is_object() ? j[key] : none; };
    const auto take_id = [&](const Json& object, const char* key) {
        if (!object.contains(key) || !is_id(object[key])) return false;
        r.texts[key] = object[key].get<std::string>();
        return true;
    };
    const auto take_text = [&](const Json& object, const char* key, std::size_t most) {
        if (!object.contains(key) || !object[key].is_string()) return false;
        r.texts[key] = object[key].get<std::string>();
        return r.texts[key].size() <= most;
    };
    const auto take_number = [&](const Json& object, const char* key) {
        const auto n = number_of(object, key);
        if (n) r.numbers[key] = *n;
        return n.has_value();
    };
    const auto track = [](const Json& word) {
        if (!word.is_string()) return '?';
        const auto s = word.get<std::string>();
        return s == "inbound" || s == "inbound_track" ? 'i' : s == "outbound" || s == "outbound_track" ? 'o' : '?';
    };

    if (r.event == "connected") {
        for (const char* key : {"protocol", "version"}) {
            if (j.contains(key) && !take_text(j, key, 64)) return bad("schema");
        }
    } else if (r.event == "media") {
        const Json& m = body_of("media");
        const char t = m.contains("track") ? track(m["track"]) : '?';
        const bool good = take_number(j, "sequenceNumber") && take_id(j, "streamSid") && t != '?' && take_number(m, "chunk") && take_number(m, "timestamp") &&
                          take_text(m, "payload", 1'000'000);
        if (!good) return bad("schema");
        (t == 'i' ? r.inbound : r.outbound) = true;
        if (!strict_base64(r.texts["payload"])) return bad("base64");
    } else if (r.event == "dtmf" || r.event == "mark") {
        const bool is_dtmf = r.event == "dtmf";
        const bool good =
            take_number(j, "sequenceNumber") && take_id(j, "streamSid") && take_text(body_of(r.event.c_str()), is_dtmf ? "digit" : "name", is_dtmf ? 16 : 256);
        if (!good) return bad("schema");
    } else if (r.event == "stop") {
        if (const auto n = number_of(j, "sequenceNumber")) r.numbers["sequenceNumber"] = *n;
        if (const auto n = r.numbers.find("sequenceNumber"); n == r.numbers.end()) r.numbers["sequenceNumber"] = {};
        if (j.contains("streamSid")) take_id(j, "streamSid");
        for (const char* key : {"accountSid", "callSid"}) {
            if (body_of("stop").contains(key)) take_id(body_of("stop"), key);
        }
    } else if (r.event == "start") {
        const Json& s = body_of("start");
        const Json& f = s.contains("mediaFormat") && s["mediaFormat"].is_object() ? s["mediaFormat"] : none;
        bool good = take_number(j, "sequenceNumber") && take_id(j, "streamSid") && take_id(s, "accountSid") && take_id(s, "callSid") &&
                    take_text(f, "encoding", 64) && take_number(f, "sampleRate") && take_number(f, "channels");
        if (good && s.contains("streamSid")) good = s["streamSid"] == j["streamSid"];
        good = good && s.contains("tracks") && s["tracks"].is_array() && s["tracks"].size() <= 8;
        if (!good) return bad("schema");
        for (const Json& word : s["tracks"]) {
            const char t = track(word);
            if (t == '?') return bad("schema");
            (t == 'i' ? r.inbound : r.outbound) = true;
        }
        if (s.contains("customParameters")) {
            const Json& c = s["customParameters"];
            if (!c.is_object() || c.size() > 128) return bad("schema");
            for (const auto& [name, value] : c.items()) {
                if (!value.is_string()) return bad("schema");
                r.parameters.emplace_back(name, value.get<std::string>());
            }
        }
    } else {
        r.event = "unknown:" + r.event.substr(0, 64);
    }
    return r;
}

}  // namespace parley::twilio::reference
