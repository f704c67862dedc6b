// Any bytes as turns of a talk: what is found lies within the text, in order, and what is left is the text without it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "parley/privacy/redactor.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley::privacy;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    Listener listener;
    bool caller = true;
    while (!rest.empty()) {
        const auto turn = rest.substr(0, rest.find('\n'));
        const auto got = listener.turn(caller, turn);
        std::size_t at = 0, left = turn.size();
        for (const auto& found : got.found) {
            if (found.begin < at || found.end <= found.begin || found.end > turn.size()) std::abort();
            at = found.end;
            left -= found.end - found.begin;
            left += placeholder(found.kind).size();
        }
        if (got.text.size() != left) std::abort();
        rest.remove_prefix(std::min(rest.size(), turn.size() + 1));
        caller = !caller;
    }
    return 0;
}
