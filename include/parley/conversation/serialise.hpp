#pragma once
// Events, commands and settings as one line of JSON each, for the call file and for replay:
// {"type":"caller_said","utterance":3,"text":"hello","confidence":0.9,"digits":false}
// Instants are whole microseconds, durations whole milliseconds, enumerations their names. Text that is not UTF-8 is
// written as {"bytes":"<hexadecimal>"}, so that what is read back is what was written, byte for byte.

#include <string>
#include <string_view>

#include "parley/base/result.hpp"
#include "parley/conversation/commands.hpp"
#include "parley/conversation/events.hpp"
#include "parley/conversation/machine.hpp"

namespace parley::conversation {

inline constexpr std::size_t kLongestJson = 256 * 1024;  // bytes of one line; longer ones are refused unread

enum class serialise_errc { too_long = 1, not_json, not_an_object, unknown_type, unknown_field, wrong_type, out_of_range };
[[nodiscard]] const boost::system::error_category& serialise_category() noexcept;
[[nodiscard]] error_code make_error_code(serialise_errc e) noexcept;

[[nodiscard]] std::string to_json(const Event& event);
[[nodiscard]] std::string to_json(const Command& command);
[[nodiscard]] std::string to_json(const Settings& settings);

// A field that is missing keeps its default (older files), a field that is not known is refused (newer files).
[[nodiscard]] Result<Event> event_from_json(std::string_view json);
[[nodiscard]] Result<Command> command_from_json(std::string_view json);
[[nodiscard]] Result<Settings> settings_from_json(std::string_view json);

// The stable names, as in "type".
[[nodiscard]] std::string_view type_name(const Event& event);
[[nodiscard]] std::string_view type_name(const Command& command);
[[nodiscard]] std::string_view name_of(TimerId timer);
[[nodiscard]] std::string_view name_of(EndReason reason);
[[nodiscard]] std::string_view name_of(SpeechKind kind);
[[nodiscard]] std::string_view name_of(PromptKind kind);
[[nodiscard]] std::string_view name_of(ReplyThen then);

}  // namespace parley::conversation

template <>
struct boost::system::is_error_code_enum<parley::conversation::serialise_errc> : std::true_type {};
