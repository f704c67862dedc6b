// Hours, holidays, answers, destinations, what callers say, and queries that come back: anything is an answer, nothing breaks.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "parley/flows/hours.hpp"
#include "parley/flows/menu.hpp"
#include "parley/flows/outcomes.hpp"
#include "parley/flows/phrases.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley::flows;
    if (size > 4096) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto spans = parse_open(text))
        for (const auto& span : *spans)
            if (span.weekday > 6 || span.from >= 1440 || span.to <= span.from || span.to > 2880) std::abort();
    if (const auto holiday = parse_holiday(text)) (void)holiday->covers(2026, 12, 25);
    if (const auto mode = parse_answer(text); mode && parse_answer(mode->text()) != mode) std::abort();
    if (const auto to = parse_destination(text); to && parse_destination(to->text()) != to) std::abort();
    Menus menus;
    Menu menu;
    menu.name = "a";
    menu.say = "x";
    menu.keys['1'] = {.repeat = false, .to = {Destination::Kind::menu, "a"}, .say = {}};
    menu.speech.push_back({{.repeat = true, .to = {}, .say = {}}, {"one more time"}});
    menus.emplace("a", menu);
    const auto look = [&](std::string_view name) { return name == "menu" ? std::string_view("a") : text; };
    if (const auto state = menu_state_of(menus, look)) {
        const auto step = answer_menu(menus, *state, {.digits = {}, .speech = std::string(text)});
        if (step.state.path.size() > kMenuDepth) std::abort();
    }
    (void)position_of(look);
    (void)spoken_key(text);
    if (room_name(text, "CA", text.substr(0, 20)).size() > 128) std::abort();
    return 0;
}
