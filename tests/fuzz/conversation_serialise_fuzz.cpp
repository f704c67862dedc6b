// What is read is what is written again; anything else is refused without harm. Lines come from files, so they are
// hostile.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "parley/conversation/serialise.hpp"

namespace {
template <class Read>
void stable(Read read, std::string_view text) {
    const auto first = read(text);
    if (!first) return;
    const std::string written = parley::conversation::to_json(*first);
    const auto second = read(written);
    if (!second || parley::conversation::to_json(*second) != written) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    stable([](std::string_view t) { return parley::conversation::event_from_json(t); }, text);
    stable([](std::string_view t) { return parley::conversation::command_from_json(t); }, text);
    stable([](std::string_view t) { return parley::conversation::settings_from_json(t); }, text);
    return 0;
}
