#include "routing_lm.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "rules.hpp"
#include "words.hpp"

namespace parley::analysis {

using conversation::ContextLine;
using conversation::PromptKind;
using conversation::ReplyThen;
using conversation::StartReply;
using nlohmann::json;

namespace {

constexpr std::string_view kConnecting = "One moment, please.";
constexpr std::size_t kMostLines = 200;  // of the caller's, that extraction looks at
constexpr std::size_t kMostValue = 200;

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string shown(const json& value) {
    if (value.is_string()) return shortened(value.get<std::string>(), kMostValue);
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    std::string all;
    if (value.is_array())
        for (const auto& entry : value)
            if (entry.is_string()) all += (all.empty() ? "" : "; ") + entry.get<std::string>();
    return shortened(all, kMostValue);
}

}  // namespace

RoutingLm::RoutingLm(std::shared_ptr<const Understanding> of, const brain::CallFacts& facts, brain::LmSink& call, brain::VendorSink& vendor,
                     std::function<void(std::function<void()>)> post)
    : of_(std::move(of)), written_(facts.written), call_(call), vendor_(vendor), post_(std::move(post)) {
    const auto saved = json::parse(facts.brain_state, nullptr, false);
    if (!saved.is_object() || !saved.contains("routing")) {
        inner_state_ = facts.brain_state;
        return;
    }
    if (saved.contains("inner") && saved["inner"].is_string()) inner_state_ = saved["inner"].get<std::string>();
    if (const auto& routing = saved["routing"]; routing.is_object())
        for (const auto& [name, count] : routing.items())
            if (count.is_number_integer() && fired_.size() < 100) fired_[name] = static_cast<int>(std::clamp<std::int64_t>(count.get<std::int64_t>(), 0, 1000));
}

std::optional<std::size_t> RoutingLm::routed(std::string_view text) const {
    if (!of_->grammar || text.empty()) return std::nullopt;
    const auto at = of_->match.find(text);
    if (!at) return std::nullopt;
    const auto& intent = of_->settings->intents[*at];
    const bool leads = !intent.deflect.empty() || (!intent.to.empty() && !written_);  // a text message has no line to be put through
    return leads ? at : std::nullopt;
}

bool RoutingLm::asked_again(const std::string& name, std::string_view text) {
    constexpr auto kAgain = std::to_array<std::string_view>({"again", "still", "back", "retry", "once more", "another try"});
    auto& fired = fired_[name];
    if (fired % 2 == 0 || says(words_of(text), kAgain)) {
        fired = 1;
        return true;
    }
    ++fired;  // the brain answers this time
    return false;
}

void RoutingLm::start(const StartReply& request, const std::vector<ContextLine>& context) {
    own_ = 0;
    if (request.kind == PromptKind::caller_text) {
        note(request.text);
        const auto at = routed(request.text);
        if (at && asked_again(of_->settings->intents[*at].name, request.text)) {
            own_ = request.reply;
            inner_->speculate({}, {});
            // The core must not be answered from within its own command.
            post_([this, weak = std::weak_ptr<int>(alive_), reply = request.reply, index = *at] {
                if (!weak.expired() && own_ == reply) answer(reply, of_->settings->intents[index]);
            });
            return;
        }
    }
    inner_->start(request, context);
}

void RoutingLm::answer(brain::ReplyId reply, const Intent& intent) {
    last_intent_ = intent.name;
    tell(intent, "grammar");
    const auto of = of_;  // what is said may cut the reply off, or end all of this
    const std::weak_ptr<int> alive = alive_;
    const bool leaves = !intent.to.empty() && !written_;
    call_.on_reply_text(reply, intent.deflect.empty() ? kConnecting : std::string_view(intent.deflect));
    if (alive.expired() || own_ != reply) return;
    own_ = 0;
    call_.on_reply_finished(reply, leaves ? ReplyThen::transfer : ReplyThen::listen, leaves ? std::string_view(intent.to) : std::string_view());
}

void RoutingLm::cancel(brain::ReplyId reply) {
    if (own_ == reply)
        own_ = 0;
    else
        inner_->cancel(reply);
}

void RoutingLm::speculate(std::string_view text, const std::vector<ContextLine>& context) {
    if (routed(text))
        inner_->speculate({}, {});
    else
        inner_->speculate(text, context);
}

void RoutingLm::on_reply_finished(brain::ReplyId reply, ReplyThen then, std::string_view target) {
    if (then == ReplyThen::transfer) {
        const auto& intents = of_->settings->intents;
        const auto found = std::find_if(intents.begin(), intents.end(), [&](const Intent& one) { return !one.to.empty() && one.to == target; });
        if (found != intents.end()) {
            last_intent_ = found->name;
            tell(*found, "model");
        }
    }
    call_.on_reply_finished(reply, then, target);
}

void RoutingLm::tell(const Intent& intent, std::string_view by) const {
    json event{{"event", "intent"}, {"intent", intent.name}, {"by", by}};
    if (!intent.to.empty()) event["to"] = intent.to;
    vendor_.on_event(dumped(event));
}

void RoutingLm::note(std::string_view said) {
    if ((!of_->appointment && !of_->lead) || said.empty()) return;
    so_far_.lines.push_back({true, shortened(said, 1000), 0});
    if (so_far_.lines.size() > kMostLines) so_far_.lines.erase(so_far_.lines.begin());
    brain::Prepared found;
    const auto keep = [&](const char* what, const json& values) {
        for (const auto& [key, value] : values.items()) {
            auto text = shown(value);
            const auto name = std::string(what) + "_" + key;
            auto& known = extracted_[name];
            if (text.empty() || known == text) continue;
            known = text;
            found.variables[name] = std::move(text);
        }
    };
    if (of_->appointment) keep("appointment", rules::appointment(so_far_));
    if (of_->lead) keep("lead", rules::lead(so_far_));
    if (!found.variables.empty()) inner_->prepared(found);
}

std::string RoutingLm::state() const {
    const auto inner = inner_->state();
    if (fired_.empty()) return inner;
    return dumped({{"routing", fired_}, {"inner", inner}});
}

std::string RoutingLm::handover() const {
    auto told = inner_->handover();
    const auto add = [&](const std::string& line) { told += (told.empty() ? "" : "\n") + line; };
    if (!last_intent_.empty()) add("What the caller wanted: " + last_intent_ + ".");
    std::string values;
    for (const auto& [name, value] : extracted_)
        if (!value.empty()) values += (values.empty() ? "" : ", ") + name + ": " + value;
    if (!values.empty()) add("Said by the caller so far: " + values + ".");
    return told;
}

}  // namespace parley::analysis
