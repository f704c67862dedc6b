#include "parley/rest/error_table.hpp"
namespace parley::rest {
std::span<const CodeAdvice> all_advice() { return {}; }
}
