#include "parley/flows/menu.hpp"

#include <algorithm>

#include "parley/flows/phrases.hpp"

namespace parley::flows {

namespace {

using Kind = Destination::Kind;

MenuStep leave(MenuState state, std::vector<std::string> say, Destination to, MenuStep::Heard heard) {
    return {.kind = MenuStep::Kind::leave, .state = std::move(state), .say = std::move(say), .to = std::move(to), .heard = heard};
}

const MenuAction* chosen(const Menu& menu, const MenuInput& input) {
    const auto by_key = [&](char key) -> const MenuAction* {
        const auto found = menu.keys.find(key);
        return found == menu.keys.end() ? nullptr : &found->second;
    };
    if (!input.digits.empty()) return by_key(input.digits.front());
    if (input.speech.empty()) return nullptr;
    std::vector<std::vector<std::string>> phrases;
    phrases.reserve(menu.speech.size());
    for (const auto& spoken : menu.speech) phrases.push_back(spoken.phrases);
    if (const auto match = best_phrase(input.speech, phrases, input.confidence)) return &menu.speech[match->choice].action;
    if (const auto key = spoken_key(input.speech)) return by_key(*key);
    return nullptr;
}

// Where an action leads from `state`.
MenuStep follow(const Menus& menus, MenuState state, const MenuAction& action, std::vector<std::string> say, MenuStep::Heard heard) {
    if (!action.say.empty()) say.push_back(action.say);
    state.attempt = 0;
    if (!action.repeat) {
        switch (action.to.kind) {
            case Kind::menu: {
                if (!menus.contains(action.to.value)) return leave(std::move(state), std::move(say), {Kind::hangup, {}}, heard);
                // Into a menu one came through: the way back is the one it had then.
                const auto before = std::ranges::find(state.path, action.to.value);
                if (before != state.path.end())
                    state.path.erase(before, state.path.end());
                else if (action.to.value != state.menu)
                    state.path.push_back(state.menu);
                if (state.path.size() > kMenuDepth) state.path.erase(state.path.begin());
                state.menu = action.to.value;
                break;
            }
            case Kind::back:
                if (!state.path.empty()) {
                    state.menu = state.path.back();
                    state.path.pop_back();
                }
                break;
            default:
                return leave(std::move(state), std::move(say), action.to, heard);
        }
    }
    if (++state.steps > kMenuSteps) return leave(std::move(state), std::move(say), {Kind::hangup, {}}, heard);
    return {.kind = MenuStep::Kind::ask, .state = std::move(state), .say = std::move(say), .to = {}, .heard = heard};
}

}  // namespace

std::string query_of(const MenuState& state) {
    std::string query = "menu=" + state.menu + "&n=" + std::to_string(state.steps);
    if (state.attempt != 0) query += "&try=" + std::to_string(state.attempt);
    for (std::size_t i = 0; i < state.path.size(); ++i) query += (i == 0 ? "&path=" : ".") + state.path[i];
    return query;
}

std::optional<MenuState> menu_state_of(const Menus& menus, const Lookup& query) {
    MenuState state;
    state.menu = query("menu");
    const auto menu = menus.find(state.menu);
    if (menu == menus.end()) return std::nullopt;
    state.attempt = number_of(query("try"), menu->second.tries == 0 ? 0 : menu->second.tries - 1);
    state.steps = query("n").empty() ? 0 : number_of(query("n"), kMenuSteps, kMenuSteps);
    auto path = query("path");
    while (!path.empty() && state.path.size() < kMenuDepth) {
        const auto dot = path.find('.');
        const auto name = path.substr(0, dot);
        path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
        if (menus.contains(name) && std::ranges::find(state.path, name) == state.path.end() && name != state.menu) state.path.emplace_back(name);
    }
    return state;
}

std::optional<MenuStep> enter_menu(const Menus& menus, std::string_view name) {
    if (!menus.contains(name)) return std::nullopt;
    MenuStep step;
    step.state.menu = name;
    return step;
}

MenuStep answer_menu(const Menus& menus, const MenuState& state, const MenuInput& input) {
    const auto found = menus.find(state.menu);
    if (found == menus.end()) return leave(state, {}, {Kind::hangup, {}}, MenuStep::Heard::nothing);
    const auto& menu = found->second;
    if (const auto* action = chosen(menu, input)) return follow(menus, state, *action, {}, MenuStep::Heard::chosen);
    const bool silent = input.digits.empty() && input.speech.empty();
    const auto heard = silent ? MenuStep::Heard::nothing : MenuStep::Heard::invalid;
    std::vector<std::string> say;
    if (const auto& text = silent ? menu.no_input : menu.invalid; !text.empty()) say.push_back(text);
    if (state.attempt + 1 >= menu.tries) return follow(menus, state, menu.then, std::move(say), heard);
    auto again = state;
    ++again.attempt;
    if (++again.steps > kMenuSteps) return leave(std::move(again), std::move(say), {Kind::hangup, {}}, heard);
    return {.kind = MenuStep::Kind::ask, .state = std::move(again), .say = std::move(say), .to = {}, .heard = heard};
}

}  // namespace parley::flows
