// A template and arguments, both from outside: what comes out of a JSON template is JSON, of a URL template a URL with the same beginning.

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include <nlohmann/json.hpp>

#include "template.hpp"

using namespace parley::tools;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    const auto mark = text.find('\n');
    if (mark == std::string_view::npos) return 0;
    const auto arguments = nlohmann::json::parse(text.substr(mark + 1), nullptr, false);
    if (!arguments.is_object()) return 0;
    const auto place = static_cast<Template::Place>(data[0] % 3);
    try {
        const Template made(text.substr(0, mark), place);
        const std::map<std::string, std::string> variables{{"a", "x\"\r\n/.."}};
        const auto filled = made.fill({arguments, variables, "+1", "+2", "CA", "a"});
        if (!filled.error.empty()) return 0;
        if (place == Template::Place::json && !made.empty() && nlohmann::json::parse(filled.text, nullptr, false).is_discarded()) std::abort();
        if (place != Template::Place::json && filled.text.find_first_of("\r\n") != std::string::npos) std::abort();
    } catch (const std::invalid_argument&) {
    }
    return 0;
}
