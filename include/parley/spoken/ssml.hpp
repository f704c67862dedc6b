#pragma once
// Text of a model on its way to a voice that reads markup. Which vendor reads which is its codec's business.

#include <string>
#include <string_view>

namespace parley::spoken {

// As the content or attribute value of XML 1.0: & < > " ' become entities; what XML cannot hold (control characters,
// U+FFFE, bytes that are no UTF-8) disappears.
[[nodiscard]] std::string escape_xml(std::string_view text);

// Without anything a voice could take for an instruction: tags (<break time="10s"/>, closing, comments, CDATA, also
// begun and never closed), entities that would become tags, and [[…]] commands of system voices. A lone "<" as in "a <
// b" stays.
[[nodiscard]] std::string strip_markup(std::string_view text);

// As strip_markup, and also the stage directions in square brackets that some voices act on ("[laughs]", "[pause]").
[[nodiscard]] std::string strip_directions(std::string_view text);

}  // namespace parley::spoken
