#pragma once
// Where a call can be sent, as configuration, models and operators write it.

#include <optional>
#include <string>
#include <string_view>

namespace parley::flows {

struct Destination {
    enum class Kind : unsigned char {
        number,      // "+4930123456" or "number:+4930123456"
        sip,         // "sip:desk@example.com" (with ;transport=…, at most 255 characters)
        client,      // "client:alice"
        queue,       // "queue:support": waits there until somebody picks up
        conference,  // "conference:room": joins
        agent,       // "agent:billing": another agent of this gateway, by its own answer mode
        menu,        // "menu:main"
        warm,        // "warm:+4930123456" or "warm:sip:…": a person is called and briefed first; taken back when refused or unanswered
        voicemail,   // "voicemail": the agent's own
        park,        // "park" or "park:slot": waits with music until it is fetched back
        hangup,      // "hangup"
        back         // "back": the menu before; "repeat" is no destination
    };
    Kind kind = Kind::hangup;
    std::string value;                       // without the prefix; for warm: a number or sip URI
    [[nodiscard]] std::string text() const;  // the canonical form; parse(text()) gives the same
    friend bool operator==(const Destination&, const Destination&) = default;
};

// Nothing: it is none of the above; `why` (if given) says in a few words what is wrong.
[[nodiscard]] std::optional<Destination> parse_destination(std::string_view text, std::string* why = nullptr);

}  // namespace parley::flows
