#include "parley/tools/call_tools.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "answer.hpp"
#include "consent.hpp"
#include "digits.hpp"

namespace parley::tools {

namespace asio = boost::asio;
using brain::ActionResult;
using nlohmann::json;

namespace {

constexpr std::uint32_t kMostStrikes = 3;
constexpr std::size_t kMostVariables = 100;
constexpr std::size_t kMostDigitNames = 20;
constexpr std::size_t kMostTools = 128;  // vendors refuse more

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string idempotency_key(std::string_view call_sid, std::uint32_t turn, std::string_view tool, std::string_view canonical_arguments) {
    std::string text;
    const auto turn_text = std::to_string(turn);
    for (const auto part : {call_sid, std::string_view(turn_text), tool, canonical_arguments}) text += std::to_string(part.size()) + ":" + std::string(part);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr) != 1) return {};
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string key;
    for (unsigned i = 0; i < std::min(length, 16U); ++i) key += {kHex[digest[i] >> 4U], kHex[digest[i] & 15U]};
    return key;
}

CallTools::CallTools(Parts parts) : parts_(std::move(parts)), variables_(parts_.facts.variables) {
    const auto* settings = parts_.catalog ? &parts_.catalog->settings() : nullptr;
    const auto confirmed = [&](const std::string& name) {
        return settings != nullptr && std::find(settings->consequential.begin(), settings->consequential.end(), name) != settings->consequential.end();
    };
    if (parts_.builtin)
        for (const auto& spec : parts_.builtin->specs()) {
            Offered offered;
            if (auto compiled = JsonSchema::compile(spec.parameters)) offered.schema = std::make_shared<const JsonSchema>(std::move(*compiled.schema));
            offered.consequential = confirmed(spec.name);
            offer(spec, std::move(offered));
        }
    if (parts_.handset != nullptr) {
        auto spec = digits_spec();
        Offered offered;
        if (auto compiled = JsonSchema::compile(spec.parameters)) offered.schema = std::make_shared<const JsonSchema>(std::move(*compiled.schema));
        offered.consequential = confirmed(spec.name);
        offered.own = true;
        offer(std::move(spec), std::move(offered));
    }
    if (parts_.catalog)
        for (const auto& tool : parts_.catalog->tools()) {
            const auto& traits = tool->traits();
            secret_names_.insert(traits.digits.begin(), traits.digits.end());
            brain::ActionSpec spec{traits.name, traits.description, traits.parameters};
            spec.within = traits.timeout + std::chrono::milliseconds(1500);
            spec.filler = traits.filler;
            // The schema lives in the tool.
            Offered offered{tool, traits.schema ? std::shared_ptr<const JsonSchema>(tool, &*traits.schema) : nullptr,
                            traits.consequential || confirmed(traits.name)};
            offer(std::move(spec), std::move(offered));
        }
    if (settings != nullptr) {
        parts_.per_turn = settings->per_turn;
        parts_.per_call = settings->per_call;
    }
}

CallTools::~CallTools() {
    // The call is over: what only reads is given up, what has effects is finished and recorded.
    for (auto& [key, made] : made_) {
        if (made.over) continue;
        if (made.wish) {
            auto outcome = failed("cancelled", "the call ended before it was known what came of it", "the call is over");
            const auto& wish = *made.wish;
            parts_.shop->tell({parts_.facts.call_sid, wish.name, wish.label, wish.arguments, wish.key, wish.at_ms, Clock::now() - wish.began, true}, outcome);
        }
        if (!made.work) continue;
        if (made.gives_up) made.work->cancel("the call is over");
        made.work->orphan();
    }
}

void CallTools::offer(brain::ActionSpec spec, Offered offered) {
    if (specs_.size() >= kMostTools || !offered_.emplace(spec.name, std::move(offered)).second) return;
    specs_.push_back(std::move(spec));
}

void CallTools::caller_said(std::string_view text) {
    ++turn_;
    in_turn_ = strikes_ = 0;
    confirmed_.clear();
    // Only the turn right behind the question counts.
    const auto asked = std::exchange(asked_, {});
    if (!asked.empty() && consent_of(text) == Consent::yes) confirmed_ = asked;
    std::erase_if(made_, [](const auto& entry) { return entry.second.over; });
}

void CallTools::caller_interrupted() {
    asked_.clear();  // they have not heard the question to its end
    for (auto& [key, made] : made_) {
        if (made.over || !made.work) continue;
        if (made.gives_up)
            made.work->cancel("the caller interrupted");
        else
            made.work->orphan();
    }
}

void CallTools::transferring(std::string_view target, std::string_view summary) {
    if (parts_.builtin) parts_.builtin->transferring(target, summary);
}

std::string CallTools::confirmation(const std::string& name, const std::string& arguments) const {
    return dumped({{"status", "not done yet"},
                   {"next", "Ask the caller to confirm: " + name + " with " + shortened(arguments, 600) +
                                ". Say in plain words what will be done. Only when they have said yes, call it again with exactly these arguments."}});
}

void CallTools::answer(Done done, ActionResult result) {
    asio::post(parts_.executor, [weak = std::weak_ptr<int>(alive_), done = std::move(done), result = std::move(result)]() mutable {
        if (!weak.expired()) done(std::move(result));
    });
}

void CallTools::refuse(const Wish& wish, std::string kind, std::string sentence, Done done) {
    auto outcome = failed(kind, std::move(sentence), kind);
    if (kind == "invalid" || kind == "unknown") ++strikes_;
    parts_.shop->tell(
        {parts_.facts.call_sid, wish.name, kind == "unknown" ? "unknown" : wish.label, wish.arguments, wish.key, wish.at_ms, Clock::now() - wish.began, false},
        outcome);
    ActionResult result;
    result.json = std::move(outcome.json);
    if (strikes_ >= kMostStrikes)
        result.give_up = "the model cannot use its tools";
    else if (kind == "loop")
        result.give_up = "the model asks for tools without end";
    answer(std::move(done), std::move(result));
}

void CallTools::perform(brain::ActionRequest request, Done done) {
    Wish wish;
    wish.name = request.name.substr(0, 100);
    wish.label = wish.name;
    wish.arguments = request.arguments.empty() ? "{}" : std::move(request.arguments);
    wish.began = Clock::now();
    wish.at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wish.began - began_).count();
    ++number_;
    if (++in_call_ > parts_.per_call || ++in_turn_ > parts_.per_turn)
        return refuse(wish, "loop", "no more tools may be used now; answer with what you know", std::move(done));

    const auto found = offered_.find(wish.name);
    if (found == offered_.end()) {
        std::string names;
        for (const auto& spec : specs_) names += (names.empty() ? "" : ", ") + spec.name;
        return refuse(wish, "unknown", "there is no tool '" + shortened(wish.name, 64) + "'; available: " + (names.empty() ? "none" : names), std::move(done));
    }
    const auto& offered = found->second;
    if (offered.tool) wish.label = offered.tool->traits().label;
    const auto arguments = parse_bounded(wish.arguments, kMostAnswer);
    if (!arguments || !arguments->is_object()) return refuse(wish, "invalid", "the arguments are no JSON object", std::move(done));
    if (offered.schema)
        if (auto why = offered.schema->wrong(*arguments)) return refuse(wish, "invalid", "the arguments are wrong: " + *why, std::move(done));
    wish.arguments = dumped(*arguments);  // members in order: the same wish has the same text
    wish.key = idempotency_key(parts_.facts.call_sid + parts_.session, turn_, wish.name, wish.arguments + digits_state(offered));

    // Keys that did not come are asked for again, and once something has been done with those that did.
    if (const auto before = made_.find(wish.key);
        offered.own && before != made_.end() && before->second.over && (!before->second.result.ok || before->second.number + 1 != number_))
        made_.erase(before);
    if (const auto before = made_.find(wish.key); before != made_.end()) {
        // Asked again in the same turn, by a backup that took over or by a model that forgets: done once, told twice.
        ToolOutcome again;
        again.kind = "duplicate";
        again.json = before->second.over ? before->second.result.json : R"({"ok":true,"note":"being done already"})";
        parts_.shop->tell({parts_.facts.call_sid, wish.name, wish.label, wish.arguments, wish.key, wish.at_ms, {}, false}, again);
        if (before->second.over)
            answer(std::move(done), before->second.result);
        else
            before->second.waiting.push_back(std::move(done));
        return;
    }
    if (offered.consequential) {
        const auto what = wish.name + " " + wish.arguments;
        if (confirmed_.erase(what) == 0) {
            if (turn_ > 0) asked_.insert(what);  // before the caller said anything nobody was asked: a yes to the greeting is none to this
            ToolOutcome open;
            open.kind = "unconfirmed";
            open.reason = "policy";
            open.json = confirmation(wish.name, wish.arguments);
            parts_.shop->tell({parts_.facts.call_sid, wish.name, wish.label, wish.arguments, wish.key, wish.at_ms, {}, false}, open);
            ActionResult result;
            result.json = std::move(open.json);
            return answer(std::move(done), std::move(result));
        }
    }

    auto& made = made_[wish.key];
    made.waiting.push_back(std::move(done));
    made.number = number_;
    if (!offered.tool) made.wish = wish;
    if (offered.own) return collect(wish, *arguments);
    if (!offered.tool) {
        parts_.builtin->perform({wish.name, wish.arguments}, [this, weak = std::weak_ptr<int>(alive_), wish = std::move(wish)](ActionResult result) {
            if (weak.expired()) return;
            ToolOutcome outcome;
            outcome.kind = result.ok ? "ok" : "error";
            outcome.json = result.json;
            outcome.reason = result.ok ? "" : "refused";
            const auto told = json::parse(result.json, nullptr, false);
            if (const auto kept = told.is_object() ? told.find("variables") : told.end();
                result.ok && told.is_object() && kept != told.end() && kept->is_object())
                for (const auto& [name, value] : kept->items())
                    if (value.is_string()) keep(name, value.get<std::string>());
            parts_.shop->tell({parts_.facts.call_sid, wish.name, wish.label, wish.arguments, wish.key, wish.at_ms, Clock::now() - wish.began, false}, outcome);
            settle(wish.key, std::move(result));
        });
        return;
    }
    ToolRun run;
    run.arguments = wish.arguments;
    run.key = wish.key;
    run.call_sid = parts_.facts.call_sid;
    run.from = parts_.facts.from;
    run.to = parts_.facts.to;
    run.agent = parts_.facts.agent;
    run.turn = turn_;
    run.number = number_;
    run.variables = variables_;
    for (const auto& name : offered.tool->traits().digits)
        if (const auto held = digits_.find(name); held != digits_.end()) run.digits.emplace(name, held->second.keys);
    run.masks = parts_.masks;
    made.gives_up = offered.tool->traits().cancel_on_interruption;
    auto told = [this, executor = parts_.executor, weak = std::weak_ptr<int>(alive_), key = wish.key](ToolOutcome outcome) {
        asio::post(executor, [this, weak, key, outcome = std::move(outcome)] {
            if (!weak.expired()) ended(key, outcome);
        });
    };
    made.work = parts_.shop->begin(offered.tool, std::move(run), wish.at_ms, std::move(told));
}

void CallTools::collect(const Wish& wish, const json& arguments) {
    auto digits = digits_wish(arguments);
    digits.how.secret = digits.how.secret || secret_names_.contains(digits.name);
    const auto key = wish.key;
    const auto over = [this, executor = parts_.executor, key](ToolOutcome outcome) {
        asio::post(executor, [this, weak = std::weak_ptr<int>(alive_), key, outcome = std::move(outcome)] {
            if (!weak.expired()) settle(key, result_of(outcome));
        });
    };
    const auto tell = [this, wish](const ToolOutcome& outcome) {
        parts_.shop->tell({parts_.facts.call_sid, wish.name, wish.label, wish.arguments, wish.key, wish.at_ms, Clock::now() - wish.began, false}, outcome);
        if (const auto found = made_.find(wish.key); found != made_.end()) found->second.wish.reset();
    };
    if (!digits.error.empty()) {
        auto outcome = failed("error", digits.error, "arguments");
        tell(outcome);
        return over(std::move(outcome));
    }
    parts_.handset->collect(digits.how, [this, weak = std::weak_ptr<int>(alive_), digits, tell, over](conversation::KeysOutcome given, Secret keys) {
        if (weak.expired()) return;
        ToolOutcome outcome;
        const bool complete = given == conversation::KeysOutcome::complete;
        outcome.kind = complete ? "ok" : given == conversation::KeysOutcome::interrupted || given == conversation::KeysOutcome::hung_up ? "cancelled" : "error";
        outcome.json = dumped(digits_result(digits, given, keys.reveal()));
        if (!complete) outcome.reason = "keys";
        if (complete && (digits_.size() < kMostDigitNames || digits_.contains(digits.name))) {
            auto& collected = digits_[digits.name];
            collected.keys = std::move(keys);
            ++collected.times;
        }
        tell(outcome);
        over(std::move(outcome));
    });
}

// The same wish with other digits is another one. Which they are stands nowhere, not even in a hash: they are too few to hide in one.
std::string CallTools::digits_state(const Offered& offered) const {
    std::string state;
    if (!offered.tool) return state;
    for (const auto& name : offered.tool->traits().digits) {
        const auto found = digits_.find(name);
        state += " " + name + "#" + std::to_string(found == digits_.end() ? 0 : found->second.times);
    }
    return state;
}

void CallTools::ended(const std::string& key, const ToolOutcome& outcome) {
    for (const auto& [name, value] : outcome.variables) keep(name, value);
    settle(key, result_of(outcome));
}

void CallTools::keep(const std::string& name, const std::string& value) {
    if (variables_.size() < kMostVariables || variables_.contains(name)) variables_[name] = value;
}

ActionResult CallTools::result_of(const ToolOutcome& outcome) {
    ActionResult result;
    result.ok = outcome.ok() || outcome.kind == "duplicate";
    result.json = outcome.json;
    result.say = outcome.say;
    result.hang_up = outcome.hang_up;
    if (!outcome.transfer.empty()) {
        // A destination comes from the configuration: an answer may only name it.
        const auto place = parts_.transfers.find(outcome.transfer);
        if (place != parts_.transfers.end())
            result.transfer = place->second;
        else
            result.json = dumped({{"error", "the tool named a destination there is not"}});
    }
    if (!outcome.keys.empty() && parts_.builtin && offered_.contains("send_digits"))
        parts_.builtin->perform({"send_digits", dumped({{"keys", outcome.keys}})}, [](const ActionResult&) {});
    return result;
}

void CallTools::settle(const std::string& key, ActionResult result) {
    const auto found = made_.find(key);
    if (found == made_.end() || found->second.over) return;
    auto& made = found->second;
    made.over = true;
    made.work = nullptr;
    made.wish.reset();
    made.result = std::move(result);
    const auto waiting = std::exchange(made.waiting, {});
    const auto told = made.result;  // whoever hears it may begin the next
    for (const auto& done : waiting) done(told);
}

}  // namespace parley::tools
