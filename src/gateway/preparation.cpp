#include "preparation.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "parley/analysis/analysis_settings.hpp"
#include "parley/analysis/caller_profile.hpp"
#include "parley/store/profiles.hpp"

namespace parley::gateway {

namespace asio = boost::asio;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMostVariables = 64, kMostValue = 200, kMostName = 60;
constexpr std::size_t kMostResult = 4000;  // of one tool, in what the model is told
constexpr std::size_t kMostBackground = 16'000;
constexpr std::size_t kMostSummary = 4000;
constexpr auto kLookUp = 1000ms;
constexpr auto kLookUpInSilence = 250ms;  // without anything to hear nobody is kept waiting for a slow store
constexpr std::uint32_t kSummaryTokens = 400;

std::string_view within(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
    return text.substr(0, most);
}

// What a tool answered, without what it is wrapped in for the model.
std::string members_of(const std::string& answer) {
    const auto whole = json::parse(answer, nullptr, false);
    const auto result = whole.is_object() ? whole.find("result") : whole.end();
    return whole.is_object() && result != whole.end() && result->is_object() ? result->dump(-1, ' ', false, json::error_handler_t::replace) : answer;
}

// One tool on its way. Held weakly by its answer: what comes too late finds nobody.
struct ToolCall {
    explicit ToolCall(const asio::any_io_executor& executor) : woken(executor) {}
    std::string name;
    asio::steady_timer woken;
    std::optional<brain::ActionResult> result;
};

std::shared_ptr<ToolCall> begin_tool(const std::string& name, const std::map<std::string, std::string>& known, brain::Actions& actions,
                                     const asio::any_io_executor& executor, TimePoint until) {
    const auto& specs = actions.specs();
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const auto& one) { return one.name == name; });
    if (spec == specs.end()) return nullptr;
    auto call = std::make_shared<ToolCall>(executor);
    call->name = name;
    call->woken.expires_at(until);
    actions.perform({name, known_arguments(spec->parameters, known)}, [weak = std::weak_ptr<ToolCall>(call)](brain::ActionResult result) {
        const auto waiting = weak.lock();
        if (!waiting) return;
        waiting->result = std::move(result);
        waiting->woken.cancel();
    });
    return call;
}

}  // namespace

std::string known_arguments(std::string_view schema, const std::map<std::string, std::string>& known) {
    auto arguments = json::object();
    const auto parsed = json::parse(schema, nullptr, false);
    const auto properties = parsed.is_object() ? parsed.find("properties") : parsed.end();
    if (!parsed.is_object() || properties == parsed.end() || !properties->is_object()) return "{}";
    for (const auto& [name, what] : properties->items()) {
        const auto found = known.find(name);
        if (found == known.end()) continue;
        // Only what is text may be given as text.
        const auto type = what.is_object() ? what.find("type") : what.end();
        if (what.is_object() && type != what.end() && *type != "string") continue;
        arguments[name] = found->second;
    }
    return arguments.dump(-1, ' ', false, json::error_handler_t::replace);
}

void keep_variables(std::string_view text, const std::string& prefix, std::map<std::string, std::string>& variables) {
    const auto object = json::parse(text, nullptr, false);
    if (!object.is_object()) return;
    for (const auto& [name, value] : object.items()) {
        if (variables.size() >= kMostVariables) return;
        if (name.empty() || name.size() > kMostName ||
            !std::all_of(name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }))
            continue;
        std::string shown;
        if (value.is_string())
            shown = value.get<std::string>();
        else if (value.is_boolean() || value.is_number())
            shown = value.dump();
        if (shown.empty()) continue;
        const auto key = !prefix.empty() && !name.starts_with(prefix) ? prefix + name : name;
        variables.emplace(key, std::string(within(shown, kMostValue)));
    }
}

bool has_to_prepare(const call::Agent& agent, const brain::CallFacts& facts) {
    const auto& s = *agent.hold;
    if (!s.tools.empty() || !s.summary_prompt.empty()) return true;
    const bool remembers = s.strategy != hold::Strategy::none || (agent.analysis && agent.analysis->remember_callers);
    return s.look_up_caller && remembers && !store::caller_key(facts.from).empty();
}

net::Task<brain::Prepared> prepare_call(const PreparationDesk& desk, std::shared_ptr<const call::Agent> agent, brain::CallFacts facts, brain::Actions* actions,
                                        call::CallWorker& worker, TimePoint until) {
    const auto& s = *agent->hold;
    const auto executor = worker.loop.executor();
    brain::Prepared found;
    const bool placed = facts.placed || (desk.placed && desk.placed(facts));
    const auto& theirs = placed ? facts.to : facts.from;

    std::map<std::string, std::string> known;
    for (const auto* name : {"caller", "caller_number", "caller_phone", "phone", "phone_number", "from"}) known.emplace(name, theirs);
    for (const auto* name : {"called", "called_number", "to"}) known.emplace(name, placed ? facts.from : facts.to);
    known.emplace("call_sid", facts.call_sid);
    known.emplace("agent", facts.agent);
    known.emplace("channel", facts.channel);

    std::vector<std::string> sections;
    if (s.look_up_caller && !store::caller_key(theirs).empty()) {
        const Duration limit = s.strategy == hold::Strategy::none ? kLookUpInSilence : kLookUp;
        auto owner = agent->analysis ? analysis::profile_owner(*agent->analysis, facts.agent) : facts.agent;
        auto profile = co_await store::find_profile(desk.database, std::move(owner), theirs, std::min<Duration>(limit, until - Clock::now()));
        if (profile) {
            found = analysis::remembered(profile->json);
            found.looked_up = true;
            if (!found.background.empty()) sections.push_back(std::exchange(found.background, {}));
        }
    }

    // All at once; whoever has not answered in time is gone on without. The summary's time is kept free.
    for (const auto& [name, value] : found.variables) known.emplace(name, value);
    const auto model = s.summary_prompt.empty() || !desk.model ? nullptr : desk.model(*agent);
    const auto tools_until = model ? std::max(Clock::now(), until - std::min<Duration>(s.summary_within, (until - Clock::now()) / 2)) : until;
    std::vector<std::shared_ptr<ToolCall>> under_way;
    for (const auto& name : s.tools) {
        auto call = actions == nullptr ? nullptr : begin_tool(name, known, *actions, executor, tools_until);
        if (call)
            under_way.push_back(std::move(call));
        else
            found.failed.push_back("tool:" + name);
    }
    for (const auto& call : under_way) {
        if (!call->result && Clock::now() < tools_until) co_await call->woken.async_wait(net::nothrow);
        if (!call->result || !call->result->ok) {
            found.failed.push_back("tool:" + call->name);
            continue;
        }
        found.tools.push_back(call->name);
        keep_variables(members_of(call->result->json), call->name + "_", found.variables);
        sections.push_back("Result of " + call->name + ": " + std::string(within(call->result->json, kMostResult)));
    }

    found.background.clear();
    for (const auto& section : sections) {
        if (found.background.size() + section.size() > kMostBackground) break;
        found.background += section + "\n";
    }
    if (!s.summary_prompt.empty()) {
        bool written = false;
        if (model) {
            brain::ModelQuestion question;
            question.instructions = s.summary_prompt;
            question.text = found.background.empty() ? std::string("Nothing is known of the caller but the number: ") + theirs : found.background;
            question.max_tokens = kSummaryTokens;
            question.conversation = facts.call_sid;
            const auto deadline = std::min<TimePoint>(until, Clock::now() + s.summary_within);
            auto answer = co_await model->ask(std::move(question), executor, worker.http, deadline);
            if (desk.used)
                for (const auto& record : answer.used) desk.used(*agent, facts.call_sid, record);
            if (answer.ok && !answer.text.empty()) {
                written = true;
                found.summarised = true;
                const std::string summary(within(answer.text, kMostSummary));
                found.variables.insert_or_assign("prepSummary", summary);
                found.background = "Summary of what was found before the call: " + summary + "\n" + found.background;
            }
        }
        if (!written) found.failed.emplace_back("summary");
    }
    co_return found;
}

}  // namespace parley::gateway
