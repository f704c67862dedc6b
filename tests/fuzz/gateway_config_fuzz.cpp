// A configuration file of any bytes is either refused with places or printed so that it reads back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "parley/gateway/config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley::gateway;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Environment environment{{"TWILIO_AUTH_TOKEN", "0123456789abcdef"}, {"PARLEY_SERVER__PUBLIC_URL", "https://voice.example.com"}};
    LoadOptions options;
    options.check_files = false;
    try {
        const Config config = load_config_text(text, "fuzz.yaml", environment, options);
        const Config again = load_config_text(print_config(config), "printed.yaml", environment, options);
        for (const auto& change : diff(config, again)) {
            // "***" stands for secrets, and relative paths are printed as they were resolved.
            if (change.before.find("***") == std::string::npos) std::abort();
        }
    } catch (const ConfigError& e) {
        if (e.problems().empty() || std::string_view(e.what()).empty()) std::abort();
    }
    return 0;
}
