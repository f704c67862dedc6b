#include "parley/rest/error_table.hpp"

#include <algorithm>

namespace parley::rest {
const CodeAdvice* advice_for(int code) {
    const auto rows = all_advice();
    const auto row = std::lower_bound(rows.begin(), rows.end(), code, [](const CodeAdvice& a, int wanted) { return a.code < wanted; });
    return row != rows.end() && row->code == code ? &*row : nullptr;
}
}  // namespace parley::rest
