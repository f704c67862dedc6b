// Whatever is written, what is read aloud has no digits and no markup, is of bounded length, and nothing an escaped
// text or a stripped one could tell a voice to do.

#include <cstdint>
#include <cstdlib>

#include "parley/spoken/shape.hpp"
#include "parley/spoken/ssml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley::spoken;
    if (size < 1 || size > 4096) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    constexpr std::string_view kTags[] = {"en-US", "en-GB", "de-DE"};
    Shaper shaper(locale_for(kTags[data[0] % 3]), {.name_emoji = (data[0] & 4U) != 0, .announce_code = (data[0] & 8U) != 0});
    std::string out = shaper.shape(text);
    out += shaper.finish();
    if (out.find_first_of("0123456789*`#_|<>[]{}\\") != std::string::npos) std::abort();
    for (const char c : out)
        if (static_cast<unsigned char>(c) < 0x20) std::abort();
    if (out.size() > 256 + 64 * text.size()) std::abort();

    if (escape_xml(text).find_first_of("<>\"'") != std::string::npos) std::abort();
    const std::string plain = strip_markup(text);
    if (strip_markup(plain) != plain) std::abort();
    if (strip_directions(text).find('[') != std::string::npos) std::abort();
    return 0;
}
