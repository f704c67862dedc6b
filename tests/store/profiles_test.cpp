#include "parley/store/profiles.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>

namespace parley::store {
namespace {

using namespace std::chrono_literals;

class Profiles : public testing::Test {
protected:
    Profiles() {
        std::filesystem::remove_all(directory);
        DatabaseSettings settings;
        settings.data_dir = directory;
        database = open_database(settings, log, nullptr);
    }
    ~Profiles() override {
        database.reset();
        std::filesystem::remove_all(directory);
    }
    std::filesystem::path directory = testing::TempDir() + "parley-profiles-" + std::to_string(::getpid());
    Log log;
    std::unique_ptr<Database> database;
};

struct Key {
    const char* name;
    std::string_view given, key;
};
class CallerKeys : public testing::TestWithParam<Key> {};
TEST_P(CallerKeys, AreOneForOneCaller) {
    EXPECT_EQ(caller_key(GetParam().given), GetParam().key);
}
INSTANTIATE_TEST_SUITE_P(cases, CallerKeys,
                         testing::Values(Key{"e164", "+15550100100", "+15550100100"}, Key{"written", "+1 (555) 010-0100", "+15550100100"},
                                         Key{"web", "web:Visitor-7", "web:visitor-7"}, Key{"sip", "sip:Ann@Example.com", "sip:ann@example.com"},
                                         Key{"nobody", "", ""}, Key{"anonymous", "Anonymous", ""}, Key{"keypad", "+266696687", ""},
                                         Key{"short_code", "12345", ""}, Key{"too_long", "+1234567890123456", ""}, Key{"blank", "a b", ""}),
                         [](const auto& c) { return c.param.name; });

TEST_F(Profiles, AreWrittenReadListedAndErased) {
    database->transact([](Session& s) {
        EXPECT_FALSE(read_profile(s, "front", "+1555010010"));
        EXPECT_TRUE(write_profile(s, "front", "+1555010010", R"({"name":"Ann"})", 0));
        EXPECT_TRUE(write_profile(s, "back", "+1555010010", R"({"name":"A."})", 0));
        EXPECT_TRUE(write_profile(s, "front", "web:v1", "{}", 0));
    });
    database->transact([](Session& s) {
        const auto found = read_profile(s, "front", "+1555010010");
        ASSERT_TRUE(found);
        EXPECT_EQ(found->json, R"({"name":"Ann"})");
        EXPECT_EQ(found->revision, 1U);
        EXPECT_GT(found->created_ms, 0);
        EXPECT_EQ(list_profiles(s, "front", 0, 10).size(), 2U);
        EXPECT_EQ(list_profiles(s, "front", 0, 1).size(), 1U);
        EXPECT_TRUE(list_profiles(s, "front", found->created_ms, 10).empty());
        EXPECT_EQ(profiles_of(s, "+1555010010").size(), 2U);
        EXPECT_EQ(erase_profile(s, "+1555010010"), 2U);
        EXPECT_FALSE(read_profile(s, "front", "+1555010010"));
        EXPECT_FALSE(erase_profile(s, "front", "+1555010010"));
        EXPECT_TRUE(erase_profile(s, "front", "web:v1"));
    });
}

TEST_F(Profiles, TwoWritersDoNotOverwriteEachOther) {
    database->transact([](Session& s) {
        EXPECT_TRUE(write_profile(s, "front", "+1555010010", R"({"a":1})", 0));
        EXPECT_FALSE(write_profile(s, "front", "+1555010010", R"({"b":1})", 0));
        EXPECT_TRUE(write_profile(s, "front", "+1555010010", R"({"a":2})", 1));
        EXPECT_FALSE(write_profile(s, "front", "+1555010010", R"({"a":3})", 1));
        const auto found = read_profile(s, "front", "+1555010010");
        ASSERT_TRUE(found);
        EXPECT_EQ(found->json, R"({"a":2})");
        EXPECT_EQ(found->revision, 2U);
    });
}

TEST_F(Profiles, AreBounded) {
    const std::string whole(kMostProfile, ' ');
    database->transact([&](Session& s) { EXPECT_TRUE(write_profile(s, "front", "+1555010010", whole, 0)); });
    EXPECT_THROW(database->transact([&](Session& s) { write_profile(s, "front", "+1555010011", whole + " ", 0); }), StoreError);
}

TEST_F(Profiles, AreFoundFromALoop) {
    database->transact([](Session& s) { write_profile(s, "front", "+15550100100", R"({"name":"Ann"})", 0); });
    boost::asio::io_context context{1};
    std::optional<Profile> found, nobody;
    auto body = [&]() -> net::Task<> {
        auto first = co_await find_profile(*database, "front", "+1 555 010 0100", 5s);
        found = std::move(first);
        auto second = co_await find_profile(*database, "front", "anonymous", 5s);
        nobody = std::move(second);
    };
    boost::asio::co_spawn(context, body, boost::asio::detached);
    context.run();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->json, R"({"name":"Ann"})");
    EXPECT_FALSE(nobody);
}

}  // namespace
}  // namespace parley::store
