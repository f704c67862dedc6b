#include "gather_talks.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <algorithm>
#include <cstdlib>

#include "flow_twiml.hpp"
#include "gather_talk.hpp"
#include "parley/rest/calls.hpp"
#include "parley/net/loop_hop.hpp"

namespace parley::webhooks {

namespace asio = boost::asio;
using conversation::EndReason;
using twilio::TwimlResponse;

namespace {

constexpr std::size_t kMostTalks = 10'000;  // the admission of calls is far below
constexpr std::size_t kMostWords = 4000;    // bytes of one turn; recognition gives up at a minute

constexpr auto kHopWithin = std::chrono::seconds(5);

// To a talk's worker. What is still on its way when that ends is dropped with it.
struct Hop {
    asio::any_io_executor executor;
    Log& log;
    void start(net::Task<> errand) {
        auto guarded = guard(log, std::move(errand));
        asio::post(executor, [there = executor, guarded = std::move(guarded)]() mutable { asio::co_spawn(there, std::move(guarded), asio::detached); });
    }
    static net::Task<> guard(Log& told, net::Task<> errand) {
        try {
            co_await std::move(errand);
        } catch (const std::exception& e) {
            told.error("errand.failed", "A gathered talk could not answer.", {{"error.type", e.what()}});
        }
    }
};

Answer xml(std::string body) {
    return {.status = 200, .content_type = "text/xml; charset=utf-8", .body = std::move(body)};
}

GatherInput input_of(const Asked& asked) {
    GatherInput input;
    input.turn = flows::number_of(asked.query.get("turn"), 100'000);
    input.wait = flows::number_of(asked.query.get("wait"), 1000);
    input.digits = asked.form.get("Digits").substr(0, 64);
    input.speech = asked.form.get("SpeechResult").substr(0, kMostWords);
    if (const auto confidence = asked.form.get("Confidence"); !confidence.empty())
        input.confidence = std::clamp(std::strtod(std::string(confidence.substr(0, 16)).c_str(), nullptr), 0.0, 1.0);
    return input;
}

// Something of a talk is under way.
struct Step {
    std::shared_ptr<std::atomic<std::size_t>> count;
    explicit Step(std::shared_ptr<std::atomic<std::size_t>> c) : count(std::move(c)) { ++*count; }
    ~Step() { --*count; }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
};

}  // namespace

std::shared_ptr<GatherTalk> GatherTalks::find(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    return known(call_sid);
}

std::shared_ptr<GatherTalk> GatherTalks::known(const std::string& call_sid) const {
    const auto found = talks_.find(call_sid);
    auto talk = found == talks_.end() ? nullptr : found->second.lock();
    return talk && !talk->over() ? talk : nullptr;
}

std::shared_ptr<GatherTalk> GatherTalks::open(const AgentPtr& agent, const flows::Position& position, const Asked& asked) {
    auto* worker = s_.worker();
    auto& registry = s_.calls.registry;
    if (worker == nullptr || agent->brain != call::BrainKind::pipeline || !agent->pipeline) return nullptr;
    // Held to the end: of two deliveries of the same request at once one opens the talk, and takes the memory, and the other finds it.
    const std::lock_guard lock(mutex_);
    if (auto open_already = known(asked.call_sid)) return open_already;
    std::erase_if(talks_, [](const auto& entry) { return entry.second.expired(); });
    if (talks_.size() >= kMostTalks) return nullptr;
    auto memory = registry.take_memory(asked.call_sid);  // of a new call: the note of whoever placed it, if any
    brain::CallFacts facts;
    facts.call_sid = asked.call_sid;
    facts.from = asked.form.get("From");
    facts.to = asked.form.get("To");
    facts.agent = agent->name;
    facts.seed = std::hash<std::string>{}(asked.call_sid);
    std::shared_ptr<GatherTalk> talk;
    try {
        talk = std::make_shared<GatherTalk>(
            GatherTalk::Begin{s_.routes, s_.calls, *worker, agent, position, std::move(facts), s_.answer_within, s_.grace, registry.endings(asked.call_sid)},
            std::move(memory));
    } catch (const std::exception& e) {
        s_.calls.log.warn("gather.failed", "A talk could not be opened.", {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"error.type", e.what()}});
        return nullptr;
    }
    const auto reach = [executor = talk->executor(), weak = std::weak_ptr(talk)](const call::OperatorCommand& wanted) {
        asio::post(executor, [weak, wanted] {
            if (const auto talk = weak.lock()) talk->command(wanted);
        });
    };
    if (!registry.attach(asked.call_sid, agent->name, reach, Clock::now())) return nullptr;
    talks_.insert_or_assign(asked.call_sid, talk);
    // Counted from now to its very end: what it leaves behind on its worker is waited for.
    auto life = [](std::shared_ptr<GatherTalk> lives, std::shared_ptr<Step>) -> net::Task<> { co_await lives->live(); };
    auto lived = life(talk, std::make_shared<Step>(steps_));
    asio::co_spawn(talk->executor(), std::move(lived), asio::detached);
    return talk;
}

net::Task<Answer> GatherTalks::step(std::shared_ptr<GatherTalk> talk, GatherInput input, std::string again) {
    const Step counted(steps_);
    Hop hop{talk->executor(), s_.calls.log};
    auto work = talk->step(std::move(input));
    auto body = co_await net::on_loop_of<std::string>(hop, std::move(work), s_.answer_within + kHopWithin);
    if (body) co_return xml(std::move(*body));
    // Its worker is busy, or it failed: asked for again in a second.
    TwimlResponse response;
    response.pause({.length = 1}).redirect({.url = std::move(again), .method = "POST"});
    co_return twiml_answer(response);
}

net::Task<std::optional<Answer>> GatherTalks::begin(AgentPtr agent, flows::Position position, const Asked& asked) {
    auto talk = find(asked.call_sid);
    if (!talk) talk = open(agent, position, asked);
    if (!talk) co_return std::nullopt;
    auto answer = co_await step(talk, GatherInput{}, s_.routes.url("/webhooks/twilio/gather?" + flows::query_of(position) + "&turn=0"));
    co_return answer;
}

net::Task<Answer> GatherTalks::proceed(const Asked& asked) {
    const auto position = flows::position_of([&](std::string_view name) { return asked.query.get(name); });
    auto input = input_of(asked);
    auto talk = find(asked.call_sid);
    if (rest::terminal(rest::call_status(asked.form.get("CallStatus")))) {
        s_.calls.registry.end_call(asked.call_sid, EndReason::caller_hung_up);
        co_return hang_up_answer();
    }
    if (!talk) {
        // Over, and asked again; or ended from outside: the tail knows; or begun by another process that is no more.
        if (auto given = s_.calls.registry.answer_given(GatherTalk::key_of(asked.call_sid, asked.query.get("talk"), input.turn, input.wait)))
            co_return xml(std::move(*given));
        auto agent = position ? s_.routes.agent_of(asked, position->agent) : nullptr;
        if (!agent) co_return hang_up_answer();
        const auto outcome = s_.calls.registry.outcome(asked.call_sid);
        bool full = false;
        if (!(outcome && outcome->attached && outcome->planned)) {
            if (!outcome || !outcome->attached)
                s_.calls.log.warn("gather.lost", "A talk goes on without its memory.",
                                  {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"turn", input.turn}});
            full = !s_.calls.registry.readmit(asked.call_sid, Clock::now());
            if (!full) talk = open(agent, *position, asked);
            if (!full && !talk) s_.calls.registry.release(asked.call_sid);
        }
        if (!talk) {
            TwimlResponse response;
            if (outcome && outcome->attached && outcome->planned)
                response.redirect({.url = s_.routes.tail_url(*position, 0, outcome->ending - 1), .method = "POST"});
            else if (full)
                response.redirect({.url = s_.routes.url("/webhooks/twilio/answer?" + flows::query_of(*position)), .method = "POST"});  // the next answer, then
            else
                response.hangup();
            co_return twiml_answer(response);
        }
    }
    auto again = twilio::public_request_url(s_.routes.settings().public_url, asked.request.target);
    auto answer = co_await step(talk, std::move(input), again ? std::move(*again) : std::string{});
    co_return answer;
}

}  // namespace parley::webhooks
