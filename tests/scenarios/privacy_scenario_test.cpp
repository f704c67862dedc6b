// A call, a message and a tool with personal data in them, of an agent that masks it: looked for afterwards in every place it could have got to. Then the
// person is exported and erased, an event that was given up is delivered after all, and what was past its days when the gateway started is gone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <mutex>
#include <set>

#include "emulated_vendors.hpp"
#include "gateway_under_test.hpp"
#include "own_server.hpp"
#include "parley/store/call_records.hpp"
#include "store_under_test.hpp"
#include "watcher.hpp"

namespace parley::scenarios {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kAdmin = "an-admin-token-for-this-test";
constexpr const char* kPerson = "+14155550177";
constexpr const char* kGreeting = "good day to you";
constexpr const char* kAsks = "my card is four one one one one one one one one one one one one one one one";
constexpr const char* kNoted = "i wrote it down";
constexpr const char* kBye = "goodbye";
constexpr const char* kFarewell = "thank you for calling";
// What must not be found anywhere.
const std::vector<std::string> kPlanted{"one one one one", "4111111111111111", "4111 1111", "ann.canary", "canary-mail"};
constexpr const char* kUntilItsEnd = "Connection: close\r\n";
constexpr const char* kOld = "CA0000000000000000000000000000000d";  // a call of long ago

class House {
public:
    explicit House(const StoreUnderTest& store)
        : store_(store), receiver_([this](const net::HttpRequest& request) {
              const std::lock_guard lock(mutex_);
              const std::string type(request.headers.get("Parley-Event"));
              received_ += type + " " + request.body + "\n";
              if (refuse_ && type == "turn.completed") return net::HttpResponse(410);
              types_.insert(type);
              return net::HttpResponse(200);
          }) {
        auto world = quick_world();
        world.phrases = {kAsks, kBye};
        const auto [bye, after] = goodbye_rules();
        sim::MindRule card, noted;
        card.words = {"card"};
        card.tool = "take_message";
        card.arguments = R"({"name":"Ann","text":"mail to ann.canary@example.com, card 4111 1111 1111 1111"})";
        noted.tool_result = "take_message";
        noted.say = kNoted;
        world.rules = {bye, after, noted, card};
        world.endpointing = 300ms;
        vendors_ =
            std::make_unique<EmulatedVendors>(std::vector<std::string>{kGreeting, kAsks, kNoted, kBye, kFarewell, "one moment please", "i am sorry"}, world);
        Sections setup;
        setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
        setup.more = store_.section() +
                     "log: {level: debug}\ncall_files: {enabled: true, retain_days: 1, frames: full, directory: calls}\nretention: {calls: 5, transcripts: 5, "
                     "events: 5}\n";
        setup.more += "webhooks: {first_pause: 50ms, private_networks: [\"127.0.0.1\"]}\nvendors:\n" + vendors_->lines();
        setup.agents =
            "  desk:\n    default: true\n    brain: vendors\n    greeting: good day to you\n    stt: [deepgram]\n    lm: [openai]\n    tts: [elevenlabs]\n    "
            "tools: [take_message]\n"
            "    sms: {mode: rules, rules: [{match: mail, reply: \"We wrote down canary-mail@example.com for you.\"}]}\n    privacy: {redact: true}\n    "
            "webhooks:\n      url: \"" +
            receiver_.url("/events") +
            "\"\n      secret: whsec_of_the_test\n      alerts: [{name: masked, on: message.received, pointer: /text, is: contains, value: \"[email]\"}]\n";
        setup.prepare = [this](const std::filesystem::path& data) { leave_an_old_call(data); };
        gateway_ = std::make_unique<GatewayUnderTest>(setup);
    }

    // A call whose last fact is of long ago, and the files of calls beside it.
    void leave_an_old_call(const std::filesystem::path& data) const {
        const auto database = store_.open(data, false);
        {
            store::CallRecords records(
                {.database = database.get(), .instance = "before", .directory = (data / "records").string(), .on_error = {}, .spool = data / "spool"});
            records.add(kOld, store::Fact::call, R"({"direction":"in","from":"+14155550199","agent":"desk"})");
            records.add(kOld, store::Fact::end, R"({"reason":"caller_hung_up","agent":"desk"})");
        }
        database->transact([](store::Session& session) { session.run("UPDATE records SET last_ms = 5"); });
        const auto calls = data / "calls";
        std::filesystem::create_directories(calls);
        for (const auto& name : {std::string(kOld) + "-MZ1.jsonl", std::string("CA0000000000000000000000000000000e-MZ1.jsonl"),
                                 std::string("CA0000000000000000000000000000000f-MZ1.jsonl")})
            std::ofstream(calls / name) << "ann.canary";
        std::filesystem::last_write_time(calls / "CA0000000000000000000000000000000e-MZ1.jsonl", std::filesystem::file_time_type::clock::now() - 49h);
    }
    [[nodiscard]] std::set<std::string> call_files() const {
        std::set<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(gateway_->data() / "calls")) all.insert(entry.path().filename().string());
        return all;
    }

    json ask(const std::string& method, const std::string& path, int status = 200, const json& body = nullptr) const {
        const auto answer = http(gateway_->gateway().admin_port(), method, path,
                                 {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", "application/json"}},
                                 body.is_null() ? std::string() : body.dump());
        EXPECT_EQ(answer.status, status) << method << " " << path << " " << answer.body;
        return json::parse(answer.body, nullptr, false);
    }
    [[nodiscard]] std::string received() const {
        const std::lock_guard lock(mutex_);
        return received_;
    }
    [[nodiscard]] bool took(const std::string& type) const {
        const std::lock_guard lock(mutex_);
        return types_.contains(type);
    }
    void refuse(bool on) {
        const std::lock_guard lock(mutex_);
        refuse_ = on;
    }
    sim::CallReport call() const {
        sim::SimCarrier carrier(vendors_->in_tones(gateway_->carrier()));
        auto plan = gateway_->plan(sim::parse_scenario(R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: my card is four one one one one one one one one one one one one one one one
  - wait_for: {agent_silence: 700ms}
  - say: goodbye
  - wait_for: {hangup: true, within: 15s}
)",
                                                       "scenario.yaml"));
        plan.from = kPerson;
        return carrier.place_call(plan).report.get();
    }
    // All that the store holds, and what lies beside it; call files of before excepted.
    [[nodiscard]] std::string kept() const {
        std::string all;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(gateway_->data())) {
            if (!entry.is_regular_file() || entry.path().extension() == ".yaml" ||
                entry.path().filename().string().starts_with("CA0000000000000000000000000000000"))
                continue;
            std::ifstream file(entry.path(), std::ios::binary);
            all.append(std::istreambuf_iterator<char>(file), {});
        }
        if (!store_.postgres()) return all;  // its tables are among the files
        for (const auto& table :
             store_.rows(gateway_->data(),
                         "SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"))
            all += store_.texts(gateway_->data(), "SELECT string_agg(t::text, ' ') FROM " + table.text(0) + " t");
        return all;
    }
    [[nodiscard]] std::string logged() const {
        std::string all;
        for (const auto& line : gateway_->log().lines()) all += line + "\n";
        return all;
    }
    GatewayUnderTest& gateway() { return *gateway_; }

private:
    const StoreUnderTest& store_;
    mutable std::mutex mutex_;
    std::string received_;
    std::set<std::string> types_;
    bool refuse_ = true;
    Server receiver_;
    std::unique_ptr<EmulatedVendors> vendors_;
    std::unique_ptr<GatewayUnderTest> gateway_;
};

std::vector<std::string> planted_in(const std::string& where) {
    std::vector<std::string> found;
    for (const auto& one : kPlanted)
        if (where.find(one) != std::string::npos) found.push_back(one);
    return found;
}

class Privacy : public OnEachStore {};

TEST_P(Privacy, WhatWasSaidIsMaskedWhereverItIsKept) {
    House house(store_);
    const auto admin = house.gateway().gateway().admin_port();
    // What was past its days goes at the start: the old call with its file, and the file that is two days old.
    EXPECT_TRUE(eventually([&] { return house.call_files() == std::set<std::string>{"CA0000000000000000000000000000000f-MZ1.jsonl"}; }))
        << json(house.call_files());
    EXPECT_TRUE(eventually([&] { return !house.gateway().events("retention.deleted").empty(); }));

    Watcher all(admin, "/v1/events", kAdmin, kUntilItsEnd);
    ASSERT_TRUE(eventually([&] { return all.saw(": parley"); }));
    const auto texted = house.gateway().webhook("sms", {{"MessageSid", "SM00000000000000000000000000000001"},
                                                        {"AccountSid", kAccount},
                                                        {"From", kPerson},
                                                        {"To", kNumber},
                                                        {"Body", "my mail is ann.canary@example.com and my card 4111 1111 1111 1111"},
                                                        {"NumSegments", "1"}});
    EXPECT_THAT(texted.body, HasSubstr("canary-mail@example.com"));  // they are answered as it was meant
    const auto report = house.call();
    EXPECT_THAT(report.failures, IsEmpty());
    ASSERT_TRUE(eventually([&] { return house.took("call.ended") && house.took("alert.masked") && house.took("message.taken"); })) << house.received();
    ASSERT_TRUE(eventually([&] { return all.saw("event: end"); }));
    // It was heard, and what is left of it are the marks.
    EXPECT_THAT(all.text(), testing::AllOf(HasSubstr("[card]"), HasSubstr("[email]")));
    EXPECT_THAT(house.received(), testing::AllOf(HasSubstr("[card]"), HasSubstr("[email]")));
    EXPECT_THAT(house.kept(), testing::AllOf(HasSubstr("[card]"), HasSubstr("[email]")));
    EXPECT_THAT(planted_in(house.kept()), IsEmpty());
    EXPECT_THAT(planted_in(all.text()), IsEmpty());
    EXPECT_THAT(planted_in(house.received()), IsEmpty());
    EXPECT_THAT(planted_in(house.logged()), IsEmpty());
    EXPECT_EQ(house.call_files().size(), 1U);  // none was written of this call

    // An event its receiver wanted no more of is brought after all.
    const auto dead = house.ask("GET", "/v1/webhooks/dead")["dead"];
    ASSERT_FALSE(dead.empty());
    EXPECT_EQ(dead[0]["type"], "turn.completed");
    EXPECT_FALSE(house.took("turn.completed"));
    house.refuse(false);
    house.ask("POST", "/v1/webhooks/dead/" + dead[0]["id"].get<std::string>() + "/retry", 202, json::object());
    EXPECT_TRUE(eventually([&] { return house.took("turn.completed"); }));

    // The person, as everything that is kept knows them, and then as nothing does.
    const auto number = std::string("%2B") + (kPerson + 1);
    house.ask("PUT", "/v1/callers/" + number + "/profile?agent=desk", 200, {{"name", "Ann"}});
    const auto exported = house.ask("GET", "/v1/exports/" + number);
    EXPECT_EQ(exported["calls"].size(), 2U);  // the call, and the messages
    EXPECT_EQ(exported["messages"].size(), 1U);
    EXPECT_EQ(exported["profiles"].size(), 1U);
    EXPECT_THAT(planted_in(exported.dump()), IsEmpty());
    const auto again = std::string(kUntilItsEnd) + "Last-Event-ID: 0\r\n";
    {
        Watcher before(admin, "/v1/calls/" + report.call_sid + "/events", kAdmin, again);
        EXPECT_TRUE(eventually([&] { return before.ended(); }));
        EXPECT_THAT(before.text(), HasSubstr("[card]"));
        Watcher after(admin, "/v1/calls/" + report.call_sid + "/events", kAdmin, std::string(kUntilItsEnd) + "Last-Event-ID: 1000000\r\n");
        EXPECT_TRUE(eventually([&] { return after.ended(); }));
        EXPECT_THAT(after.text(), HasSubstr("HTTP/1.1 204"));  // there is nothing to come back for
    }
    const auto receipt = house.ask("POST", "/v1/erasures", 200, {{"caller", kPerson}});
    EXPECT_EQ(receipt["calls"], 2);
    EXPECT_EQ(receipt["erased"]["profiles"], 1);
    EXPECT_EQ(house.ask("GET", "/v1/erasures")["erasures"][0]["id"], receipt["id"]);
    for (const auto* what : {"14155550177", "[card]", "[email]"}) EXPECT_THAT(house.kept(), Not(HasSubstr(what))) << what;
    Watcher gone(admin, "/v1/calls/" + report.call_sid + "/events", kAdmin, again);
    EXPECT_TRUE(eventually([&] { return gone.ended(); }));
    EXPECT_THAT(gone.text(), HasSubstr("HTTP/1.1 404"));
    // Late facts of it are not kept.
    EXPECT_LT(house.gateway().webhook("status", call_form(report.call_sid, "completed")).status, 300);
    EXPECT_TRUE(house.ask("GET", "/v1/exports/" + number)["calls"].empty());  // this waits for what was added
    EXPECT_TRUE(house.ask("GET", "/v1/history?callsid=" + report.call_sid)["calls"].empty());
    // Who did it stands in the audit log, and whom it was about for whoever has the key.
    const auto lines = house.ask("GET", "/v1/audit")["lines"];
    const auto subject = "subject:" + receipt["subject"].get<std::string>();
    std::set<std::string> targets;
    for (const auto& line : lines) targets.insert(line["action"].get<std::string>() + " " + line["target"].get<std::string>());
    EXPECT_TRUE(targets.contains("data.erased " + subject)) << json(targets);
    EXPECT_TRUE(targets.contains("caller.profile_changed " + subject)) << json(targets);
    EXPECT_THAT(house.logged(), Not(HasSubstr("14155550177")));
}

ON_EACH_STORE(Privacy);

}  // namespace
}  // namespace parley::scenarios
