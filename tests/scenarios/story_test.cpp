// Every file of stories/ is a test of its own name.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

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

TEST_P(Story, GoesAsWritten) {
    const auto told = tell(GetParam());
    for (const auto& failure : told.failures) ADD_FAILURE() << failure;
    if (!told.failures.empty() || std::getenv("TELL_ALL") != nullptr) std::fputs(told.protocol.c_str(), stderr);
}

INSTANTIATE_TEST_SUITE_P(Slow, Story, testing::ValuesIn(stories()), [](const auto& info) {
    auto name = info.param.stem().string();
    std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
    return name;
});

}  // namespace
}  // namespace parley::scenarios
