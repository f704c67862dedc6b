// Every file of stories/ is a test of its own name.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "store_under_test.hpp"
#include "story.hpp"

namespace parley::scenarios {
namespace {

std::vector<std::filesystem::path> stories() {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(PARLEY_SOURCE_DIR "/tests/scenarios/stories"))
        if (entry.path().extension() == ".yaml") found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

class Story : public testing::TestWithParam<std::filesystem::path> {};

void goes_as_written(const std::filesystem::path& story, const std::string& store) {
    const auto told = tell(story, store);
    for (const auto& failure : told.failures) ADD_FAILURE() << failure;
    if (!told.failures.empty() || std::getenv("TELL_ALL") != nullptr) std::fputs(told.protocol.c_str(), stderr);
}

std::string name_of(const testing::TestParamInfo<std::filesystem::path>& info) {
    auto name = info.param.stem().string();
    std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
    return name;
}

TEST_P(Story, GoesAsWritten) {
    goes_as_written(GetParam(), {});
}
INSTANTIATE_TEST_SUITE_P(Slow, Story, testing::ValuesIn(stories()), name_of);

// Those that lean on what the store keeps, on the other one too.
std::vector<std::filesystem::path> stored_stories() {
    auto found = stories();
    std::erase_if(found, [](const auto& path) { return !path.stem().string().starts_with("policy-") && !path.stem().string().starts_with("agents-"); });
    return found;
}

class StoryOnPostgres : public testing::TestWithParam<std::filesystem::path> {};
TEST_P(StoryOnPostgres, GoesAsWritten) {
    const StoreUnderTest store(true);
    goes_as_written(GetParam(), store.section());
}
INSTANTIATE_TEST_SUITE_P(Slow, StoryOnPostgres, testing::ValuesIn(stored_stories()), name_of);

}  // namespace
}  // namespace parley::scenarios
