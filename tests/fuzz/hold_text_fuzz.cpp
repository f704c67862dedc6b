// Hold texts of any bytes: cut or refused, never more than a voice takes at once, never longer than they were.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "parley/hold/hold_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley::hold;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto cut = cut_hold_text(text);
    if (cut.pieces.empty() == cut.error.empty()) std::abort();
    std::size_t all = 0;
    for (const auto& piece : cut.pieces) {
        if (piece.text.size() > kMostPiece || piece.pause.count() < 0 || piece.pause > kMostBreak) std::abort();
        all += piece.text.size();
    }
    if (all > size) std::abort();
    return 0;
}
