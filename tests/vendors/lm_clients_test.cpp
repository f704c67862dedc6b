// Every language-model client against its emulated vendor over real sockets: each thing that can happen and what comes
// of it.

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <set>
#include <thread>

#include "lm_recorder.hpp"
#include "parley/net/http_client.hpp"
#include "parley/sim/emulators.hpp"
#include "parley/vendors/anthropic/messages.hpp"
#include "parley/vendors/gemini/generate.hpp"
#include "parley/vendors/langflow/run.hpp"
#include "parley/vendors/openai/chat.hpp"
#include "parley/vendors/openai/responses.hpp"

namespace parley::vendors {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Role = LmMessage::Role;

constexpr const char* kHours = "We are open from nine until five.";

struct Surface {
    const char* name;
    const char* emulator;
    const char* vendor;
    const char* model;
    std::string (*check)(const Endpoint&);
    std::unique_ptr<LmClient> (*make)(const Endpoint&, const Link&);
    bool tools, names_requests;
    std::map<std::string, std::string> options;
};

const std::vector<Surface>& surfaces() {
    static const std::vector<Surface> all{
        {"chat", "openai", "openai", "gpt-x", check_openai_chat, make_openai_chat, true, true, {}},
        {"compatible", "openai", "vllm", "open-x", check_openai_chat, make_openai_chat, true, true, {}},
        {"responses", "openai", "openai", "gpt-x", check_openai_responses, make_openai_responses, true, true, {}},
        {"anthropic", "anthropic", "anthropic", "", check_anthropic, make_anthropic, true, true, {}},
        {"gemini", "gemini", "gemini", "gemini-3-x", check_gemini, make_gemini, true, true, {}},
        {"langflow", "langflow", "langflow", "front-desk", check_langflow, make_langflow, false, false, {}},
        {"langflow_whole_messages", "langflow", "langflow", "front-desk-whole", check_langflow, make_langflow, false, false, {}},
    };
    return all;
}

std::shared_ptr<sim::EmulatorWorld> world(std::chrono::milliseconds token) {
    sim::WorldSettings settings;
    settings.tones = true;
    settings.phrases = {"when are you open"};
    const auto rule = [&](const char* word, const char* say, const char* tool = "") -> sim::MindRule& {
        sim::MindRule made;
        if (*word != '\0') made.words = {word};
        made.say = say;
        made.tool = tool;
        return settings.rules.emplace_back(made);
    };
    rule("open", kHours);
    rule("forever", std::string(4000, 'a').c_str());
    rule("slot", "One moment.", "get_slot").arguments = R"({"day":"tuesday","hours":[9,10]})";
    rule("", "Tuesday at ten is free.").tool_result = "get_slot";
    rule("", "Hello, how can I help you?").greeting = true;
    settings.first_token = settings.first_audio = 0ms;
    settings.token = token;
    settings.pace = 0;
    return std::make_shared<sim::EmulatorWorld>(settings);
}

std::shared_ptr<sim::VendorEmulator> emulator(std::string_view name, std::shared_ptr<sim::EmulatorWorld> mind) {
    for (const auto& entry : sim::vendor_emulators())
        if (entry.name == name) return entry.make(std::move(mind));
    throw std::runtime_error("no such emulator");
}

class Rig {
public:
    explicit Rig(const Surface& of, std::chrono::milliseconds token = 0ms) : surface(of), mind(world(token)), host(emulator(of.emulator, mind), mind) {
        endpoint.name = "model";
        endpoint.vendor = of.vendor;
        endpoint.model = of.model;
        endpoint.options = of.options;
        endpoint.key = Secret("sim-key");
        endpoint.base_url = host.url();
        link.executor = io.get_executor();
        link.http = &http;
        link.gate = &gate;
        connect();
    }
    ~Rig() {
        client.reset();
        http.close_idle();
        spin([] { return false; }, 5ms);
    }

    void connect() {
        EXPECT_EQ(surface.check(endpoint), "");
        client = surface.make(endpoint, link);
    }
    void fault(sim::Fault one) { host.script({sim::FaultRule{"", 1, 1 << 30, std::move(one)}}); }

    static LmRequest ask(const char* words) {
        LmRequest request;
        LmMessage system, user;
        system.role = Role::system;
        system.text = "You answer the phone.";
        user.text = words;
        request.messages = {system, user};
        request.tools = {{"get_slot", "Finds a free time", R"({"type":"object","properties":{"day":{"type":"string"}},"required":["day"]})"}};
        request.conversation = "CA1";
        return request;
    }

    // Runs to its end, or is cancelled when `until` says so.
    std::string run(LmRequest request, std::function<bool()> until = {}, std::chrono::milliseconds within = 30s) {
        sink = LmRecorder{};
        bool done = false;
        asio::cancellation_signal stop;
        auto body = call(std::move(request), Clock::now() + within);
        auto ended = [&done](std::exception_ptr) { done = true; };
        asio::co_spawn(io, std::move(body), asio::bind_cancellation_slot(stop.slot(), ended));
        if (until) {
            EXPECT_TRUE(spin([&] { return done || until(); }));
            stop.emit(asio::cancellation_type::terminal);
        }
        EXPECT_TRUE(spin([&] { return done; }));
        return outcome ? how(*outcome) : "cancelled";
    }

    std::optional<Failure> warm() {
        std::optional<Failure> failed;
        bool done = false;
        auto body = warming(failed);
        asio::co_spawn(io, std::move(body), [&done](std::exception_ptr) { done = true; });
        EXPECT_TRUE(spin([&] { return done; }));
        return failed;
    }

    // Bound against hanging only.
    bool spin(const std::function<bool()>& reached, std::chrono::milliseconds most = 60s) {
        const auto deadline = Clock::now() + most;
        while (!reached()) {
            if (Clock::now() > deadline) return false;
            io.restart();
            if (io.run_one_for(10ms) == 0) std::this_thread::sleep_for(1ms);
        }
        return true;
    }
    [[nodiscard]] const Failure& failure() const {
        static const Failure none;
        const auto* failed = outcome ? std::get_if<Failure>(&*outcome) : nullptr;
        return failed == nullptr ? none : *failed;
    }
    [[nodiscard]] std::set<std::uint64_t> connections_used() const {
        std::set<std::uint64_t> all;
        for (const auto& entry : host.log())
            if (entry.kind == sim::LogEntry::Kind::request) all.insert(entry.connection);
        return all;
    }

    Surface surface;
    asio::io_context io;
    std::shared_ptr<sim::EmulatorWorld> mind;
    sim::VendorHost host;
    net::HttpClient http{io.get_executor()};
    ConnectGate gate;
    Endpoint endpoint;
    Link link;
    std::unique_ptr<LmClient> client;
    LmRecorder sink;
    std::optional<LmOutcome> outcome;

private:
    net::Task<> call(LmRequest request, TimePoint deadline) {
        outcome.reset();
        auto answered = co_await client->run(std::move(request), sink, deadline);
        outcome = std::move(answered);
    }
    net::Task<> warming(std::optional<Failure>& failed) {
        auto answered = co_await client->warm(Clock::now() + 20s);
        failed = std::move(answered);
    }
};

class LmClients : public testing::TestWithParam<Surface> {};
INSTANTIATE_TEST_SUITE_P(All, LmClients, testing::ValuesIn(surfaces()), [](const auto& one) { return std::string(one.param.name); });

TEST_P(LmClients, AnswersInPiecesAndKeepsTheConnection) {
    Rig rig(GetParam());
    EXPECT_FALSE(rig.warm());
    EXPECT_EQ(rig.host.counts().requests, 0U);  // costs nothing
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(rig.run(Rig::ask("when are you open")), "stop") << rig.failure().reason;
        EXPECT_EQ(rig.sink.text, kHours);
        EXPECT_GT(rig.sink.deltas, 5);
        EXPECT_EQ(rig.sink.opened.size(), 1U);
        const auto& done = std::get<LmDone>(*rig.outcome);
        EXPECT_EQ(done.request_id.empty(), !GetParam().names_requests);
        if (GetParam().names_requests) {
            EXPECT_GT(done.usage.output, 0U);
            EXPECT_GT(done.usage.input, 0U);
            EXPECT_FALSE(done.model.empty());
        }
    }
    EXPECT_EQ(rig.connections_used().size(), 1U);
    EXPECT_EQ(rig.host.counts().most_connections, 1);
    // Nobody has spoken yet: the model greets.
    auto greeting = Rig::ask("");
    EXPECT_EQ(rig.run(greeting), "stop") << rig.failure().reason;
    EXPECT_EQ(rig.sink.text, "Hello, how can I help you?");
    for (const auto& entry : rig.host.log())
        for (const auto& [name, value] : entry.headers) EXPECT_NE(name, "accept-encoding");
}

TEST_P(LmClients, CallsAToolAndSpeaksItsResult) {
    if (!GetParam().tools) return;  // a flow runs its own
    Rig rig(GetParam());
    auto request = Rig::ask("is there a slot");
    EXPECT_EQ(rig.run(request), "tool_calls") << rig.failure().reason;
    EXPECT_EQ(rig.sink.text, "One moment.");
    ASSERT_EQ(rig.sink.calls.size(), 1U);
    EXPECT_EQ(rig.sink.calls[0].name, "get_slot");
    EXPECT_EQ(rig.sink.calls[0].arguments, R"({"day":"tuesday","hours":[9,10]})");
    LmMessage assistant, result;
    assistant.role = Role::assistant;
    assistant.text = rig.sink.text;
    assistant.calls = rig.sink.calls;
    result.role = Role::tool;
    result.call_id = rig.sink.calls[0].id;
    result.tool = "get_slot";
    result.text = R"({"free":"10:00"})";
    request.messages.push_back(assistant);
    request.messages.push_back(result);
    EXPECT_EQ(rig.run(request), "stop") << rig.failure().reason;
    EXPECT_EQ(rig.sink.text, "Tuesday at ten is free.");
    EXPECT_EQ(rig.connections_used().size(), 1U);
    // A call that was broken off has no result; the caller said something else meanwhile. The vendor takes it.
    request.messages.back() = Rig::ask("when are you open").messages.back();
    EXPECT_EQ(rig.run(request), "stop") << rig.failure().reason;
    EXPECT_EQ(rig.sink.text, kHours);
}

TEST_P(LmClients, CancellingClosesTheConnectionAndSilencesTheSink) {
    Rig rig(GetParam(), 5ms);
    sim::Fault fault;
    fault.stall_after = 3;
    rig.fault(fault);
    const auto how_it_ended = rig.run(Rig::ask("when are you open"), [&] { return rig.sink.deltas >= 2; });
    EXPECT_TRUE(how_it_ended == "cancelled" || how_it_ended == "!closed") << how_it_ended;
    const auto heard = rig.sink.text;
    EXPECT_TRUE(rig.spin([&] { return rig.host.counts().connections == 0; }));
    EXPECT_EQ(rig.sink.text, heard);
    EXPECT_EQ(rig.http.idle_connections(), 0U);
    rig.host.script({});
    EXPECT_EQ(rig.run(Rig::ask("when are you open")), "stop");  // the next one is untouched
    EXPECT_EQ(rig.sink.text, kHours);
}

TEST_P(LmClients, MapsRefusals) {
    Rig rig(GetParam());
    struct Case {
        int status;
        std::optional<double> retry_after;
        const char* how;
    };
    for (const auto& [status, retry, expected] :
         {Case{429, 0.5, "!rate_limited"}, Case{429, std::nullopt, "!rate_limited"}, Case{500, {}, "!server"}, Case{503, {}, "!server"},
          Case{529, {}, "!server"}, Case{400, {}, "!refused"}, Case{404, {}, "!refused"}, Case{403, {}, "!auth"}}) {
        sim::Fault fault;
        fault.status = status;
        fault.retry_after = retry;
        rig.fault(fault);
        EXPECT_EQ(rig.run(Rig::ask("when are you open")), expected) << status;
        EXPECT_EQ(rig.failure().status, status);
        EXPECT_EQ(rig.failure().phase, "first_byte");
        EXPECT_NE(rig.failure().reason.find("as the script says"), std::string::npos) << rig.failure().reason;
        EXPECT_EQ(rig.failure().retry_after.has_value(), retry.has_value());
        if (retry) EXPECT_EQ(rig.failure().retry_after, 500ms);
        EXPECT_TRUE(rig.sink.opened.empty());
    }
    rig.host.script({});
    rig.endpoint.key = Secret("wrong");
    rig.connect();
    EXPECT_EQ(rig.run(Rig::ask("when are you open")), "!auth");
    EXPECT_EQ(rig.failure().reason.find("wrong-key"), std::string::npos);
}

TEST_P(LmClients, HasTheVendorsWordForAWrongRequest) {
    if (!GetParam().tools) return;
    Rig rig(GetParam());
    auto request = Rig::ask("when are you open");
    request.tools[0].name = "not a name!";
    EXPECT_EQ(rig.run(request), "!refused");
    EXPECT_EQ(rig.failure().status, 400);
    EXPECT_GT(rig.failure().reason.size(), 20U) << rig.failure().reason;
}

struct FaultCase {
    const char* name;
    std::function<void(sim::Fault&)> set;
    std::set<std::string> how;
    bool heard;  // some text before
};

TEST_P(LmClients, EachFaultHasItsOutcome) {
    const std::vector<FaultCase> cases{
        {"cut between events", [](auto& f) { f.close_after = 3, f.close_code = 1; }, {"!closed"}, true},
        {"reset", [](auto& f) { f.close_after = 3, f.close_code = 0; }, {"!closed"}, true},
        {"cut within an event", [](auto& f) { f.close_after_bytes = 1500, f.close_code = 1; }, {"!closed", "!protocol"}, false},
        {"malformed", [](auto& f) { f.malformed_after = 2; }, {"!protocol"}, true},
        {"giant", [](auto& f) { f.giant_after = 2; }, {"!too_big"}, true},
        {"unheard of", [](auto& f) { f.unknown_event = 2; }, {"stop"}, true},
        {"no end", [](auto& f) { f.no_final = true; }, {"!closed"}, true},
        {"empty", [](auto& f) { f.empty_completion = true; }, {"stop"}, false},
        {"redirect", [](auto& f) { f.redirect = "http://127.0.0.1:1/elsewhere"; }, {"!refused"}, false},
        {"gzip", [](auto& f) { f.gzip_bomb = true; }, {"!protocol"}, false},
        {"closed at once", [](auto& f) { f.close_after = 0, f.close_code = 1; }, {"!closed"}, false},
    };
    for (const auto& one : cases) {
        Rig rig(GetParam());
        sim::Fault fault;
        one.set(fault);
        rig.fault(fault);
        const auto ended = rig.run(Rig::ask("when are you open"));
        EXPECT_TRUE(one.how.contains(ended)) << one.name << ": " << ended << " " << rig.failure().reason;
        if (one.heard) EXPECT_FALSE(rig.sink.text.empty()) << one.name;
        if (one.name == std::string("empty")) EXPECT_EQ(rig.sink.text, "");
        EXPECT_TRUE(std::string(kHours).starts_with(rig.sink.text)) << one.name;
        EXPECT_TRUE(rig.sink.calls.empty());
        rig.host.script({});
        EXPECT_EQ(rig.run(Rig::ask("when are you open")), "stop") << one.name;
        EXPECT_EQ(rig.sink.text, kHours) << one.name;
    }
}

TEST_P(LmClients, FinishesAsTheVendorSays) {
    if (!GetParam().names_requests) return;  // a flow knows no finish
    for (const char* finish : {"length", "content"}) {
        Rig rig(GetParam());
        sim::Fault fault;
        fault.finish = finish;
        rig.fault(fault);
        EXPECT_EQ(rig.run(Rig::ask("when are you open")), finish);
        EXPECT_FALSE(rig.sink.text.empty());
        EXPECT_LT(rig.sink.text.size(), std::string(kHours).size());
        EXPECT_EQ(rig.run(Rig::ask("is there a slot")), finish);
        EXPECT_TRUE(rig.sink.calls.empty());
    }
}

TEST_P(LmClients, TheDeadlineBoundsTheWhole) {
    Rig rig(GetParam());
    sim::Fault late;
    late.accept_delay = 20s;
    rig.fault(late);
    EXPECT_EQ(rig.run(Rig::ask("when are you open"), {}, 150ms), "!timeout");
    EXPECT_EQ(rig.failure().phase, "first_byte");
    sim::Fault stall;
    stall.stall_after = 2;
    rig.fault(stall);
    EXPECT_EQ(rig.run(Rig::ask("when are you open"), {}, 400ms), "!timeout");
    EXPECT_EQ(rig.failure().phase, "stream");
    EXPECT_FALSE(rig.sink.text.empty());
}

TEST_P(LmClients, NobodyThere) {
    Rig rig(GetParam());
    asio::ip::tcp::acceptor closed(rig.io, {asio::ip::make_address("127.0.0.1"), 0});
    const auto port = closed.local_endpoint().port();
    closed.close();
    rig.endpoint.base_url = "http://127.0.0.1:" + std::to_string(port);
    rig.connect();
    EXPECT_EQ(rig.run(Rig::ask("when are you open")), "!unreachable");
    EXPECT_EQ(rig.failure().phase, "connect");
    const auto failed = rig.warm();
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->kind, FailureKind::unreachable);
}

TEST(LmClient, AnAnswerWithoutEndIsBounded) {
    Rig rig(surfaces().front());
    sim::Fault fault;
    fault.never_ends = true;
    rig.fault(fault);
    EXPECT_EQ(rig.run(Rig::ask("forever")), "!too_big");
    EXPECT_LE(rig.sink.text.size(), LmReader::kText);
    EXPECT_TRUE(rig.spin([&] { return rig.host.counts().connections == 0; }));
}

TEST(LmClient, RequestsRunSideBySide) {
    Rig rig(surfaces().front(), 2ms);
    std::vector<LmRecorder> sinks(5);
    std::vector<std::string> outcomes(5);
    std::size_t done = 0;
    const auto one = [](LmClient& client, LmRecorder& sink, std::string& out, std::size_t& count) -> net::Task<> {
        auto request = Rig::ask("when are you open");
        auto answered = co_await client.run(std::move(request), sink, Clock::now() + 30s);
        out = how(answered);
        ++count;
    };
    for (std::size_t i = 0; i < 5; ++i) {
        auto body = one(*rig.client, sinks[i], outcomes[i], done);
        asio::co_spawn(rig.io, std::move(body), [](std::exception_ptr) {});
    }
    EXPECT_TRUE(rig.spin([&] { return done == 5; }));
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(outcomes[i], "stop");
        EXPECT_EQ(sinks[i].text, kHours);
    }
}

TEST(LmClient, AFlowCanBeRunWhole) {
    auto surface = surfaces()[5];
    surface.options = {{"stream", "false"}};
    Rig rig(surface);
    EXPECT_EQ(rig.run(Rig::ask("when are you open")), "stop") << rig.failure().reason;
    EXPECT_EQ(rig.sink.text, kHours);
    rig.endpoint.model = "unknown-flow";
    rig.connect();
    EXPECT_EQ(rig.run(Rig::ask("when are you open")), "!refused");
    EXPECT_NE(rig.failure().reason.find("unknown-flow"), std::string::npos);
}

}  // namespace
}  // namespace parley::vendors
