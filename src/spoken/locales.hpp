#pragma once

#include "parley/spoken/locale.hpp"

namespace parley::spoken {

[[nodiscard]] const Locale& locale_en_us();
[[nodiscard]] const Locale& locale_en_gb();
[[nodiscard]] const Locale& locale_de_de();

}  // namespace parley::spoken
