// Three readings of the same bytes: the scanner, the parser behind it, and the tests' own reference. Any difference is
// a crash. What was understood then goes through the order rules, with the bytes as clock.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "../twilio/media_compare.hpp"
#include "parley/twilio/stream_protocol.hpp"

using namespace parley::twilio;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    MediaScanner scanner;
    const auto message = scanner.scan(text);
    const std::string fast = reference::show(reference::reading_of(message));
    MediaScanner other;
    const std::string slow = reference::show(reference::reading_of(other.parse(text)));
    const std::string want = reference::show(reference::read(text));
    if (fast != want || slow != want) {
        std::fprintf(stderr, "scan:  %s\nparse: %s\nwant:  %s\n", fast.c_str(), slow.c_str(), want.c_str());
        std::abort();
    }
    StreamProtocol protocol{parley::Instant(0)};
    StreamActions actions;
    for (std::size_t i = 0; i < 4; ++i) {
        const parley::Instant now(static_cast<std::int64_t>(i) * (size > i ? data[i] : 1) * 1000);
        if (message) {
            protocol.on_message(*message, now, actions);
        } else {
            protocol.on_bad_message(message.error(), now, actions);
        }
        if (actions.size() > StreamActions::kCapacity) std::abort();
    }
    return 0;
}
