// Something breaks under one call; the others must not hear it. Every caller has a tone of its own, so a single foreign
// frame shows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "app_server.hpp"
#include "gateway_under_test.hpp"
#include "parley/sim/embedded_speech.hpp"
#include "sounds.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using sim::test::AppServer;
using sim::test::Seen;
using sim::test::StreamPeer;
using testing::HasSubstr;

constexpr double kMaxGapMs = 40;
const std::vector<double> kTones{410, 530, 650, 770, 890, 1010, 1150};

// A bot that gives the caller's sound back, 800 ms late so that the ear never waits for a scheduler.
AppServer::Stream echoing_bot() {
    return [](StreamPeer& peer) {
        peer.start();
        peer.media(sim::Mulaw(6400, sim::kMulawSilence));
        for (;;) {
            const auto message = peer.read();
            if (message.is_null()) return;
            if (message["event"] == "media") peer.send({{"event", "media"}, {"streamSid", peer.sid}, {"media", {{"payload", message["media"]["payload"]}}}});
            if (message["event"] == "stop") return;
        }
    };
}

sim::test::HttpResponseOut no_page(const Seen&) {
    return sim::test::reply("", "text/plain", 404);
}

constexpr const char* kRelayNumber = "+18005550001";
constexpr const char* kDeskNumber = "+18005550002";

std::string relay_agent(const AppServer& bot) {
    return "  relay: {numbers: [\"" + std::string(kRelayNumber) + "\"], brain: bot, bot: \"" + bot.url("/bot", "ws") + "\"}\n";
}
std::string desk_agent() {
    return "  desk:\n    numbers: [\"" + std::string(kDeskNumber) + "\"]\n    script: \"" PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml\"\n";
}

struct Caller {
    std::size_t tone = 0;
    sim::SimCarrier::Placed placed;
};

Caller place(sim::SimCarrier& carrier, const GatewayUnderTest& gateway, std::size_t tone, std::shared_ptr<const sim::Scenario> scenario) {
    auto plan = gateway.plan(std::move(scenario));
    plan.to = kRelayNumber;
    return {tone, carrier.place_call(std::move(plan))};
}

std::string tone_text(std::size_t tone, unsigned ms) {
    return "tone " + std::to_string(static_cast<int>(kTones.at(tone))) + " " + std::to_string(ms);
}

// The caller heard his own tone, all of it, in one piece, and nobody else's.
void expect_untouched(Caller& caller, unsigned ms) {
    const auto report = caller.placed.report.get();
    const auto own = kTones.at(caller.tone);
    SCOPED_TRACE("the caller with " + std::to_string(static_cast<int>(own)) + " Hz");
    EXPECT_EQ(report.ended_by, "caller");
    EXPECT_TRUE(report.notifications.empty());
    ASSERT_EQ(report.streams.size(), 1U);
    const auto sent = played_of(report, report.streams[0]);
    const auto [from, to] = voiced_range(sent);
    EXPECT_NEAR(static_cast<double>(to - from), ms * 8.0, 160) << "frames were lost";
    const auto voiced = voiced_range(report.heard);
    const auto gap = longest_gap_ms(report.heard);
    EXPECT_LE(gap, kMaxGapMs);
    const auto pcm = sim::from_mulaw(std::span(report.heard).subspan(voiced.first, voiced.second - voiced.first));
    const auto own_db = tone_db(pcm, own);
    EXPECT_GT(own_db, -20);
    double foreign = -120;
    for (std::size_t other = 0; other < kTones.size(); ++other)
        if (other != caller.tone) foreign = std::max(foreign, tone_db(pcm, kTones[other]));
    EXPECT_LT(foreign, own_db - 40) << "somebody else's tone";
    std::printf("%4.0f Hz: own %.1f dB, loudest foreign %.1f dB, longest gap %.1f ms\n", own, own_db, foreign, gap);
}

TEST(FaultSlow, ACallerWhoVanishesIsMissedByNobody) {
    AppServer bot(no_page, echoing_bot());
    Sections setup;
    setup.agents = relay_agent(bot);
    const GatewayUnderTest gateway(setup);
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    auto victim = place(carrier, gateway, 0, steps({pause(500), say(tone_text(0, 1500)), hang_up(sim::HangupStep::How::reset)}));
    std::vector<Caller> others;
    for (std::size_t i = 1; i <= 5; ++i) others.push_back(place(carrier, gateway, i, steps({pause(500), say(tone_text(i, 5000)), pause(1200), hang_up()})));
    EXPECT_EQ(victim.placed.report.get().status, "completed");
    for (auto& other : others) expect_untouched(other, 5000);
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
    std::multiset<std::string> reasons;
    for (const auto& line : gateway.events("call.ended")) reasons.insert(line["reason"].get<std::string>());
    EXPECT_EQ(reasons.count("caller_hung_up"), 5U + (reasons.count("carrier_lost") == 0 ? 1U : 0U));
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 6);
}

class EngineFault : public testing::TestWithParam<const char*> {};
TEST_P(EngineFault, CostsOneSentenceAtMost) {
    AppServer bot(no_page, echoing_bot());
    Sections setup;
    setup.agents = relay_agent(bot) + desk_agent();
    GatewayUnderTest gateway(setup);
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    std::vector<Caller> others;
    for (std::size_t i = 1; i <= 3; ++i) others.push_back(place(carrier, gateway, i, steps({pause(500), say(tone_text(i, 6000)), pause(1200), hang_up()})));

    auto spoken = gateway.carrier();
    spoken.voice = sim::make_embedded_voice();
    sim::SimCarrier desk(spoken);
    auto plan = gateway.plan(sim::parse_scenario(R"(
caller: {voice: rms}
steps:
  - interrupt: {after: 1000ms, say: where are you located}
  - wait_for: {agent_silence: 600ms, within: 12s}
  - hangup
)",
                                                 "desk.yaml"));
    plan.to = kDeskNumber;
    // As the caller begins to speak: the threads die over his words, and over the answer's voice.
    std::promise<void> speaking;
    plan.on_line = [&, told = false](const sim::TranscriptLine& line) mutable {
        if (line.who == sim::TranscriptLine::Who::caller && !std::exchange(told, true)) speaking.set_value();
    };
    auto affected = desk.place_call(plan);
    speaking.get_future().wait();
    const auto damaged_at = Clock::now();
    ASSERT_TRUE(gateway.gateway().drill(GetParam()));
    const auto report = affected.report.get();
    const auto after_damage = std::chrono::duration<double, std::milli>(Clock::now() - damaged_at).count();
    for (const auto& line : gateway.events("provider.error")) std::printf("%s\n", line.dump().c_str());
    for (const auto& line : report.agent_speech)
        std::printf("the agent spoke from %.1f s to %.1f s of the call\n", static_cast<double>(line.from) / 8000, static_cast<double>(line.to) / 8000);
    for (const auto& failure : report.failures) std::printf("%s\n", failure.c_str());
    std::printf("the call ended %.1f s after the damage\n", after_damage / 1000);
    // Whether the question was understood in the end or had to be asked again, somebody spoke to the caller and the
    // call ended in words.
    EXPECT_EQ(report.status, "completed");
    EXPECT_GE(report.agent_speech.size(), 2U) << "silence after the damage";
    for (auto& other : others) expect_untouched(other, 6000);
    EXPECT_EQ(gateway.admin("/livez").status, 200);
    EXPECT_EQ(gateway.admin("/readyz").status, 200);

    // The pool heals: a later call is served as ever.
    auto later_plan = gateway.plan(sim::parse_scenario(R"(
caller: {voice: rms}
steps:
  - interrupt: {after: 600ms, say: thank you very much goodbye}
  - wait_for: {hangup: true, within: 20s}
)",
                                                       "later.yaml"));
    later_plan.to = kDeskNumber;
    const auto later = desk.place_call(later_plan).report.get();
    for (const auto& failure : later.failures) ADD_FAILURE() << failure;
    EXPECT_EQ(later.ended_by, "document");
    EXPECT_EQ(gateway.events("call.ended").back()["reason"], "agent_completed");
}
INSTANTIATE_TEST_SUITE_P(Slow, EngineFault, testing::Values("engine.crash", "engine.no-engine"),
                         [](const auto& c) { return std::string(c.param).substr(7, 2); });

// A disk of 64 KiB below the data directory, seen by this thread and those it starts only; where that is not allowed,
// files that may not grow beyond it.
class SmallDisk {
public:
    // Room enough to start on.
    void under(const std::filesystem::path& directory) {
        directory_ = directory;
        mounted_ = ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                   ::mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=16m") == 0;
    }
    // From now on there is next to none.
    void fill() {
        if (mounted_) {
            how_ = "a tmpfs that was filled";
            const auto file = directory_ / "filler";
            std::ofstream out(file, std::ios::binary);
            const std::string block(4096, 'x');
            while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
            }
            out.close();
            std::filesystem::resize_file(file, std::filesystem::file_size(file) / 4096 * 4096 - 12 * 4096);
            return;
        }
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit small{64 * 1024, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
        limited_ = true;
        how_ = "a limit on the files' size";
    }
    ~SmallDisk() {
        if (limited_) ::setrlimit(RLIMIT_FSIZE, &before_);
    }
    [[nodiscard]] const char* how() const { return how_; }

private:
    rlimit before_{};
    std::filesystem::path directory_;
    bool limited_ = false, mounted_ = false;
    const char* how_ = "nothing";
};

TEST(FaultSlow, AFullDiskCostsTheFilesAndNothingElse) {
    AppServer bot(no_page, echoing_bot());
    SmallDisk disk;
    Sections setup;
    setup.prepare = [&](const std::filesystem::path& data) { disk.under(data); };
    setup.agents = relay_agent(bot) + desk_agent();
    setup.more =
        "recording: {enabled: true, directory: recordings, retain_days: 1}\ncall_files: {enabled: true, retain_days: 1, directory: "
        "calls, frames: full}\n";
    const GatewayUnderTest gateway(setup);
    disk.fill();
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    std::vector<Caller> callers;
    for (std::size_t i = 0; i < 3; ++i) callers.push_back(place(carrier, gateway, i, steps({pause(500), say(tone_text(i, 6000)), pause(1200), hang_up()})));
    auto plan = gateway.plan(steps({pause(7000), hang_up()}));
    plan.to = kDeskNumber;
    auto greeted = carrier.place_call(plan);
    for (auto& caller : callers) expect_untouched(caller, 6000);
    const auto report = greeted.report.get();
    EXPECT_EQ(report.ended_by, "caller");
    ASSERT_FALSE(report.agent_speech.empty()) << "the greeting was spoken";
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
    const auto lines = gateway.events("store.full");
    EXPECT_FALSE(lines.empty());
    EXPECT_GE(gateway.metric("parley_store_write_errors_total{kind=\"recording\"}"), 1);
    EXPECT_GE(gateway.metric("parley_store_write_errors_total{kind=\"call_file\"}"), 1);
    EXPECT_EQ(gateway.admin("/livez").status, 200);
    std::printf("the disk was %s; %zu files failed: %s\n", disk.how(), lines.size(), lines.empty() ? "" : lines[0].value("error.type", "").c_str());
}

}  // namespace
}  // namespace parley::scenarios
