#include "redact_facts.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <nlohmann/json.hpp>

namespace parley::gateway {

namespace {

using Json = nlohmann::ordered_json;
using privacy::Cue;
using privacy::Found;
using privacy::Kinds;
using privacy::Listener;
using store::Fact;

// What a fact says about the call itself: identifiers, times, where it went. Not what anybody said.
bool of_the_call(std::string_view key) {
    constexpr std::array<std::string_view, 30> kKeys{"sid",    "from",   "to",   "number", "who",         "at",        "at_ms",   "key",
                                                     "id",     "name",   "tool", "event",  "status",      "direction", "path",    "url",
                                                     "track",  "source", "by",   "mode",   "result_code", "agent",     "account", "language",
                                                     "vendor", "model",  "role", "kind",   "action",      "instance"};
    return key.ends_with("_sid") || key.ends_with("_url") || key.ends_with("_id") || key.ends_with("_ms") ||
           std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

class Walk {
public:
    // `said`: of the same call, whose masked numbers are masked here too, whatever they look like alone.
    Walk(Kinds kinds, std::initializer_list<const Listener*> said, std::vector<Found>& found) : kinds_(kinds), said_(said), found_(found) {}

    // `about`: what the keys around say that it is.
    void mask(Json& value, bool everything, int depth, Cue about = Cue::none) {
        if (depth > 32) {
            value = nullptr;  // nothing we write is so deep
            return;
        }
        if (value.is_string()) {
            auto& text = value.get_ref<std::string&>();
            if (inner(text, depth, about)) return;
            take(text, everything, about);
        } else if (value.is_number_unsigned() && everything) {
            auto text = std::to_string(value.get<std::uint64_t>());
            const auto before = text;
            take(text, true, about);
            if (text != before) value = text;
        } else if (value.is_array()) {
            for (auto& one : value) mask(one, everything, depth + 1, about);
        } else if (value.is_object()) {
            for (auto& [key, one] : value.items()) {
                const bool data = everything || key == "arguments" || key == "result" || key == "values";
                // "result" is a word ("sent") or what a tool gave back.
                if (!data && of_the_call(key)) continue;
                mask(one, data && !(key == "result" && one.is_string() && one.get_ref<const std::string&>().size() < 24), depth + 1,
                     privacy::cue_of_key(key, about));
            }
        }
    }

private:
    // A text that is JSON itself (a tool's arguments as the model wrote them) stays JSON.
    bool inner(std::string& text, int depth, Cue about) {
        if (text.size() < 2 || (text.front() != '{' && text.front() != '[')) return false;
        auto parsed = Json::parse(text, nullptr, false);
        if (!parsed.is_structured()) return false;
        const auto before = found_.size();
        mask(parsed, true, depth + 1, about);
        if (found_.size() != before) text = parsed.dump(-1, ' ', false, Json::error_handler_t::replace);
        return true;
    }
    void take(std::string& text, bool data, Cue about) {
        if (data) {
            for (const auto* said : said_) {
                const auto kind = said->masked(text);
                if (!kind) continue;
                found_.push_back({.kind = *kind, .begin = 0, .end = text.size()});
                text = privacy::placeholder(*kind);
                return;
            }
        }
        auto got = privacy::redact(text, kinds_, about);
        if (got.found.empty()) return;
        found_.insert(found_.end(), got.found.begin(), got.found.end());
        text = std::move(got.text);
    }

    Kinds kinds_;
    std::vector<const Listener*> said_;
    std::vector<Found>& found_;
};

bool holds_words(Fact fact) {
    switch (fact) {
        case Fact::turn:
        case Fact::transcript:
        case Fact::message:
        case Fact::voicemail:
        case Fact::transfer:
        case Fact::intelligence:
        case Fact::note:
        case Fact::tool:
        case Fact::preparation:
        case Fact::analysis:
        case Fact::event:
            return true;
        default:
            return false;
    }
}

std::string text_at(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string redact_document(std::string json, privacy::Kinds kinds) {
    auto parsed = Json::parse(json, nullptr, false);
    if (!parsed.is_object()) return "{}";
    std::vector<Found> found;
    Walk(kinds, {}, found).mask(parsed, true, 0);
    return found.empty() ? json : parsed.dump(-1, ' ', false, Json::error_handler_t::replace);
}

FactRedactor::FactRedactor(Services services) : services_(std::move(services)) {}

std::shared_ptr<FactRedactor::Talk> FactRedactor::talk(std::string_view call_sid) {
    const std::lock_guard lock(mutex_);
    const std::string sid(call_sid);
    const auto known = talks_.find(sid);
    if (known != talks_.end()) {
        order_.splice(order_.begin(), order_, known->second.at);
        return known->second.talk;
    }
    if (talks_.size() >= kMost) {
        talks_.erase(order_.back());
        order_.pop_back();
    }
    order_.push_front(sid);
    const auto made = std::make_shared<Talk>();
    talks_.emplace(sid, Place{made, order_.begin()});
    return made;
}

void FactRedactor::learn(Talk& talk, std::string_view call_sid, const std::string& named) {
    if (talk.known && named.empty()) return;
    const auto agent = named.empty() ? services_.agent_of(call_sid) : named;
    const auto settings = agent.empty() ? nullptr : services_.settings(agent);
    const bool known = settings != nullptr;
    if (talk.known && !known) return;
    const auto chosen = known ? *settings : services_.strictest();
    talk.known = known;
    if (!chosen.redact) return;  // what went through an agent that masks stays masked
    const auto kinds = Kinds::of(chosen.kinds);
    if (talk.on && talk.kinds == kinds) return;
    talk.on = true;
    talk.kinds = kinds;
    talk.turns = privacy::Listener(kinds);
    talk.transcript = privacy::Listener(kinds);
}

void FactRedactor::count(std::string_view call_sid, const std::vector<Found>& found) {
    std::array<std::size_t, privacy::kKindCount> many{};
    for (const auto& one : found) ++many[static_cast<std::size_t>(one.kind)];
    for (std::size_t i = 0; i < many.size(); ++i) {
        if (many[i] == 0) continue;
        const auto kind = privacy::name(static_cast<privacy::Kind>(i));
        services_.metrics.pii_redacted.at(kind).add(many[i]);
        services_.log.info("pii.redacted", "Personal data was masked.", {{"call_sid", call_sid}, {"kind", kind}, {"n", many[i]}});
    }
}

std::string FactRedactor::operator()(std::string_view call_sid, Fact fact, std::string json) {
    const auto state = talk(call_sid);
    const std::lock_guard lock(state->mutex);
    auto parsed = Json::parse(json, nullptr, false);
    if (!parsed.is_object()) return json;
    const bool names = fact == Fact::call || fact == Fact::event;
    learn(*state, call_sid, names ? text_at(parsed, "agent") : std::string());
    if (!state->on || !holds_words(fact)) return json;
    std::vector<Found> found;
    const bool turn = fact == Fact::turn, transcript = fact == Fact::transcript;
    if ((turn || transcript) && parsed.contains("text") && parsed["text"].is_string()) {
        const auto who = text_at(parsed, turn ? "who" : "track");
        const bool agent = who == "agent" || who.starts_with("outbound");
        auto got = (turn ? state->turns : state->transcript).turn(!agent, parsed["text"].get_ref<const std::string&>());
        found = std::move(got.found);
        if (!found.empty()) parsed["text"] = std::move(got.text);
    }
    Json rest = parsed;
    if (turn || transcript) rest.erase("text");
    std::vector<Found> more;
    Walk(state->kinds, {&state->turns, &state->transcript}, more).mask(rest, false, 0);
    if (!more.empty()) {
        for (auto& [key, value] : rest.items()) parsed[key] = value;
        found.insert(found.end(), more.begin(), more.end());
    }
    if (found.empty()) return json;
    count(call_sid, found);
    return parsed.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace parley::gateway
