#pragma once
// What became of a message: states as Twilio's callbacks tell them, in whatever order they come, merged so that they only ever go forward. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "parley/rest/messages.hpp"

namespace parley::messaging {

// accepted, scheduled, queued < sending < sent < delivered = undelivered = failed = canceled < read. Unknown words are behind everything.
[[nodiscard]] int rank(rest::MessageStatus status);
// Whether `next` may replace `now`: it is further on. The first of two ends stays, but for `read`, which follows a delivery.
[[nodiscard]] bool advances(rest::MessageStatus now, rest::MessageStatus next);
[[nodiscard]] bool final_state(rest::MessageStatus status);

// A sentence for people, by Twilio's code; of an unknown code its number and Twilio's own words.
[[nodiscard]] std::string sentence_of(int code, std::string_view twilios_words = {});

// The identifier under which a conversation by text between two numbers is kept: "SMS" and 32 hexadecimal digits, the same for both directions.
[[nodiscard]] std::string conversation_id(std::string_view ours, std::string_view theirs);

}  // namespace parley::messaging
