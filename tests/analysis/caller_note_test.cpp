#include "parley/analysis/caller_note.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace parley::analysis {
namespace {

using nlohmann::json;

json noted(const std::string& before, const std::string& key, const std::string& value, const std::string& schema = {}) {
    CallerNote note{"front", "+4930123", key, value, schema};
    const auto made = with_note(before, note);
    return made ? json::parse(*made) : json();
}

TEST(CallerNote, StandsWhereTheSchemaHasIt) {
    EXPECT_EQ(noted("{}", "name", "Ann"), (json{{"name", "Ann"}}));
    EXPECT_EQ(noted(R"({"name":"Bob","language":"de"})", "name", "Ann"), (json{{"name", "Ann"}, {"language", "de"}}));
    EXPECT_EQ(noted("{}", "plan", "gold", R"({"type":"object","properties":{"plan":{"type":"string"}},"additionalProperties":false})"),
              (json{{"plan", "gold"}}));
}

TEST(CallerNote, IsAFactOtherwiseAndReplacesTheOneBefore) {
    EXPECT_EQ(noted(R"({"facts":["has a dog","dog: Rex"]})", "dog", "Ben")["facts"], (json{"has a dog", "dog: Ben"}));
    EXPECT_EQ(noted(R"({"facts":["dog: Ben"]})", "dog", "Ben")["facts"], (json{"dog: Ben"}));
    // A member that is no text is not written over.
    EXPECT_EQ(noted(R"({"preferences":["mornings"]})", "preferences", "evenings"), (json{{"preferences", {"mornings"}}, {"facts", {"preferences: evenings"}}}));
}

TEST(CallerNote, IsBoundedAndRefusedWhereThereIsNoRoom) {
    EXPECT_LE(noted("{}", "name", std::string(5000, 'x'))["name"].get<std::string>().size(), kMostNote + 3);  // and the mark of the cut
    std::string profile = "{}";
    for (int i = 0; i < 200; ++i) profile = *with_note(profile, {"front", "+4930123", "k" + std::to_string(i), std::string(300, 'v'), {}});
    EXPECT_LE(profile.size(), 8192U);
    EXPECT_NE(profile.find("k199: "), std::string::npos);
    EXPECT_TRUE(noted("{}", "plan", "gold", R"({"type":"object","properties":{"name":{"type":"string"}},"additionalProperties":false})").is_null());
    EXPECT_EQ(noted("broken", "name", "Ann"), (json{{"name", "Ann"}}));
}

}  // namespace
}  // namespace parley::analysis
