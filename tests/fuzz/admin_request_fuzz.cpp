// What arrives at /v1 before anybody is known: path, Host and body.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "parley/admin/api_router.hpp"
#include "parley/store/tokens.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto segments = parley::admin::decoded_segments(text)) {
        for (const auto& segment : *segments) {
            if (segment == ".." || segment.size() > 512) std::abort();
            for (const char c : segment)
                if (static_cast<unsigned char>(c) < 0x20) std::abort();
        }
    }
    const auto host = parley::admin::host_name(text);
    if (host.size() > text.size()) std::abort();
    (void)parley::admin::is_ip_address(host);
    std::string why;
    const auto json = parley::admin::parse_strict_json(text, why);
    if (json.has_value() == !why.empty()) std::abort();  // an answer or a reason, never both
    if (json) (void)json->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (const auto id = parley::store::token_id(text); id && id->size() != 12) std::abort();
    return 0;
}
