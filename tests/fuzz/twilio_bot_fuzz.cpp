// A bot's message: the scanner and the parser behind it agree.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "parley/twilio/bot_codec.hpp"

using namespace parley::twilio;

namespace {
std::string words(const parley::Result<BotMessage>& result) {
    if (!result) return std::string(error_kind(result.error()));
    if (const auto* m = std::get_if<BotMedia>(&*result)) return "media " + std::string(m->payload) + (m->superfluous ? "+" : "");
    if (const auto* m = std::get_if<BotMark>(&*result)) return "mark " + std::string(m->name) + (m->superfluous ? "+" : "");
    if (const auto* c = std::get_if<BotClear>(&*result)) return c->superfluous ? "clear+" : "clear";
    return "unknown " + std::string(std::get<UnknownMessage>(*result).event);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    BotScanner fast("MZ1");
    BotScanner slow("MZ1");
    if (words(fast.scan(text)) != words(slow.parse(text))) std::abort();
    return 0;
}
