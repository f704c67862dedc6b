// A call's record, a model's answer and a caller's profile, as anything at all: read, looked at by all the rules, joined and merged; what comes out is JSON
// within its bounds.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "json_answer.hpp"
#include "parley/analysis/caller_profile.hpp"
#include "parley/analysis/post_call.hpp"
#include "parley/brain/tokens.hpp"
#include "parley/store/profiles.hpp"

namespace {

using namespace parley;

void require(bool holds) {
    if (!holds) std::abort();
}

const analysis::AnalysisSettings& everything() {
    static const auto made = [] {
        analysis::AnalysisSettings settings;
        settings.extract = {{"appointment", ""}, {"lead", ""}, {"own", R"({"type":"object"})"}};
        analysis::Operator rule, prompt;
        rule.name = "rule";
        rule.rule = "/a+b/";
        prompt.name = "prompt";
        prompt.prompt = "What?";
        settings.operators = {rule, prompt};
        for (const auto* kind : {"consent", "opt_out", "said", "not_said"}) {
            analysis::Check check;
            check.name = check.kind = kind;
            check.phrases = {"yes"};
            settings.compliance.push_back(check);
        }
        settings.intents = {{"i", {}, {"(book | {weekday} [at {time}])"}, "voicemail", ""}};
        settings.remember_callers = true;
        return settings;
    }();
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto subject = analysis::subject_of(text);
    if (subject.lines.empty()) subject.lines = {{true, std::string(text), 0}, {false, std::string(text.substr(0, size / 2)), 0}};
    const auto found = analysis::by_rules(subject, everything());
    require(nlohmann::json::parse(found.json, nullptr, false).is_object());
    require(brain::tokens_in(analysis::written(subject.lines, 100)) <= 100);
    const auto joined = analysis::joined(found, text, everything());
    require(nlohmann::json::parse(joined.json, nullptr, false).is_object());
    const auto profile = analysis::merged_profile(text, joined.profile_news);
    require(profile.size() <= store::kMostProfile && nlohmann::json::parse(profile, nullptr, false).is_object());
    (void)analysis::remembered(profile);
    const auto value = brain::json_in(text);
    require(!value || value->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).size() > 0);
    (void)store::caller_key(text);
    return 0;
}
