#include "relay_actions.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

namespace parley::call {
namespace {

constexpr const char* kSwitch = "switch_language";
using nlohmann::ordered_json;

std::string text_of(const ordered_json& json) {
    return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// "de" is the first of the languages whose primary tag it is.
bool means(const flows::RelayLanguage& language, std::string_view asked) {
    if (asked.empty()) return false;
    const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    if (!std::equal(asked.begin(), asked.end(), language.code.begin(),
                    language.code.begin() + static_cast<std::ptrdiff_t>(std::min(asked.size(), language.code.size())), same))
        return false;
    return asked.size() == language.code.size() || (asked.size() < language.code.size() && language.code[asked.size()] == '-');
}

}  // namespace

RelayActions::RelayActions(std::unique_ptr<brain::Actions> others, const flows::RelaySettings& settings, Switch change, boost::asio::any_io_executor executor)
    : others_(std::move(others)), languages_(settings.languages), change_(std::move(change)), executor_(std::move(executor)) {
    if (others_) specs_ = others_->specs();
    if (languages_.empty()) return;
    ordered_json codes = ordered_json::array();
    for (const auto& language : languages_) codes.push_back(language.code);
    const ordered_json schema{{"type", "object"}, {"properties", {{"language", {{"type", "string"}, {"enum", codes}}}}}, {"required", {"language"}}};
    specs_.push_back({kSwitch, "Goes on in another language, when the caller speaks or asks for it. Answer in that language from then on.", text_of(schema)});
}

void RelayActions::perform(brain::ActionRequest request, std::function<void(brain::ActionResult)> done) {
    if (request.name != kSwitch || languages_.empty()) {
        if (others_) return others_->perform(std::move(request), std::move(done));
    }
    auto result = request.name == kSwitch
                      ? change_language(request.arguments)
                      : brain::ActionResult{.ok = false, .json = R"({"error":"there is no such action"})", .transfer = {}, .announcement = {}};
    boost::asio::post(executor_, [weak = std::weak_ptr<int>(here_), done = std::move(done), result = std::move(result)]() mutable {
        if (!weak.expired()) done(std::move(result));
    });
}

brain::ActionResult RelayActions::change_language(const std::string& arguments) const {
    brain::ActionResult result;
    const auto asked = nlohmann::json::parse(arguments, nullptr, false);
    const auto member = asked.is_object() ? asked.find("language") : asked.end();
    const std::string code = asked.is_object() && member != asked.end() && member->is_string() ? member->get<std::string>() : std::string();
    const auto found = std::ranges::find_if(languages_, [&](const auto& one) { return means(one, code); });
    if (found == languages_.end()) {
        std::string known;
        for (const auto& language : languages_) known += (known.empty() ? "" : ", ") + language.code;
        result.json = text_of({{"error", "not one of " + known}});
    } else if (!change_(*found)) {
        result.json = R"({"error":"the line did not take it"})";
    } else {
        result.ok = true;
        result.json = text_of({{"ok", true}, {"language", found->code}});
    }
    return result;
}

}  // namespace parley::call
