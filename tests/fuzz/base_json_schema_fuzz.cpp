// A schema and a value, both from outside.

#include <cstdint>
#include <string_view>

#include "parley/base/json_schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto mark = text.find('\n');
    const auto compiled = parley::JsonSchema::compile(text.substr(0, mark), parley::JsonSchema::From::stranger);
    if (!compiled) return 0;
    (void)compiled.schema->wrong_text(mark == std::string_view::npos ? std::string_view{} : text.substr(mark + 1));
    return 0;
}
