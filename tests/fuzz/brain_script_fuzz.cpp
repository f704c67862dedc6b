// A script from a hostile hand: refused with its place, or a dialogue that answers whatever is said.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "parley/brain/dialogue.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 16384) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const auto script = parley::brain::parse_script(text, "fuzz.yaml", nullptr);
        parley::brain::Dialogue dialogue(script, size);
        (void)dialogue.greet();
        for (const auto* said : {"yes", "no tuesday at half past three", "opening hours", "five five five", "", "bye"}) {
            if (dialogue.heard(said, 0.7).sentences.size() > 1000) std::abort();
            (void)dialogue.keyed("1");
            (void)dialogue.nothing_understood();
            dialogue.interrupted();
        }
    } catch (const parley::brain::ScriptError& error) {
        if (error.line() < 1 || error.column() < 1) std::abort();
    }
    return 0;
}
