#pragma once
// Recognition and voice of a call that may go on in another language: one role after the other behind the same interface.

#include <memory>
#include <string_view>

#include "parts.hpp"

namespace parley::brain::upstream {

// The place as it is for a language; null: the configuration has nothing for it. `place` itself for the language the call begins in.
[[nodiscard]] std::shared_ptr<const Place> place_in(const std::shared_ptr<const Place>& place, std::string_view language);

// What is recognised from the next utterance on; the one under way stays with who has it. The old one is closed when nobody waits for it any more.
class SwitchedStt : public SttRole {
public:
    virtual void go_on_with(std::shared_ptr<const Place> place) = 0;
};
// What is spoken from the next piece on; pieces given before stay with who has them.
class SwitchedTts : public TtsRole {
public:
    virtual void go_on_with(std::shared_ptr<const Place> place) = 0;
};
[[nodiscard]] std::unique_ptr<SwitchedStt> make_switched_stt(const std::shared_ptr<const Place>& place);
[[nodiscard]] std::unique_ptr<SwitchedTts> make_switched_tts(const std::shared_ptr<const Place>& place);

}  // namespace parley::brain::upstream
