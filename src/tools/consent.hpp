#pragma once
// Is what a caller said a yes to what they were just asked? Pure.

#include <string_view>

namespace parley::tools {

enum class Consent { yes, no, unclear };
// Words of assent in English, German, French, Spanish, Italian and Dutch, or the key 1. Any word of refusal beside it makes it a no; many words make it
// unclear, because they say something else as well.
[[nodiscard]] Consent consent_of(std::string_view said);

}  // namespace parley::tools
