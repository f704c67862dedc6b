#include "parley/flows/destination.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace parley::flows {

namespace {

using Kind = Destination::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 8> kPrefixes{{{"number:", Kind::number},
                                                                      {"client:", Kind::client},
                                                                      {"queue:", Kind::queue},
                                                                      {"conference:", Kind::conference},
                                                                      {"agent:", Kind::agent},
                                                                      {"menu:", Kind::menu},
                                                                      {"park:", Kind::park},
                                                                      {"warm:", Kind::warm}}};

bool digit(char c) {
    return c >= '0' && c <= '9';
}

bool e164(std::string_view text) {
    return text.size() >= 3 && text.size() <= 16 && text[0] == '+' && text[1] != '0' && std::all_of(text.begin() + 1, text.end(), digit);
}

// sip:user@host, with what may follow; no white space, nothing that could end an attribute or a header.
bool sip_uri(std::string_view text) {
    if ((!text.starts_with("sip:") && !text.starts_with("sips:")) || text.size() > 255) return false;
    const auto rest = text.substr(text.find(':') + 1);
    const auto at = rest.find('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == rest.size()) return false;
    return std::all_of(rest.begin(), rest.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("-_.!~*'()%&=+$,;?/@:[]").find(c) != std::string_view::npos;
    });
}

// Names of queues, rooms, clients, slots: Twilio allows more, people and logs do not need it.
bool plain_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

std::string Destination::text() const {
    switch (kind) {
        case Kind::number:
            return value;
        case Kind::sip:
            return value;
        case Kind::client:
            return "client:" + value;
        case Kind::queue:
            return "queue:" + value;
        case Kind::conference:
            return "conference:" + value;
        case Kind::agent:
            return "agent:" + value;
        case Kind::menu:
            return "menu:" + value;
        case Kind::warm:
            return "warm:" + value;
        case Kind::voicemail:
            return "voicemail";
        case Kind::park:
            return value.empty() ? "park" : "park:" + value;
        case Kind::hangup:
            return "hangup";
        case Kind::back:
            return "back";
    }
    return "hangup";
}

std::optional<Destination> parse_destination(std::string_view text, std::string* why) {
    const auto wrong = [&](std::string what) -> std::optional<Destination> {
        if (why != nullptr) *why = std::move(what);
        return std::nullopt;
    };
    if (text.size() > 300) return wrong("is too long");
    if (e164(text)) return Destination{Kind::number, std::string(text)};
    if (text.starts_with("sip:") || text.starts_with("sips:")) {
        if (!sip_uri(text)) return wrong("is no SIP address such as sip:desk@example.com");
        return Destination{Kind::sip, std::string(text)};
    }
    for (const auto& [word, kind] :
         {std::pair{std::string_view("voicemail"), Kind::voicemail}, {"park", Kind::park}, {"hangup", Kind::hangup}, {"back", Kind::back}})
        if (text == word) return Destination{kind, {}};
    for (const auto& [prefix, kind] : kPrefixes) {
        if (!text.starts_with(prefix)) continue;
        const auto value = text.substr(prefix.size());
        const bool person = kind == Kind::number || kind == Kind::warm;
        const bool good = kind == Kind::number ? e164(value) : kind == Kind::warm ? e164(value) || sip_uri(value) : plain_name(value);
        if (!good)
            return wrong(person ? "needs a number in E.164 form, such as +4930123456"
                                : "needs a name of letters, digits, '-', '_' and '.' behind '" + std::string(prefix) + "'");
        return Destination{kind, std::string(value)};
    }
    return wrong("is no destination: a number (+4930123456), sip:…, client:…, queue:…, conference:…, agent:…, menu:…, warm:…, voicemail, park or hangup");
}

}  // namespace parley::flows
