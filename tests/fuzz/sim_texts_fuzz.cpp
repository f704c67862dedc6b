// What the simulated carrier reads of texts from outside: messaging documents, bodies to be counted and to be redacted.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rest/intelligence_text.hpp"
#include "text_messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto document = parley::sim::parse_messaging_twiml(text);
    if (document.error != 0 && (!document.replies.empty() || !document.redirect.empty())) std::abort();
    const auto segments = parley::sim::count_segments(text);
    if ((segments.count == 0) != text.empty() || segments.characters > size) std::abort();
    (void)parley::sim::consent_of(text);
    (void)parley::sim::redacted(std::string(text.substr(0, 4096)));
    return 0;
}
