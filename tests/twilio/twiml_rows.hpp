#pragma once
// One row for each attribute of each element: a verb in which it has a good value, and one in which it is refused.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/twilio/twiml.hpp"
#include "twiml/schema.hpp"

namespace parley::twilio::twiml {

struct AttributeRow {
    El el;
    std::string_view attribute;
    Verb good;
    std::string want;         // the attribute's value after the document was parsed again
    std::optional<Verb> bad;  // nothing when the C++ type has no wrong value
};

const std::vector<AttributeRow>& rows_speech();
const std::vector<AttributeRow>& rows_ssml();
const std::vector<AttributeRow>& rows_dial();
const std::vector<AttributeRow>& rows_connect();
const std::vector<AttributeRow>& rows_rest();

}  // namespace parley::twilio::twiml
