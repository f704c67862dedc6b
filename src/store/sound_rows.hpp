#pragma once
// Whether what lies in the tables can be what this program wrote: everything its steps make is there, what belongs together is there as a whole, nothing is
// there twice that may be there once. The same questions to both databases; what only one of them knows of itself, it is asked by its own check().

#include <string>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

// Of everything the steps make for this kind of database, in their order.
struct MadeByStep {
    std::string kind, name;  // "table", "index", "trigger"
};
[[nodiscard]] std::vector<MadeByStep> made_by_steps(Dialect dialect);

// The first thing that is wrong, in words that quote nothing of what is kept; empty: nothing. Reads all of it, in the transaction of `session`.
[[nodiscard]] std::string unsound(Session& session);

}  // namespace parley::store
