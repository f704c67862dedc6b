// What operators post to /v1, and the addresses in it.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "admin_api_json.hpp"
#include "parley/control/dial_guard.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    parley::admin::PostedFields fields(text);
    const auto to = fields.text("to", true, 255);
    const auto ring = fields.whole("ring_seconds", 30, 5, 600);
    (void)fields.flag("record", false);
    (void)fields.choice("machine", "ignore", {"ignore", "hangup", "drop"});
    (void)fields.texts("parameters");
    const bool good = !fields.mistake();
    if (ring < 5 || ring > 600 || to.size() > 255 || (good && to.empty())) std::abort();
    parley::control::DialGuard guard{parley::control::DialLimits{}};
    // What is no address is never called, whatever the rules.
    if (!parley::control::wrong_address(text).empty() && !guard.take_leg(text, 0, parley::TimePoint{})) std::abort();
    (void)parley::control::wrong_prefix(text);
    return 0;
}
