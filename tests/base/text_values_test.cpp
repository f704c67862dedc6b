#include "parley/base/text_values.hpp"

#include <gtest/gtest.h>

#include <array>

namespace parley::text {
namespace {

using namespace std::chrono_literals;

struct DurationCase {
    const char* text;
    std::int64_t us;  // -1: refused
};
class TextDuration : public testing::TestWithParam<DurationCase> {};
TEST_P(TextDuration, reads) {
    const auto result = parse_duration(GetParam().text);
    EXPECT_EQ(result ? result.value.count() : -1, GetParam().us) << GetParam().text;
    if (result) EXPECT_EQ(parse_duration(to_text(result.value)).value, result.value);
    if (!result) EXPECT_FALSE(result.error.empty());
}
INSTANTIATE_TEST_SUITE_P(cases, TextDuration,
                         testing::Values(DurationCase{"200us", 200}, DurationCase{"600ms", 600'000}, DurationCase{"5s", 5'000'000},
                                         DurationCase{"1.5s", 1'500'000}, DurationCase{"10m", 600'000'000}, DurationCase{"1h", 3'600'000'000},
                                         DurationCase{"2d", 172'800'000'000}, DurationCase{"0", 0}, DurationCase{"5", -1}, DurationCase{"-5s", -1},
                                         DurationCase{"5 s", -1}, DurationCase{"s", -1}, DurationCase{"", -1}, DurationCase{"1e3s", -1},
                                         DurationCase{"5sec", -1}, DurationCase{"inf", -1}, DurationCase{"99999999999999999h", -1}, DurationCase{"1h30m", -1}));

TEST(TextValues, sizes) {
    EXPECT_EQ(parse_size("512").value, 512U);
    EXPECT_EQ(parse_size("64KiB").value, 65'536U);
    EXPECT_EQ(parse_size("1.5MiB").value, 1'572'864U);
    EXPECT_EQ(parse_size("2GB").value, 2'000'000'000U);
    for (const char* bad : {"", "KiB", "64K", "-1", "1TiB", "1e30", "64 KiB", "nan"}) EXPECT_FALSE(parse_size(bad)) << bad;
    EXPECT_EQ(size_to_text(65'536), "64KiB");
    EXPECT_EQ(size_to_text(1000), "1000");
}

TEST(TextValues, numbers_and_flags) {
    EXPECT_EQ(parse_integer("-7").value, -7);
    for (const char* bad : {"", "7.0", "0x7", "7 ", "9999999999999999999", "+7"}) EXPECT_FALSE(parse_integer(bad)) << bad;
    EXPECT_EQ(parse_number("0.5").value, 0.5);
    for (const char* bad : {"", "1,5", "inf", "nan", "1.5x"}) EXPECT_FALSE(parse_number(bad)) << bad;
    EXPECT_EQ(parse_bool("true").value, true);
    for (const char* bad : {"yes", "True", "1", ""}) EXPECT_FALSE(parse_bool(bad)) << bad;
}

TEST(TextValues, addresses) {
    EXPECT_EQ(parse_address("0.0.0.0:8080").value, (Address{"0.0.0.0", 8080}));
    EXPECT_EQ(parse_address("[::1]:0").value, (Address{"::1", 0}));
    for (const char* bad : {"", "8080", ":8080", "::1:80", "host", "host:", "host:65536", "host:-1", "a b:80", "http://x:80", "[]:80"}) {
        EXPECT_FALSE(parse_address(bad)) << bad;
    }
    for (const char* host : {"127.0.0.1", "127.8.8.8", "::1", "localhost"}) EXPECT_TRUE(is_loopback(host)) << host;
    for (const char* host : {"0.0.0.0", "10.0.0.1", "127.evil.example", "localhost.example", "::"}) EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(TextValues, urls) {
    constexpr std::array<std::string_view, 2> kSchemes{"https", "wss"};
    const auto url = parse_url("HTTPS://voice.example.com:8443/base?x=1", kSchemes);
    ASSERT_TRUE(url);
    EXPECT_EQ(url.value.scheme, "https");
    EXPECT_EQ(url.value.host, "voice.example.com");
    EXPECT_EQ(url.value.port, 8443);
    EXPECT_EQ(url.value.path, "/base?x=1");
    EXPECT_EQ(parse_url("wss://[2001:db8::1]:9/", kSchemes).value.host, "2001:db8::1");
    for (const char* bad : {"", "voice.example.com", "http://x", "https://", "https:///x", "https://u:p@x", "https://x#f", "https://x y", "https://x:0",
                            "https://x:99999", "https://[::1", "https://x\n", "https://a%b/"}) {
        EXPECT_FALSE(parse_url(bad, kSchemes)) << bad;
    }
}

TEST(TextValues, nearest_name) {
    const std::vector<std::string> names{"listen", "public_url", "retain_days", "enabled", "max_calls", "x"};
    EXPECT_EQ(nearest("lsiten", names), "listen");
    EXPECT_EQ(nearest("publicUrl", names), "public_url");
    EXPECT_EQ(nearest("retain", names), "retain_days");
    EXPECT_EQ(nearest("max-calls", names), "max_calls");
    EXPECT_EQ(nearest("frobnicate", names), "");
    EXPECT_EQ(suggestion("enabld", names), ", did you mean 'enabled'?");
    EXPECT_EQ(suggestion("frobnicate", names), "");
    EXPECT_EQ(nearest(std::string(100'000, 'a'), names), "");
}

}  // namespace
}  // namespace parley::text
