// The embedded ear on the embedded voice through µ-law: what is there is found, what is not there is not.

#include <gtest/gtest.h>

#include "parley/sim/embedded_speech.hpp"
#include "parley/sim/scenario.hpp"

namespace parley::sim {
namespace {

const std::vector<std::string>& phrases() {
    static const std::vector<std::string> list{"We are open Monday to Friday, from nine in the morning until five in the afternoon.",
                                               "We are closed on Saturday and Sunday.",
                                               "We are open Tuesday to Saturday, from ten in the morning until six in the evening.",
                                               "We are closed on Friday and Sunday.",
                                               "Is there anything else I can do for you?",
                                               "What else can I do for you?",
                                               "How can I help you?",
                                               "I have Tuesday at half past ten. Is that right?",
                                               "I have Thursday at half past two. Is that right?",
                                               "I have Tuesday at ten. Is that right?",
                                               "Thank you for calling Harbour Dental. Goodbye.",
                                               "I am sorry, I did not understand that."};
    return list;
}

EmbeddedSpeechSettings agent_voice() {
    EmbeddedSpeechSettings settings;
    settings.default_voice = "slt";
    return settings;
}

class Ear : public testing::Test {
protected:
    static void SetUpTestSuite() {
        voice_ = make_embedded_voice(agent_voice());
        ear_ = make_embedded_ear();
    }
    static void TearDownTestSuite() {
        voice_.reset();
        ear_.reset();
    }
    static std::vector<std::string> heard(const std::string& text) {
        std::vector<std::string> out;
        for (const auto& one : ear_->recognise(from_mulaw(to_mulaw(voice_->speak(text, {}))), phrases())) out.push_back(one.text);
        return out;
    }
    static inline std::shared_ptr<CallerVoice> voice_;
    static inline std::shared_ptr<CallerEar> ear_;
};

TEST_F(Ear, HearsSingleSentences) {
    for (const std::size_t i : {0u, 4u, 7u, 9u}) EXPECT_EQ(heard(phrases()[i]), std::vector<std::string>{phrases()[i]});
}

TEST_F(Ear, HearsSentencesInARowAndAroundUnknownOnes) {
    EXPECT_EQ(heard(phrases()[0] + " " + phrases()[1] + " " + phrases()[4]), (std::vector<std::string>{phrases()[0], phrases()[1], phrases()[4]}));
    EXPECT_EQ(heard("A check-up is forty five dollars, and a cleaning is eighty dollars. What else can I do for you?"),
              std::vector<std::string>{"What else can I do for you?"});
}

TEST_F(Ear, DoesNotHearWhatWasNotSaid) {
    EXPECT_EQ(heard("You find us at twelve Harbour Street, next to the old lighthouse."), std::vector<std::string>{});
    EXPECT_EQ(heard("Yellow submarines rarely carry bicycles."), std::vector<std::string>{});
    EXPECT_TRUE(ear_->recognise(Pcm8k(16000, 0), phrases()).empty());
}

TEST_F(Ear, SaysWhatItCanNeverHear) {
    EXPECT_EQ(ear_->unusable(phrases()), "");
    const auto shipped = load_scenario(std::string(PARLEY_SOURCE_DIR) + "/config/scenarios/receptionist.yaml");
    EXPECT_EQ(ear_->unusable(shipped->all_phrases()), "");
    EXPECT_NE(ear_->unusable({"open from 9 to 5"}).find("'9'"), std::string::npos);
    EXPECT_NE(ear_->unusable({"the zzyzxq is open"}).find("zzyzxq"), std::string::npos);
}

}  // namespace
}  // namespace parley::sim
