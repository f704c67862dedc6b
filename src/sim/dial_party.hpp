#pragma once

#include "twiml_interpreter.hpp"

namespace parley::sim {

// One noun of a <Dial>, and who answers there.
struct TwimlInterpreter::Party {
    const TwimlElement* noun = nullptr;  // none: the number is the verb's own text
    std::string address;
    DialTarget target;
};

}  // namespace parley::sim
