#pragma once

#include <string>
#include <string_view>

namespace parley::vendors {

// Takes "<think>…</think>" off the beginning of a text that comes in pieces: open reasoning models write their thoughts
// there when the server does not separate them.
class ThinkFilter {
public:
    [[nodiscard]] std::string feed(std::string_view delta);
    [[nodiscard]] std::string rest();  // what was held back, at the end: "<thi" was text after all

private:
    enum class State { before, inside, behind, passing } state_ = State::before;
    std::string held_;
};

}  // namespace parley::vendors
