#pragma once
// A tree of spoken menus, walked by keys and words. Pure: where a caller is travels in the URL of the next request, and every step answers the same for
// the same input.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/flows/answer.hpp"
#include "parley/flows/destination.hpp"

namespace parley::flows {

struct MenuAction {
    bool repeat = false;  // the menu again, from its first try; `to` is not looked at
    Destination to;       // Kind::back: the menu one came from, or this one again when there is none
    std::string say;      // before it
    friend bool operator==(const MenuAction&, const MenuAction&) = default;
};

struct Menu {
    struct Spoken {
        MenuAction action;
        std::vector<std::string> phrases;
        friend bool operator==(const Spoken&, const Spoken&) = default;
    };
    std::string name;
    std::string say, play;            // one of them: text, or the URL of a sound
    std::map<char, MenuAction> keys;  // 0-9 * #
    std::vector<Spoken> speech;
    std::vector<std::string> hints;  // for recognition, beside the phrases
    std::chrono::seconds timeout{5};
    unsigned tries = 3;
    std::string invalid = "Sorry, that is not one of the choices.";
    std::string no_input = "Sorry, I did not hear anything.";
    MenuAction then{.repeat = false, .to = {Destination::Kind::hangup, {}}, .say = {}};  // after the last try
    std::string language;                                                                // of recognition; empty: the agent's
    friend bool operator==(const Menu&, const Menu&) = default;
};
using Menus = std::map<std::string, Menu, std::less<>>;

inline constexpr std::size_t kMenuDepth = 16;  // the way back is no longer than that
inline constexpr unsigned kMenuSteps = 100;    // questions in one walk; whoever needs more is a machine

struct MenuState {
    std::string menu;
    unsigned attempt = 0;           // tries used
    unsigned steps = 0;             // questions asked in this walk
    std::vector<std::string> path;  // the menus one came through, outermost first
    friend bool operator==(const MenuState&, const MenuState&) = default;
};
// "menu=billing&try=1&n=4&path=main.support".
[[nodiscard]] std::string query_of(const MenuState& state);
// Only names that exist count, numbers are held within their bounds. Nothing: the menu itself is gone.
[[nodiscard]] std::optional<MenuState> menu_state_of(const Menus& menus, const Lookup& query);

struct MenuInput {
    std::string digits, speech;
    double confidence = -1;  // negative: unknown
};

struct MenuStep {
    enum class Kind : unsigned char { ask, leave } kind = Kind::ask;
    MenuState state;               // ask: with the question just being asked
    std::vector<std::string> say;  // before the question, or before leaving
    Destination to;                // leave; never menu or back
    enum class Heard : unsigned char { nothing, invalid, chosen } heard = Heard::nothing;
};

// Enters from outside. Nothing: there is no such menu.
[[nodiscard]] std::optional<MenuStep> enter_menu(const Menus& menus, std::string_view name);
// The answer to the question `state` asked.
[[nodiscard]] MenuStep answer_menu(const Menus& menus, const MenuState& state, const MenuInput& input);

}  // namespace parley::flows
