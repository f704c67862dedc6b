// Tools, at the caller's ear and at the API: a slow one and its filler, one that needs a yes, one that is interrupted, the built-in ones, an MCP server's, and
// keys that nobody but the tool may know.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <iterator>
#include <mutex>
#include <numbers>

#include "emulated_vendors.hpp"
#include "gateway_under_test.hpp"
#include "parley/call/call_file.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/worker.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "postgres_server.hpp"

namespace parley::scenarios {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kAdmin = "a token for the operators of this test";
constexpr const char* kPerson = "+14155550100";
constexpr const char* kCard = "4111111111111111";
// What the agent says.
const std::vector<std::string> kSaid{
    "good day to you", "let me look",      "there is a table",     "shall i cancel it",    "as you wish",     "it is cancelled", "thank you for calling",
    "i wrote it down", "we will call you", "i will remember",      "it is on its way",     "the appointment", "a good customer", "all right then",
    "type a number",   "type your card",   "thank you for paying", "that was your number", "i am sorry",      "sehr gern",       "one moment please"};
// What the caller says, the tool the model then asks for and how, and what it says of the result.
struct Turn {
    const char *heard, *tool, *arguments, *after;
};
const std::vector<Turn> kTurns{
    {"find me a table", "look", R"({"day":"monday"})", "there is a table"},
    {"cancel my order", "cancel_order", R"({"order":"7"})", "shall i cancel it"},
    {"yes do it", "cancel_order", R"({"order":"7"})", nullptr},
    {"take a message", "take_message", R"({"text":"Please send the invoice again.","name":"Ann"})", "i wrote it down"},
    {"call me back", "schedule_callback", R"({"in_minutes":60,"reason":"the invoice"})", "we will call you"},
    {"remember my name", "remember", R"({"key":"name","value":"Ann"})", "i will remember"},
    {"text me the address", "send_sms", R"({"text":"Main Street 1, ask for Ann."})", "it is on its way"},
    {"book me in", "book_appointment", nullptr, "the appointment"},
    {"yes please", "book_appointment", nullptr, nullptr},
    {"who am i", "find_customer", R"({"number":"4"})", "a good customer"},
    {"in german please", "set_language", R"({"language":"de-DE"})", "sehr gern"},
    {"sign me up", "sign_up", R"({})", "type a number"},
    {"this is my number", "collect_digits", R"({"name":"number","prompt":"type a number","sensitive":false,"max":5})", "that was your number"},
    {"i want to pay", "collect_digits", R"({"name":"card","prompt":"type your card","min":12,"max":19,"sensitive":false})", nullptr},
    {"goodbye", "end_call", R"({"farewell":"thank you for calling"})", nullptr}};

// The business's own servers: its tools, its calendar, its MCP server.
class Business {
public:
    Business() {
        net::HttpServerOptions options;
        options.listeners.emplace_back();
        options.place = [this] { return boost::asio::any_io_executor(worker_.executor()); };
        options.handle = [this](net::HttpRequest& request) -> net::Task<net::HttpResponse> {
            const std::string path(request.path());
            {
                const std::lock_guard lock(mutex_);
                asked_.emplace_back(request.method + " " + path, request.body);
            }
            const auto wait = path == "/look" ? 1800ms : path == "/sign-up" ? 4000ms : 0ms;
            if (wait.count() > 0) {
                boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor, wait);
                co_await pause.async_wait(net::nothrow);
            }
            auto response = answer(request, path);
            co_return response;
        };
        server_ = std::make_unique<net::HttpServer>(worker_.executor(), std::move(options));
        server_->start();
        worker_.start();
    }
    ~Business() {
        server_->stop();
        worker_.stop();
        worker_.join();
    }
    [[nodiscard]] std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(server_->port()) + path; }
    // The bodies of what was asked there.
    [[nodiscard]] std::vector<std::string> asked(const std::string& what) const {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> bodies;
        for (const auto& [line, body] : asked_)
            if (line.starts_with(what)) bodies.push_back(body);
        return bodies;
    }

private:
    net::HttpResponse answer(const net::HttpRequest& request, const std::string& path) {
        const auto said = [](const json& body) { return net::HttpResponse(200, "application/json", body.dump()); };
        if (path == "/cancel") return said({{"result", "cancelled"}, {"say", "it is cancelled"}});
        if (path == "/pay") return said({{"result", {{"paid", true}, {"with", request.body}}}, {"say", "thank you for paying"}});
        if (path.starts_with("/calendar/")) {
            const std::lock_guard lock(mutex_);
            if (request.method == "PUT") {
                calendar_ = request.body;
                return {201, "text/plain", ""};
            }
            const std::string data =
                calendar_.empty() ? ""
                                  : "<d:response><d:propstat><d:prop><c:calendar-data>" + calendar_ + "</c:calendar-data></d:prop></d:propstat></d:response>";
            return {207, "application/xml", "<d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\">" + data + "</d:multistatus>"};
        }
        if (path == "/mcp") {
            const auto message = json::parse(request.body, nullptr, false);
            const auto id = message.value("id", json()), method = message.value("method", json());
            json result = json::object();
            if (method == "initialize")
                result = {
                    {"protocolVersion", "2025-06-18"}, {"capabilities", {{"tools", json::object()}}}, {"serverInfo", {{"name", "crm"}, {"version", "1"}}}};
            else if (method == "tools/list")
                result = {{"tools", json::array({{{"name", "find_customer"},
                                                  {"description", "Finds a customer."},
                                                  {"inputSchema", {{"type", "object"}, {"properties", {{"number", {{"type", "string"}}}}}}}}})}};
            else if (method == "tools/call")
                result = {{"content", json::array({{{"type", "text"}, {"text", "a good one"}}})}};
            else
                return id.is_null() ? net::HttpResponse(202) : net::HttpResponse(400);
            return said({{"jsonrpc", "2.0"}, {"id", id}, {"result", result}});
        }
        return said({{"result", "done"}});
    }

    net::Worker worker_;
    mutable std::mutex mutex_;
    std::vector<std::pair<std::string, std::string>> asked_;
    std::string calendar_;
    std::unique_ptr<net::HttpServer> server_;
};

// 20 ms frames of the caller's side in which the key 1 sounds: its higher tone, which no phrase has.
std::size_t frames_of_key_1(const std::filesystem::path& recording) {
    std::ifstream in(recording, std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    constexpr std::size_t kHeader = 44, kFrame = 160;
    constexpr double kStep = 2 * std::numbers::pi * 1209 / 8000;
    std::size_t found = 0;
    for (std::size_t from = kHeader; from + kFrame * 4 <= all.size(); from += kFrame * 4) {
        double one = 0, two = 0, power = 0;
        for (std::size_t i = 0; i < kFrame; ++i) {
            const auto low = static_cast<unsigned char>(all[from + 4 * i]), high = static_cast<unsigned char>(all[from + 4 * i + 1]);
            const double sample = static_cast<std::int16_t>(low | high << 8);
            const double next = sample + 2 * std::cos(kStep) * one - two;
            two = one;
            one = next;
            power += sample * sample;
        }
        const double tone = one * one + two * two - 2 * std::cos(kStep) * one * two;
        // Of two tones alike each has a quarter of frame × power.
        if (power > 1e6 && tone > 0.15 * static_cast<double>(kFrame) * power) ++found;
    }
    return found;
}

// Vendors, carrier and business around one gateway, in this process; sound in tones.
class Desk {
public:
    explicit Desk(const std::string& store = {}) {
        auto words = kSaid;
        auto settings = quick_world();
        const auto day = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) + std::chrono::days(30);
        const std::chrono::year_month_day date(day);
        char booking[100];
        std::snprintf(booking, sizeof booking, R"({"date":"%04d-%02u-%02u","time":"10:00","service":"Cut"})", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
        for (const auto& turn : kTurns) {
            words.emplace_back(turn.heard);
            settings.phrases.emplace_back(turn.heard);
            sim::MindRule rule;
            rule.regex = turn.heard;
            rule.tool = turn.tool;
            rule.arguments = turn.arguments != nullptr ? turn.arguments : booking;
            if (rule.tool == "end_call") rule.say = "thank you for calling";
            settings.rules.push_back(rule);
            if (turn.after == nullptr) continue;
            sim::MindRule after;
            after.tool_result = turn.tool;
            after.say = turn.after;
            if (after.tool_result != "collect_digits") settings.rules.push_back(after);
        }
        // Numbers that were typed are used at once.
        sim::MindRule typed;
        typed.tool_result = "collect_digits";
        typed.tool = "pay";
        settings.rules.push_back(typed);
        typed.tool_result = "pay";
        typed.tool.clear();
        typed.say = "i am sorry";
        settings.rules.push_back(typed);
        for (const auto& [heard, said] : {std::pair{"no keep it", "as you wish"}, std::pair{"never mind", "all right then"}}) {
            words.emplace_back(heard);
            settings.phrases.emplace_back(heard);
            sim::MindRule rule;
            rule.regex = heard;
            rule.say = said;
            settings.rules.insert(settings.rules.begin(), rule);  // what was interrupted is answered together with what came instead
        }
        settings.endpointing = 200ms;
        settings.recognition = 40ms;
        settings.first_token = 40ms;
        vendors_ = std::make_unique<EmulatedVendors>(words, settings);
        const auto port = free_port();
        Sections setup;
        setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
        setup.twilio = std::string("  account_sids: [\"") + kAccount + "\"]\n  api_base_url: \"http://127.0.0.1:" + std::to_string(port) + "\"\n";
        setup.more = store +
                     "recording: {enabled: true, retain_days: 1}\ncall_files: {enabled: true, retain_days: 1, frames: full}\nlog: {level: debug}\nvendors:\n" +
                     vendors_->lines();
        setup.more += "  ohr: {vendor: deepgram, base_url: \"" + vendors_->at("deepgram").url() +
                      "\", key: sim-key, language: de}\n  stimme: {vendor: elevenlabs, base_url: \"" + vendors_->at("elevenlabs").url() +
                      "\", key: sim-key, voice: klara}\n";
        const auto object = [](const std::string& properties = {}) { return "{type: object, properties: {" + properties + "}}"; };
        setup.agents =
            "  desk:\n    default: true\n    brain: vendors\n    greeting: good day to you\n    stt: [deepgram]\n    lm: [openai]\n    tts: [elevenlabs]\n"
            "    conversation: {endpoint_silence: 300ms, endpoint_silence_short: 250ms, filler_after: 5s, fillers: [one moment please]}\n"
            "    tools: [take_message, schedule_callback, remember, send_sms, book_appointment, collect_digits, set_language]\n    languages: [en-US, de-DE]\n "
            "   speech_in: [{language: de-DE, stt: [ohr], tts: [stimme]}]\n    tool_networks: [\"127.0.0.1\"]\n"
            "    calendar: {url: \"" +
            business_.url("/calendar/") +
            "\", time_zone: UTC}\n"
            "    http_tools:\n"
            "      - {name: look, description: Looks for a table., method: GET, url: \"" +
            business_.url("/look") + "\", parameters: " + object("day: {type: string}") +
            ", filler: let me look}\n"
            "      - {name: cancel_order, description: Cancels an order., url: \"" +
            business_.url("/cancel") + "\", parameters: " + object("order: {type: string}") +
            ", consequential: true}\n"
            "      - {name: sign_up, description: Signs the caller up., url: \"" +
            business_.url("/sign-up") + "\", parameters: " + object() +
            "}\n"
            "      - {name: pay, description: Pays by card., url: \"" +
            business_.url("/pay") + "\", parameters: " + object() +
            ", body: '{\"card\": \"{digits.card}\"}'}\n"
            "    mcp_servers:\n      - {name: crm, url: \"" +
            business_.url("/mcp") + "\", version: \"2025-06-18\"}\n";
        gateway_ = std::make_unique<GatewayUnderTest>(setup);
        sim::FakeTwilioOptions options;
        options.port = port;
        options.carrier = vendors_->in_tones(gateway_->carrier());
        const std::string base = std::string("https://") + kHost + "/webhooks/twilio/";
        sim::NumberEntry desk;
        desk.voice_url = base + "voice";
        desk.status_callback = base + "status";
        options.numbers[kNumber] = desk;
        twilio_ = std::make_unique<sim::FakeTwilio>(std::move(options));
        EXPECT_TRUE(eventually([&] { return business_.asked("POST /mcp").size() >= 3; }));  // its tools are known
    }
    ~Desk() { twilio_->stop(); }

    // Each line is what the caller says, after the agent's last words, or a step as it stands.
    std::string call(const std::vector<std::string>& lines) {
        std::string steps = "steps:\n  - wait_for: {agent_silence: 400ms}\n";
        for (const auto& line : lines)
            steps += line.starts_with("- ") ? "  " + line + "\n" : "  - say: " + line + "\n  - wait_for: {agent_silence: 500ms, within: 15s}\n";
        auto placed = twilio_->call_in(kNumber, kPerson, sim::parse_scenario(steps, "scenario.yaml"));
        const auto report = placed.report.get();
        EXPECT_THAT(report.failures, IsEmpty());
        heard_ = vendors_->phrases(report);
        return placed.call_sid;
    }
    json ask(const std::string& path) const {
        const auto answer = http(gateway_->gateway().admin_port(), "GET", path, {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}});
        EXPECT_EQ(answer.status, 200) << path << " " << answer.body;
        return json::parse(answer.body, nullptr, false);
    }
    // "tool outcome" of every call of one, as the record has them when it has so many.
    std::vector<std::string> tools_of(const std::string& sid, std::size_t count) const {
        std::vector<std::string> all;
        (void)eventually(
            [&] {
                all.clear();
                const auto calls = ask("/v1/calls/" + sid).value("tools", json::array());
                for (const auto& one : calls) all.push_back(one.value("tool", "") + " " + one.value("outcome", ""));
                return all.size() >= count;
            },
            5s);
        return all;
    }
    [[nodiscard]] const std::vector<std::string>& heard() const { return heard_; }
    [[nodiscard]] const Business& business() const { return business_; }
    [[nodiscard]] GatewayUnderTest& gateway() const { return *gateway_; }
    [[nodiscard]] sim::FakeTwilio& twilio() const { return *twilio_; }
    [[nodiscard]] std::vector<std::string> targets(const std::string& vendor) const {
        std::vector<std::string> all;
        for (const auto& entry : vendors_->at(vendor).log()) all.push_back(entry.target);
        return all;
    }
    [[nodiscard]] std::vector<std::string> model_asked() const { return vendors_->at("openai").received(); }

private:
    Business business_;
    std::unique_ptr<EmulatedVendors> vendors_;
    std::unique_ptr<GatewayUnderTest> gateway_;
    std::unique_ptr<sim::FakeTwilio> twilio_;
    std::vector<std::string> heard_;
};

constexpr const char* kOver = "- wait_for: {hangup: true, within: 15s}";

// A slow answer is bridged; what has consequences waits for a yes; who interrupts gets an answer, and the tool one result.
void asked_confirmed_and_interrupted(Desk& desk) {
    const auto sid =
        desk.call({"- say: find me a table", "- wait_for: {text: there is a table, within: 15s}", "cancel my order", "no keep it", "cancel my order",
                   "yes do it", "- say: sign me up", "- pause: 1300ms", "never mind", "- pause: 1500ms", "- say: goodbye", kOver});
    EXPECT_THAT(desk.heard(), ElementsAre("good day to you", "let me look", "there is a table", "shall i cancel it", "as you wish", "shall i cancel it",
                                          "it is cancelled", "all right then", "thank you for calling"));
    EXPECT_EQ(desk.business().asked("GET /look").size(), 1U);
    EXPECT_EQ(desk.business().asked("POST /cancel").size(), 1U);
    EXPECT_EQ(desk.business().asked("POST /sign-up").size(), 1U);
    EXPECT_THAT(desk.tools_of(sid, 5),
                testing::UnorderedElementsAre("look ok", "cancel_order unconfirmed", "cancel_order unconfirmed", "cancel_order ok", "sign_up ok"));
    EXPECT_EQ(desk.gateway().events("tool.orphaned").size(), 1U);
}

void built_in_ones(Desk& desk) {
    const auto sid = desk.call({"take a message", "call me back", "remember my name", "text me the address", "book me in", "yes please", "who am i",
                                "in german please", "- say: goodbye", kOver});
    EXPECT_THAT(desk.heard(), ElementsAre("good day to you", "i wrote it down", "we will call you", "i will remember", "it is on its way", "the appointment",
                                          "the appointment", "a good customer", "sehr gern", "thank you for calling"));
    EXPECT_THAT(desk.tools_of(sid, 8), ElementsAre("take_message ok", "schedule_callback ok", "remember ok", "send_sms ok", "book_appointment unconfirmed",
                                                   "book_appointment ok", "find_customer ok", "set_language ok"));
    EXPECT_EQ(desk.ask("/v1/calls/" + sid)["tools"][7]["result"]["speech"], "changed");
    EXPECT_THAT(desk.targets("deepgram"), Contains(HasSubstr("language=de")));
    EXPECT_THAT(desk.targets("elevenlabs"), Contains(HasSubstr("klara")));
    const auto messages = desk.ask("/v1/messages?agent=desk")["messages"];
    ASSERT_EQ(messages.size(), 1U) << messages;
    EXPECT_THAT(messages[0].dump(), AllOf(HasSubstr("Please send the invoice again."), HasSubstr(sid), HasSubstr(kPerson)));
    std::vector<std::string> texts;
    for (const auto& message : desk.twilio().wait_inbox(kPerson, 1)) texts.push_back(message.body);
    EXPECT_THAT(texts, ElementsAre("Main Street 1, ask for Ann."));
    const auto booked = desk.business().asked("PUT /calendar/");
    ASSERT_EQ(booked.size(), 1U);
    EXPECT_THAT(booked[0], AllOf(HasSubstr("T100000"), HasSubstr("Cut")));
    std::vector<std::string> events;
    for (const auto& event : desk.ask("/v1/calls/" + sid).value("events", json::array())) events.push_back(event.value("event", ""));
    EXPECT_THAT(events, AllOf(Contains("message.taken"), Contains("callback.promised")));
}

// Two numbers: one the model may see, and a card.
void keys_that_nobody_may_know(Desk& desk) {
    const auto number = desk.call({"this is my number", "- dtmf: \"111#\"", "- wait_for: {agent_silence: 500ms, within: 15s}", "- hangup: stop"});
    EXPECT_THAT(desk.tools_of(number, 2), ElementsAre("collect_digits ok", "pay error"));  // the card is none of that
    EXPECT_EQ(desk.ask("/v1/calls/" + number)["tools"][0]["result"]["digits"], "111");
    EXPECT_TRUE(desk.business().asked("POST /pay").empty());

    const auto asked_before = desk.model_asked().size();
    const auto sid = desk.call({"- say: i want to pay", "- wait_for: {agent_speech: true}", "- pause: 200ms", std::string("- dtmf: \"") + kCard + "#\"",
                                "- wait_for: {text: thank you for paying, within: 15s}", "- say: goodbye", kOver});
    EXPECT_THAT(desk.heard(), AllOf(Contains("thank you for paying"), Not(Contains("one moment please"))));
    ASSERT_EQ(desk.business().asked("POST /pay").size(), 1U);
    EXPECT_EQ(json::parse(desk.business().asked("POST /pay")[0])["card"], kCard);
    EXPECT_THAT(desk.tools_of(sid, 2), ElementsAre("collect_digits ok", "pay ok"));
    const auto record = desk.ask("/v1/calls/" + sid);
    EXPECT_EQ(record["tools"][0]["result"]["length"], 16);
    EXPECT_EQ(record["tools"][0]["result"]["ends_with"], "1111");
    EXPECT_THAT(record.dump(), Not(HasSubstr(kCard)));
    EXPECT_THAT(record.dump(), HasSubstr("****************"));  // the server said it back
    for (const auto& turn : record.value("turns", json::array())) EXPECT_NE(turn.value("who", ""), "keys") << turn;
    auto asked = desk.model_asked();
    ASSERT_GT(asked.size(), asked_before);
    EXPECT_THAT(asked, Contains(HasSubstr("ends_with")));
    for (std::size_t i = asked_before; i < asked.size(); ++i) EXPECT_THAT(asked[i], Not(HasSubstr("11111111")));
    // Nor in the log, the call files, the store; nor to be heard in the recording.
    for (const auto& line : desk.gateway().log().lines()) EXPECT_THAT(line, Not(HasSubstr("11111111")));
    std::size_t files = 0, digits = 0;
    std::filesystem::path sound, sound_of_number;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(desk.gateway().data())) {
        if (!entry.is_regular_file()) continue;
        ++files;
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string content{std::istreambuf_iterator<char>(in), {}};
        const auto name = entry.path().filename().string();
        EXPECT_EQ(content.find(kCard), std::string::npos) << entry.path();
        if (name.ends_with(".jsonl")) {
            // What was left out of it decides the same.
            call::ReplayResult replayed;
            EXPECT_TRUE(eventually(
                [&] {
                    std::ifstream file(entry.path());
                    replayed = call::replay_call_file(file);
                    return replayed.complete;
                },
                5s));
            EXPECT_TRUE(replayed.identical) << name << " line " << replayed.line << " " << replayed.error << "\n"
                                            << replayed.recorded << "\n"
                                            << replayed.replayed;
        }
        if (name.starts_with(sid) && name.ends_with(".jsonl"))
            for (const char key : {'4', '1'}) digits += content.find(std::string(R"("digit":")") + key) != std::string::npos ? 1 : 0;
        if (name.ends_with(".wav")) (name.starts_with(sid) ? sound : sound_of_number) = entry.path();
    }
    EXPECT_GT(files, 3U);
    EXPECT_EQ(digits, 0U) << "in the call file";
    ASSERT_FALSE(sound.empty() || sound_of_number.empty());
    EXPECT_GT(frames_of_key_1(sound_of_number), 8U);  // what is no secret is heard
    EXPECT_EQ(frames_of_key_1(sound), 0U);
}

void who_hangs_up_instead(Desk& desk) {
    const auto sid = desk.call({"- say: i want to pay", "- wait_for: {agent_speech: true}", "- dtmf: \"41\"", "- hangup: stop"});
    EXPECT_THAT(desk.tools_of(sid, 1), ElementsAre("collect_digits cancelled"));
    const auto spoken = desk.call({"- say: i want to pay", "- wait_for: {agent_silence: 400ms, within: 15s}", "never mind", "- say: goodbye", kOver});
    EXPECT_THAT(desk.heard(), ElementsAre("good day to you", "type your card", "all right then", "thank you for calling"));
    EXPECT_THAT(desk.tools_of(spoken, 1), ElementsAre("collect_digits cancelled"));
}

TEST(Tools, AreBridgedConfirmedAndFinishedWhenInterrupted) {
    Desk desk;
    asked_confirmed_and_interrupted(desk);
}
TEST(Tools, BuiltInOnesAndAnMcpServersDoWhatTheySay) {
    Desk desk;
    built_in_ones(desk);
}
TEST(Tools, KeysOfTheCallersAreKnownToTheToolAlone) {
    Desk desk;
    keys_that_nobody_may_know(desk);
}
TEST(Tools, KeysThatAreNotPressedHaveOneResultToo) {
    Desk desk;
    who_hangs_up_instead(desk);
}

TEST(Tools, AskedAndConfirmedOnPostgres) {
    const test::PostgresDatabase database;
    Desk desk("store: {url: \"" + database.url() + "\"}\n");
    asked_confirmed_and_interrupted(desk);
    built_in_ones(desk);
}
TEST(Tools, KeysOnPostgres) {
    const test::PostgresDatabase database;
    Desk desk("store: {url: \"" + database.url() + "\"}\n");
    keys_that_nobody_may_know(desk);
    who_hangs_up_instead(desk);
    // Nor does the database have it.
    EXPECT_EQ(test::postgres_command(database.url(), "SELECT count(*) FROM facts WHERE facts::text LIKE '%41111111%'"), "0");
    EXPECT_EQ(test::postgres_command(database.url(), "SELECT count(*) FROM tool_effects WHERE tool_effects::text LIKE '%41111111%'"), "0");
    EXPECT_NE(test::postgres_command(database.url(), "SELECT count(*) FROM facts WHERE facts::text LIKE '%ends_with%'"), "0");
}

}  // namespace
}  // namespace parley::scenarios
