// The settings file and the controls of the simulated Twilio.

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "parley/sim/fake_twilio.hpp"

namespace parley::sim {
namespace {

class SettingsFile : public testing::Test {
protected:
    std::string refusal(const std::string& text) {
        const auto file = directory_ / "settings.yaml";
        std::ofstream(file) << text;
        FakeTwilioOptions options;
        try {
            load_twilio_settings(file, options);
        } catch (const ScenarioError& e) {
            return std::string(e.what()).substr(directory_.string().size() + 1);
        }
        return {};
    }
    void SetUp() override { std::filesystem::create_directories(directory_); }
    void TearDown() override { std::filesystem::remove_all(directory_); }
    std::filesystem::path directory_ = std::filesystem::temp_directory_path() / ("parley-settings-" + std::to_string(::getpid()));
};

TEST_F(SettingsFile, TheSampleIsRead) {
    FakeTwilioOptions options;
    load_twilio_settings(PARLEY_SOURCE_DIR "/config/simulated-twilio.yaml", options);
    EXPECT_EQ(options.numbers.at("+18005551212").voice_url, "http://127.0.0.1:8080/webhooks/twilio/voice");
    EXPECT_EQ(options.phones.at("+14155550103").error_code, 30005);
    EXPECT_EQ(options.carrier.numbers.at("+14155550102").answer, DialTarget::Answer::busy);
    EXPECT_NE(options.carrier.numbers.at("+14155550104").machine, nullptr);
}

TEST_F(SettingsFile, MistakesAreToldWithTheirPlace) {
    EXPECT_EQ(refusal("account: {status: suspended, verified: ['+1415']}"), "");
    EXPECT_EQ(refusal("numbres: {}").substr(0, 50), "settings.yaml:1:1: unknown key 'numbres', did you ");
    EXPECT_EQ(refusal("people:\n  '+1': {answer: maybe}").substr(0, 18), "settings.yaml:2:18");
    EXPECT_EQ(refusal("phones:\n  '+1': {outcome: lost}").substr(0, 17), "settings.yaml:2:9");
    EXPECT_EQ(refusal("a: [").substr(0, 14), "settings.yaml:");
}

TEST(Controls, FaultsAreCheckedBeforeTheyAreTaken) {
    FakeTwilio twilio(FakeTwilioOptions{});
    for (const char* text :
         {R"([])", R"({"requests":{}})", R"({"requests":[{"fault":"418"}]})", R"({"requests":[{"path":"/x"}]})", R"({"requests":[{"fault":"429","cuont":1}]})",
          R"({"callbacks":{"dropped":2}})", R"({"callbacks":{"order":"sideways"}})", R"({"webhooks":[{"fault":"thrice"}]})", R"({"weather":{}})", "nothing"})
        EXPECT_THROW(twilio.set_faults(text), std::invalid_argument) << text;
    EXPECT_NO_THROW(twilio.set_faults(
        R"({"requests":[{"fault":"429","count":2,"retry_after":1,"path":"/Calls","method":"POST","skip":1}],"callbacks":{"order":"reversed"},"webhooks":[{"fault":"twice","path":"/voice"}]})"));
    EXPECT_EQ(twilio.requests(), R"({"requests":[]})");
    FakeTwilioOptions wrong;
    wrong.faults = "{\"requests\":1}";
    EXPECT_THROW(FakeTwilio{std::move(wrong)}, std::invalid_argument);
}

}  // namespace
}  // namespace parley::sim
