#include "agent_actions.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "parley/base/ids.hpp"
#include "parley/analysis/analysis_settings.hpp"
#include "parley/analysis/caller_note.hpp"
#include "parley/analysis/caller_profile.hpp"
#include "parley/flows/agent_flow.hpp"
#include "parley/net/deadline.hpp"
#include "parley/privacy/redactor.hpp"
#include "parley/rest/recordings.hpp"
#include "parley/store/callbacks.hpp"
#include "parley/store/messages_taken.hpp"
#include "parley/store/profiles.hpp"
#include "parley/tools/call_tools.hpp"
#include "parley/twilio/form.hpp"
#include "parley/twilio/sid.hpp"
#include "tool_writes.hpp"

namespace parley::gateway {

namespace asio = boost::asio;
using brain::ActionResult;
using nlohmann::json;

namespace {

constexpr auto kWithin = std::chrono::seconds(10);
constexpr auto kStoreWithin = std::chrono::seconds(4);
constexpr std::string_view kNothing = R"({"type":"object","properties":{},"additionalProperties":false})";

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}
ActionResult failed(std::string why) {
    ActionResult result;
    result.json = dumped({{"error", std::move(why)}});
    return result;
}
ActionResult done(json more = json::object()) {
    ActionResult result;
    result.ok = true;
    more["ok"] = true;
    result.json = dumped(more);
    return result;
}

// The text of one argument; empty: not given or none.
std::string text_of(const json& arguments, const char* key, std::size_t most) {
    const auto found = arguments.find(key);
    if (found == arguments.end() || !found->is_string()) return {};
    return found->get<std::string>().substr(0, most);
}

// Whom the call is with, and the number of ours they see.
struct Sides {
    std::string theirs, ours;
};
Sides sides_of(const brain::CallFacts& facts, bool placed) {
    return placed ? Sides{facts.to, facts.from} : Sides{facts.from, facts.to};
}

class CallActions final : public brain::Actions {
public:
    CallActions(ToolDesk& desk, std::shared_ptr<const MadeAgent> made, const call::Agent& agent, brain::CallFacts facts, asio::any_io_executor executor,
                bool spoken, std::string session, brain::Handset* handset)
        : desk_(desk),
          made_(std::move(made)),
          settings_(made_->messaging),
          analysis_(agent.analysis),
          facts_(std::move(facts)),
          executor_(std::move(executor)),
          session_(std::move(session)),
          privacy_(agent.privacy),
          handset_(handset) {
        if (desk_.database != nullptr) writes_ = std::make_shared<ToolWrites>(ToolWrites{*desk_.database, desk_.records, kStoreWithin});
        for (const auto& name : settings_->tools) offer(name, spoken);
    }

    const std::vector<brain::ActionSpec>& specs() const override { return specs_; }

    void perform(brain::ActionRequest request, std::function<void(ActionResult)> told) override {
        const auto number = ++last_;
        auto timer = std::make_unique<asio::steady_timer>(executor_, kWithin);
        timer->async_wait([this, weak = std::weak_ptr<int>(alive_), number](const error_code& ec) {
            if (!ec && !weak.expired()) finish(number, failed("it took too long; nobody knows whether it was done"));
        });
        open_.emplace(number, Open{std::move(told), std::move(timer)});
        // Back on this thread, in a later turn of its loop.
        auto back = [this, executor = executor_, weak = std::weak_ptr<int>(alive_), number](ActionResult result) {
            asio::post(executor, [this, weak, number, result = std::move(result)]() mutable {
                if (!weak.expired()) finish(number, std::move(result));
            });
        };
        begin(request, std::move(back));
    }

    void transferring(std::string_view target, std::string_view summary) override {
        desk_.records.add(facts_.call_sid, store::Fact::note, dumped({{"text", "transfer decided by the agent"}, {"to", target}, {"summary", summary}}));
        if (desk_.brief) desk_.brief(facts_.call_sid, std::string(summary));
    }

private:
    struct Open {
        std::function<void(ActionResult)> told;
        std::unique_ptr<asio::steady_timer> deadline;
    };
    using Back = std::function<void(ActionResult)>;

    void offer(const std::string& name, bool spoken) {
        const auto add = [&](std::string description, json properties, json required) {
            specs_.push_back(
                {name, std::move(description),
                 dumped({{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}, {"additionalProperties", false}})});
        };
        if (name == "send_sms" && (spoken || settings_->tool_recipients == ToolRecipients::any)) {
            json properties{{"text", {{"type", "string"}, {"description", "What the message says, at most 1600 characters; short is better."}}}};
            if (settings_->tool_recipients == ToolRecipients::any)
                properties["to"] = {{"type", "string"}, {"description", "E.164 number; without it the caller."}};
            add("Send a text message" + std::string(settings_->tool_recipients == ToolRecipients::any ? "." : " to the caller."), std::move(properties),
                {"text"});
        } else if (name == "send_link" && !settings_->links.empty()) {
            auto names = json::array();
            for (const auto& [link, url] : settings_->links) names.push_back(link);
            add("Send the caller a link by text message.", {{"name", {{"type", "string"}, {"enum", names}}}}, {"name"});
        } else if (name == "take_message" && desk_.database != nullptr) {
            add("Write down a message for somebody. Read it back to the caller first.",
                {{"text", {{"type", "string"}, {"minLength", 1}, {"maxLength", 2000}, {"description", "The message, in full sentences."}}},
                 {"name", {{"type", "string"}, {"maxLength", 200}, {"description", "Who leaves it."}}},
                 {"number",
                  {{"type", "string"},
                   {"pattern", "^\\+[1-9][0-9]{6,14}$"},
                   {"description", "Where they can be called, E.164; without it the number they call from."}}},
                 {"for", {{"type", "string"}, {"maxLength", 200}, {"description", "Whom it is for."}}},
                 {"urgent", {{"type", "boolean"}}}},
                {"text"});
        } else if (name == "remember") {
            add(remembers() ? "Keep one thing the caller says of themselves, for this call and the next ones."
                            : "Keep one thing the caller says, for this call.",
                {{"key",
                  {{"type", "string"}, {"pattern", "^[a-z][a-z0-9_]{0,39}$"}, {"description", "What it is: name, language, customer_number, favourite_day …"}}},
                 {"value", {{"type", "string"}, {"minLength", 1}, {"maxLength", analysis::kMostNote}}}},
                {"key", "value"});
        } else if (name == "set_language" && made_->written.persona.languages.size() > 1) {
            add("The caller wants to speak another language: from here on you answer in it.",
                {{"language", {{"type", "string"}, {"enum", made_->written.persona.languages}}}}, {"language"});
        } else if (!spoken) {
            return;
        } else if (name == "schedule_callback" && desk_.database != nullptr) {
            add("Promise the caller a call back, to the number they call from.",
                {{"in_minutes", {{"type", "integer"}, {"minimum", 1}, {"maximum", 43200}, {"description", "From now."}}},
                 {"reason", {{"type", "string"}, {"maxLength", 500}, {"description", "What it will be about."}}}},
                {"in_minutes", "reason"});
        } else if (name == "send_digits") {
            add("Press keys on the line, for machines that ask for them.",
                {{"keys", {{"type", "string"}, {"description", "0-9 * # A-D; w waits half a second."}}}}, {"keys"});
        } else if (name == "park") {
            add("Let the caller wait with music until somebody picks the call up.",
                {{"slot", {{"type", "string"}, {"description", "Where it waits; leave out for the usual place."}}}}, json::array());
        } else if (name == "start_recording" || name == "stop_recording" || name == "pause_recording" || name == "resume_recording") {
            const auto verb = name.substr(0, name.find('_'));
            specs_.push_back({name, static_cast<char>(verb[0] - 'a' + 'A') + verb.substr(1) + " the recording of this call.", std::string(kNothing)});
        }
    }

    void begin(const brain::ActionRequest& request, Back back) {
        const auto offered = std::any_of(specs_.begin(), specs_.end(), [&](const auto& spec) { return spec.name == request.name; });
        if (!offered) return back(failed("there is no tool of that name"));
        const auto arguments = json::parse(request.arguments.empty() ? "{}" : request.arguments, nullptr, false);
        if (!arguments.is_object()) return back(failed("the arguments are no JSON object"));
        const bool to_them = request.name == "send_sms" || request.name == "send_link" || request.name == "take_message" ||
                             request.name == "schedule_callback" || request.name == "remember";
        if (to_them && !sides_) return find_sides([this, request, back = std::move(back)] { begin(request, back); });
        if (request.name == "send_sms") return message(text_of(arguments, "text", 8000), text_of(arguments, "to", 40), std::move(back));
        if (request.name == "send_link") {
            const auto link = settings_->links.find(text_of(arguments, "name", 100));
            if (link == settings_->links.end()) return back(failed("there is no link of that name"));
            return message(link->second, {}, std::move(back));
        }
        if (request.name == "send_digits") {
            auto keys = text_of(arguments, "keys", 64);
            const auto is_key = [](char c) { return std::string_view("0123456789*#ABCDwW").find(c) != std::string_view::npos; };
            if (keys.empty() || keys.size() > 32 || !std::all_of(keys.begin(), keys.end(), is_key)) return back(failed("keys are 1 to 32 of 0-9 * # A-D w W"));
            return back(desk_.registry.tell(facts_.call_sid, call::KeysNow{std::move(keys)}) ? done() : failed("the call cannot be reached"));
        }
        if (request.name == "park") {
            const auto slot = text_of(arguments, "slot", 40);
            const bool plain =
                std::all_of(slot.begin(), slot.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; });
            if (!plain) return back(failed("a slot is named with letters, digits, - and _"));
            auto result = done();
            result.transfer = slot.empty() ? "park" : "park:" + slot;
            return back(std::move(result));
        }
        if (request.name == "take_message") return take_message(arguments, std::move(back));
        if (request.name == "remember") return remember(text_of(arguments, "key", 40), text_of(arguments, "value", 4 * analysis::kMostNote), std::move(back));
        if (request.name == "set_language") {
            const auto language = text_of(arguments, "language", 40);
            const auto& known = made_->written.persona.languages;
            if (std::find(known.begin(), known.end(), language) == known.end()) return back(failed("that is none of your languages"));
            json told{{"variables", {{"language", language}}}, {"next", "Answer in " + language + " from now on, until the caller wants another language."}};
            if (handset_ != nullptr) {
                const bool changed = handset_->speak(language);
                told["speech"] = changed ? "changed" : "unchanged";
                if (!changed)
                    told["note"] = "Recognition and voice have no settings for " + language +
                                   " and stay as they were: the caller may be misunderstood. Ask again when something makes no sense.";
            }
            return back(done(std::move(told)));
        }
        if (request.name == "schedule_callback") return promise(arguments, std::move(back));
        recording(request.name, std::move(back));
    }

    // As the agent's calls may be kept. A number to call back stays: it is what the message is for.
    [[nodiscard]] std::string masked(std::string text, privacy::Cue about = privacy::Cue::none) const {
        if (!privacy_ || !privacy_->redact) return text;
        return privacy::redact(text, privacy::Kinds::of(privacy_->kinds), about).text;
    }

    // What came in came to our number. Of a call we placed `from` is ours; if that is not one we know (a caller id of the request's own), the store says who
    // called.
    void find_sides(std::function<void()> then) {
        const bool from_us = desk_.ours(facts_.from);
        if (facts_.written || facts_.placed || from_us != desk_.ours(facts_.to) || desk_.database == nullptr) {
            sides_ = sides_of(facts_, !facts_.written && (facts_.placed || from_us));
            return then();
        }
        auto found = [this, executor = executor_, weak = std::weak_ptr<int>(alive_), then = std::move(then)](bool placed) {
            asio::post(executor, [this, weak, placed, then] {
                if (weak.expired()) return;
                sides_ = sides_of(facts_, placed);
                then();
            });
        };
        desk_.errands.start(look_up(*desk_.database, facts_.call_sid, std::move(found)));
    }
    static net::Task<> look_up(store::Database& database, std::string call_sid, std::function<void(bool)> found) {
        std::function<bool(store::Session&)> ask = [call_sid](store::Session& session) {
            const auto rows = session.run("SELECT direction FROM history WHERE call_sid = $1", {call_sid});
            return !rows.empty() && rows.front().text(0) == "out";
        };
        const auto out = co_await database.ask<bool>(std::move(ask), kStoreWithin);
        found(out && *out);
    }

    void take_message(const json& arguments, Back back) {
        store::MessageTaken taken;
        taken.key = tools::idempotency_key(facts_.call_sid + session_, 0, "take_message", dumped(arguments));
        taken.agent = facts_.agent;
        taken.call_sid = facts_.call_sid;
        taken.caller = sides_->theirs;
        taken.name = masked(text_of(arguments, "name", 200));
        taken.callback_number = text_of(arguments, "number", 20);
        if (taken.callback_number.empty() && twilio::is_e164(sides_->theirs)) taken.callback_number = sides_->theirs;
        taken.for_whom = masked(text_of(arguments, "for", 200));
        taken.text = masked(text_of(arguments, "text", 8000));
        const auto urgent = arguments.find("urgent");
        taken.urgent = urgent != arguments.end() && urgent->is_boolean() && urgent->get<bool>();
        taken.at_ms = store::now_ms();
        desk_.errands.start(keep(writes_, std::move(taken), std::move(back)));
    }
    static net::Task<> keep(std::shared_ptr<ToolWrites> to, store::MessageTaken taken, Back back) {
        const bool kept = co_await write_message(std::move(to), std::move(taken));
        back(kept ? done() : failed("the message could not be kept; offer something else"));
    }

    [[nodiscard]] bool remembers() const { return desk_.database != nullptr && analysis_ && analysis_->remember_callers; }
    // A store that does not answer takes nothing from the call: what was said is kept for it all the same.
    void remember(const std::string& key, std::string value, Back back) {
        if (key.empty() || value.empty()) return back(failed("key and value are missing"));
        auto caller = store::caller_key(sides_->theirs);
        const auto about = privacy::cue_of_key(key);
        if (!remembers() || caller.empty()) return back(done({{"variables", {{key, value}}}, {"kept", "for this call"}}));
        desk_.errands.start(noted(desk_,
                                  analysis::CallerNote{analysis::profile_owner(*analysis_, facts_.agent), std::move(caller), key,
                                                       masked(std::move(value), about), analysis_->profile_schema},
                                  std::move(back)));
    }
    static net::Task<> noted(ToolDesk& desk, analysis::CallerNote note, Back back) {
        std::function<bool(store::Session&)> work = [note](store::Session& session) { return analysis::keep_note(session, note); };
        const auto kept = co_await desk.database->ask<bool>(std::move(work), kStoreWithin);
        back(done({{"variables", {{note.key, note.value}}}, {"kept", kept && *kept ? "for this caller" : "for this call"}}));
    }

    // To the number of the call and no other: nobody is called because a caller said a number.
    void promise(const json& arguments, Back back) {
        if (!twilio::is_e164(sides_->theirs)) return back(failed("the caller's number is not known, so nobody can call back"));
        const auto minutes = arguments.find("in_minutes");
        if (minutes == arguments.end() || !minutes->is_number_integer()) return back(failed("in_minutes is missing"));
        store::Callback callback;
        callback.key = tools::idempotency_key(facts_.call_sid, 0, "schedule_callback", "");  // one a call
        callback.agent = facts_.agent;
        callback.call_sid = facts_.call_sid;
        callback.number = sides_->theirs;
        if (twilio::is_e164(sides_->ours)) callback.from = sides_->ours;
        callback.reason = masked(text_of(arguments, "reason", 500));
        callback.at_ms = store::now_ms() + std::clamp<std::int64_t>(minutes->get<std::int64_t>(), 1, 43200) * 60'000;
        desk_.errands.start(promised(writes_, std::move(callback), std::move(back)));
    }
    static net::Task<> promised(std::shared_ptr<ToolWrites> to, store::Callback callback, Back back) {
        const auto wanted_ms = callback.at_ms;
        const auto written = co_await write_callback(std::move(to), std::move(callback));
        if (written.how == Promised::unknown) {
            back(failed("the call back could not be noted; offer something else"));
        } else if (written.how == Promised::before) {
            back(failed("a call back has been promised in this call already"));
        } else if (written.stands.at_ms == wanted_ms) {
            back(done());
        } else {
            // Said before, when nobody answered: that is what holds.
            const auto minutes = std::max<std::int64_t>(1, (written.stands.at_ms - store::now_ms() + 59'999) / 60'000);
            back(done({{"in_minutes", minutes}, {"note", "It was noted when it was first asked for; this is when it will be."}}));
        }
    }

    void message(std::string text, std::string to, Back back) {
        if (to.empty()) to = sides_->theirs;
        if (to != sides_->theirs && settings_->tool_recipients == ToolRecipients::caller) return back(failed("messages go to the caller only"));
        if (!twilio::is_e164(to)) return back(failed("there is no number to send it to"));
        if (messages_ >= settings_->tool_messages) return back(failed("no more messages may be sent in this call"));
        ++messages_;
        messaging::Outgoing outgoing;
        outgoing.to = std::move(to);
        outgoing.from = settings_->sms_from.empty() ? sides_->ours : settings_->sms_from;
        outgoing.body = std::move(text);
        outgoing.record = facts_.call_sid;
        outgoing.by = "agent " + facts_.agent;
        desk_.errands.start(send(desk_, std::move(outgoing), std::move(back)));
    }
    static net::Task<> send(ToolDesk& desk, messaging::Outgoing outgoing, Back back) {
        auto sent = co_await desk.sender.send(std::move(outgoing));
        back(sent.ok() ? done({{"segments", sent.segments}}) : failed(sent.sentence));
    }

    void recording(const std::string& name, Back back) {
        if (desk_.client == nullptr) return back(failed("there is no account to record with"));
        desk_.errands.start(record(desk_, facts_, name, std::move(back)));
    }
    static net::Task<> record(ToolDesk& desk, brain::CallFacts facts, std::string name, Back back) {
        const auto& call_sid = facts.call_sid;
        rest::CallRecordings recordings(*desk.client, call_sid);
        std::optional<rest::Outcome<rest::Recording>> answer;
        if (name == "start_recording") {
            rest::RecordingStart start;
            start.recording_channels = "dual";
            if (!desk.recording_url.empty()) {
                start.recording_status_callback = desk.recording_url + "?agent=" + twilio::encode_component(facts.agent);
                start.recording_status_callback_event = {"in-progress completed absent"};  // one value of words
            }
            auto got = co_await recordings.start(std::move(start));
            answer.emplace(std::move(got));
        } else if (name == "pause_recording") {
            auto got = co_await recordings.pause();
            answer.emplace(std::move(got));
        } else if (name == "resume_recording") {
            auto got = co_await recordings.resume();
            answer.emplace(std::move(got));
        } else {
            auto got = co_await recordings.stop();
            answer.emplace(std::move(got));
        }
        if (!*answer) {
            back(failed(answer->error().sentence));
            co_return;
        }
        const auto& got = **answer;
        if (!got.sid.empty())
            desk.records.add(call_sid, store::Fact::recording,
                             dumped({{"sid", got.sid}, {"status", rest::name(got.status)}, {"source", "twilio"}, {"by", "agent"}}));
        back(done());
    }

    void finish(std::uint64_t number, ActionResult result) {
        const auto found = open_.find(number);
        if (found == open_.end()) return;
        const auto told = std::move(found->second.told);
        open_.erase(found);
        told(std::move(result));
    }

    ToolDesk& desk_;
    std::shared_ptr<const MadeAgent> made_;
    std::shared_ptr<const AgentMessaging> settings_;
    std::shared_ptr<const analysis::AnalysisSettings> analysis_;
    brain::CallFacts facts_;
    asio::any_io_executor executor_;
    const std::string session_;                                      // tools::CallTools::Parts::session
    const std::shared_ptr<const privacy::PrivacySettings> privacy_;  // null: nothing is masked
    brain::Handset* const handset_;                                  // null: no call by stream
    std::optional<Sides> sides_;                                     // once it matters
    std::vector<brain::ActionSpec> specs_;
    std::shared_ptr<ToolWrites> writes_;  // on the desk's loop; null: there is no store
    std::map<std::uint64_t, Open> open_;
    std::uint64_t last_ = 0;
    std::uint32_t messages_ = 0;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<brain::Actions> make_actions(ToolDesk& desk, const std::shared_ptr<const MadeAgent>& made, const call::Agent& agent,
                                             const brain::CallFacts& facts, asio::any_io_executor executor, bool spoken, brain::Handset* handset) {
    // Also without tools: a transfer's summary passes through it.
    if (!made) return nullptr;
    const auto& own = agent.tools;
    // Text messages of two numbers are one identifier for ever, and a call that comes back keeps its own.
    const bool again = desk.seen.again(facts.call_sid);
    auto session = !spoken || again || !facts.brain_state.empty() ? "/" + random_hex(8) : std::string();
    auto builtin = std::make_unique<CallActions>(desk, made, agent, facts, executor, spoken, session, handset);
    const auto& offered = made->messaging->tools;
    const bool asks = std::find(offered.begin(), offered.end(), "collect_digits") != offered.end();
    auto catalog = desk.shop->catalog(own, agent.flow ? agent.flow->hours : std::nullopt);
    return std::make_unique<tools::CallTools>(tools::CallTools::Parts{.shop = desk.shop,
                                                                      .catalog = std::move(catalog),
                                                                      .builtin = std::move(builtin),
                                                                      .facts = facts,
                                                                      .executor = std::move(executor),
                                                                      .transfers = own ? own->transfers : std::map<std::string, std::string>{},
                                                                      .session = std::move(session),
                                                                      .masks = agent.privacy && agent.privacy->redact,
                                                                      .handset = asks ? handset : nullptr});
}

}  // namespace parley::gateway
