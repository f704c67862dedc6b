#include "parley/twilio/media_codec.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "media_compare.hpp"
#include "media_scan.hpp"

namespace parley::twilio {
namespace {

const std::string kSid = "MZ0123456789abcdef0123456789abcdef";
const std::string kMedia =
    R"({"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"2","timestamp":"20","payload":"//8A/w=="},"streamSid":")" + kSid + "\"}";
const std::string kStart =
    R"({"event":"start","sequenceNumber":"1","start":{"accountSid":"AC0123456789abcdef0123456789abcdef","streamSid":")" + kSid +
    R"(","callSid":"CA0123456789abcdef0123456789abcdef","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},)"
    R"("customParameters":{"tenant":"acme","t2":"\u00e9 \"x\""}},"streamSid":")" +
    kSid + "\"}";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
}

std::string verdict(std::string_view text) {
    MediaScanner scanner;
    const auto result = scanner.scan(text);
    return result ? "ok" : std::string(error_kind(result.error()));
}

TEST(MediaScan, the_documented_messages) {
    MediaScanner scanner;
    const auto media = std::get<MediaMessage>(*scanner.scan(kMedia));
    EXPECT_EQ(media.sequence, (Decimal{3, true}));
    EXPECT_EQ(media.chunk, (Decimal{2, true}));
    EXPECT_EQ(media.timestamp_ms, (Decimal{20, true}));
    EXPECT_EQ(media.track, Track::inbound);
    EXPECT_EQ(media.stream_sid, kSid);
    EXPECT_EQ(media.payload, "//8A/w==");
    EXPECT_EQ(payload_samples(media.payload), 4U);

    const auto connected = std::get<ConnectedMessage>(*scanner.scan(R"({"event":"connected","protocol":"Call","version":"1.0.0"})"));
    EXPECT_EQ(connected.protocol, "Call");
    EXPECT_EQ(connected.version, "1.0.0");

    const auto start = std::get<StartMessage>(*scanner.scan(kStart));
    EXPECT_EQ(start.stream_sid, kSid);
    EXPECT_EQ(start.account_sid, "AC0123456789abcdef0123456789abcdef");
    EXPECT_EQ(start.call_sid, "CA0123456789abcdef0123456789abcdef");
    EXPECT_TRUE(start.inbound_track);
    EXPECT_FALSE(start.outbound_track);
    EXPECT_TRUE(start.is_mulaw_8k_mono());
    EXPECT_EQ(start.parameter("tenant"), "acme");
    EXPECT_EQ(start.parameter("t2"), "\u00e9 \"x\"");
    EXPECT_EQ(start.parameter("none"), "");

    const auto dtmf = std::get<DtmfMessage>(
        *scanner.scan(R"({"event":"dtmf","streamSid":")" + kSid + R"(","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}})"));
    EXPECT_EQ(dtmf.digit, "1");
    const auto mark = std::get<MarkMessage>(*scanner.scan(R"({"event":"mark","sequenceNumber":"44","streamSid":")" + kSid + R"(","mark":{"name":"reply-7"}})"));
    EXPECT_EQ(mark.name, "reply-7");
    EXPECT_EQ(mark.sequence.value, 44U);
    const auto stop = std::get<StopMessage>(
        *scanner.scan(R"({"event":"stop","sequenceNumber":"812","stop":{"accountSid":"AC1","callSid":"CA1"},"streamSid":")" + kSid + "\"}"));
    EXPECT_EQ(stop.call_sid, "CA1");
    EXPECT_EQ(std::get<UnknownMessage>(*scanner.scan(R"({"event":"novelty","x":[1,{"y":null}]})")).event, "novelty");
}

TEST(MediaScan, the_usual_shapes_take_the_fast_path) {
    for (const std::string& text :
         {kMedia,
          R"({"streamSid":"MZ1","media":{"payload":"","timestamp":"0","chunk":"1","track":"outbound"},"sequenceNumber":"2","event":"media"})" + std::string(),
          std::string(" {\n \"event\" : \"media\" , \"media\":{\"payload\":\"AAAA\"}\t}\r\n")}) {
        EXPECT_TRUE(scan_media(text)) << text;
    }
    for (const std::string& text : {replaced(kMedia, "//8A", "\\/\\/8A"), replaced(kMedia, "\"event\"", "\"ev\\u0065nt\""), kMedia + "x", kStart}) {
        EXPECT_FALSE(scan_media(text)) << text;
    }
}

TEST(MediaScan, unusual_but_right_is_read_by_the_parser) {
    MediaScanner scanner;
    for (const std::string& text : {replaced(kMedia, "//8A", "\\/\\/8A"), replaced(kMedia, "\"event\"", "\"ev\\u0065nt\""),
                                    replaced(kMedia, "\"track\"", "\"extra\":{\"a\":[1,2.5e3,null,true,\"\\ud83d\\udc4b\"]},\"track\"")}) {
        const auto result = scanner.scan(text);
        ASSERT_TRUE(result) << text;
        EXPECT_EQ(std::get<MediaMessage>(*result).payload, "//8A/w==");
    }
    EXPECT_EQ(std::get<MediaMessage>(*scanner.scan(replaced(kMedia, "\"3\"", "3"))).sequence, (Decimal{3, true}));
}

struct Bad {
    const char* name;
    std::string text;
    std::string kind;
};
void PrintTo(const Bad& c, std::ostream* out) {
    *out << c.name;
}
class MediaScanBad : public testing::TestWithParam<Bad> {};
TEST_P(MediaScanBad, is_refused_with_its_kind) {
    EXPECT_EQ(verdict(GetParam().text), GetParam().kind);
}

std::string nested(std::size_t depth, bool arrays) {
    std::string text = R"({"event":"novelty","x":)";
    for (std::size_t i = 1; i < depth; ++i) text += arrays ? "[" : R"({"a":)";
    text += "1";
    for (std::size_t i = 1; i < depth; ++i) text += arrays ? "]" : "}";
    return text + "}";
}

INSTANTIATE_TEST_SUITE_P(
    json, MediaScanBad,
    testing::Values(Bad{"empty", "", "json"}, Bad{"blank", " ", "json"}, Bad{"cut", kMedia.substr(0, kMedia.size() - 1), "json"},
                    Bad{"trailing", kMedia + "x", "json"}, Bad{"two_values", kMedia + kMedia, "json"},
                    Bad{"trailing_comma", replaced(kMedia, "\"}", "\",}"), "json"},
                    Bad{"duplicate_key", replaced(kMedia, "{\"event\"", "{\"streamSid\":\"MZ1\",\"event\""), "json"},
                    Bad{"duplicate_inner_key", replaced(kMedia, "\"track\"", "\"chunk\":\"1\",\"track\""), "json"},
                    Bad{"duplicate_by_escape", replaced(kMedia, "\"track\"", "\"chun\\u006b\":\"1\",\"track\""), "json"},
                    Bad{"duplicate_in_unknown", R"({"event":"novelty","x":{"a":1,"a":2}})", "json"},
                    Bad{"number_beyond_double", replaced(kMedia, "\"3\"", "1e999"), "json"}, Bad{"leading_zero", replaced(kMedia, "\"3\"", "03"), "json"},
                    Bad{"plus_sign", replaced(kMedia, "\"3\"", "+3"), "json"}, Bad{"lone_surrogate", replaced(kMedia, "8A", "\\ud800"), "json"},
                    Bad{"raw_nul", replaced(kMedia, "8A", std::string_view("\0", 1)), "json"}, Bad{"nul_at_end", kMedia + std::string(1, '\0'), "json"},
                    Bad{"nul_then_more", kMedia + std::string(1, '\0') + "x", "json"}, Bad{"invalid_utf8", replaced(kMedia, "8A", "\xff\xfe"), "json"},
                    Bad{"overlong_utf8", replaced(kMedia, "8A", "\xc0\xaf"), "json"}, Bad{"raw_newline", replaced(kMedia, "8A", "\n"), "json"},
                    Bad{"single_quotes", "{'event':'media'}", "json"}, Bad{"comment", "/**/" + kMedia, "json"}, Bad{"nan", R"({"event":NaN})", "json"},
                    Bad{"depth_33_objects", nested(33, false), "json"}, Bad{"depth_33_arrays", nested(33, true), "json"},
                    Bad{"depth_10000", nested(10'000, true), "json"}, Bad{"unclosed_60k", std::string(60'000, '['), "json"}),
    [](const auto& c) { return c.param.name; });

INSTANTIATE_TEST_SUITE_P(
    schema, MediaScanBad,
    testing::Values(
        Bad{"array", "[]", "schema"}, Bad{"null", "null", "schema"}, Bad{"number", "1", "schema"}, Bad{"string", "\"media\"", "schema"},
        Bad{"empty_object", "{}", "schema"}, Bad{"event_null", R"({"event":null})", "schema"}, Bad{"event_number", R"({"event":1})", "schema"},
        Bad{"no_body", R"({"event":"media","sequenceNumber":"1","streamSid":"MZ1"})", "schema"},
        Bad{"body_null", R"({"event":"media","media":null,"sequenceNumber":"1","streamSid":"MZ1"})", "schema"},
        Bad{"body_array", R"({"event":"media","media":[],"sequenceNumber":"1","streamSid":"MZ1"})", "schema"},
        Bad{"no_payload", replaced(kMedia, ",\"payload\":\"//8A/w==\"", ""), "schema"}, Bad{"payload_null", replaced(kMedia, "\"//8A/w==\"", "null"), "schema"},
        Bad{"payload_number", replaced(kMedia, "\"//8A/w==\"", "5"), "schema"},
        Bad{"no_sid", replaced(kMedia, ",\"streamSid\":\"" + kSid + "\"", ""), "schema"}, Bad{"sid_empty", replaced(kMedia, kSid, ""), "schema"},
        Bad{"sid_long", replaced(kMedia, kSid, std::string(65, 'M')), "schema"}, Bad{"sid_odd", replaced(kMedia, kSid, "MZ 1"), "schema"},
        Bad{"no_track", replaced(kMedia, "\"track\":\"inbound\",", ""), "schema"}, Bad{"track_odd", replaced(kMedia, "inbound", "sideways"), "schema"},
        Bad{"no_chunk", replaced(kMedia, "\"chunk\":\"2\",", ""), "schema"}, Bad{"no_timestamp", replaced(kMedia, "\"timestamp\":\"20\",", ""), "schema"},
        Bad{"timestamp_bool", replaced(kMedia, "\"20\"", "true"), "schema"}, Bad{"no_sequence", replaced(kMedia, "\"sequenceNumber\":\"3\",", ""), "schema"},
        Bad{"start_no_format", replaced(kStart, "mediaFormat", "mediaFormatX"), "schema"},
        Bad{"start_tracks_text", replaced(kStart, "[\"inbound\"]", "\"inbound\""), "schema"},
        Bad{"start_other_inner_sid", replaced(kStart, "\"streamSid\":\"MZ01", "\"streamSid\":\"MZ99"), "schema"},
        Bad{"start_parameter_number", replaced(kStart, "\"acme\"", "1"), "schema"},
        Bad{"start_parameters_list", replaced(kStart, "{\"tenant\":\"acme\",\"t2\":\"\\u00e9 \\\"x\\\"\"}", "[]"), "schema"},
        Bad{"mark_long", R"({"event":"mark","sequenceNumber":"1","streamSid":"MZ1","mark":{"name":")" + std::string(257, 'm') + "\"}}", "schema"},
        Bad{"dtmf_number", R"({"event":"dtmf","sequenceNumber":"1","streamSid":"MZ1","dtmf":{"digit":1}})", "schema"}),
    [](const auto& c) { return c.param.name; });

TEST(MediaScan, limits_one_below_at_and_above) {
    EXPECT_EQ(verdict(nested(31, true)), "ok");
    EXPECT_EQ(verdict(nested(32, true)), "ok");
    EXPECT_EQ(verdict(nested(33, true)), "json");
    const auto padded = [](std::size_t size) { return kMedia + std::string(size - kMedia.size(), ' '); };
    EXPECT_EQ(verdict(padded(kMaxStreamMessageBytes - 1)), "ok");
    EXPECT_EQ(verdict(padded(kMaxStreamMessageBytes)), "ok");
    EXPECT_EQ(verdict(padded(kMaxStreamMessageBytes + 1)), "too_big");
    const auto mark = [](std::size_t n) { return R"({"event":"mark","sequenceNumber":"1","streamSid":"MZ1","mark":{"name":")" + std::string(n, 'm') + "\"}}"; };
    EXPECT_EQ(verdict(mark(kMaxMarkNameBytes - 1)), "ok");
    EXPECT_EQ(verdict(mark(kMaxMarkNameBytes)), "ok");
    EXPECT_EQ(verdict(mark(kMaxMarkNameBytes + 1)), "schema");
    const auto start = [](std::size_t n) {
        std::string parameters;
        for (std::size_t i = 0; i < n; ++i) parameters += (i > 0 ? ",\"p" : "\"p") + std::to_string(i) + "\":\"v\"";
        return replaced(kStart, R"("tenant":"acme","t2":"\u00e9 \"x\"")", parameters);
    };
    EXPECT_EQ(verdict(start(kMaxCustomParameters - 1)), "ok");
    EXPECT_EQ(verdict(start(kMaxCustomParameters)), "ok");
    EXPECT_EQ(verdict(start(kMaxCustomParameters + 1)), "schema");
}

TEST(MediaScan, numbers_that_are_none_spoil_only_themselves) {
    MediaScanner scanner;
    for (const std::string_view odd :
         {"\"\"", "\"x\"", "\"-1\"", "\"1.5\"", "\" 1\"", "\"18446744073709551616\"", "-1", "1.5", "1e3", "18446744073709551616"}) {
        const auto result = scanner.scan(replaced(kMedia, "\"3\"", odd));
        ASSERT_TRUE(result) << odd;
        EXPECT_FALSE(std::get<MediaMessage>(*result).sequence.valid) << odd;
    }
    for (const std::string_view most : {"\"18446744073709551615\"", "18446744073709551615", "\"00018446744073709551615\""}) {
        const auto result = scanner.scan(replaced(kMedia, "\"3\"", most));
        ASSERT_TRUE(result) << most;
        EXPECT_EQ(std::get<MediaMessage>(*result).sequence, (Decimal{18446744073709551615ULL, true})) << most;
    }
}

// Payload sizes of the catalogue and every position of the padding.
TEST(MediaScan, payload_sizes) {
    for (const std::size_t size : {0UL, 1UL, 2UL, 3UL, 159UL, 160UL, 161UL, 16'000UL}) {
        std::string payload((size + 2) / 3 * 4, 'A');
        for (std::size_t pad = 0; pad < (3 - size % 3) % 3; ++pad) payload[payload.size() - 1 - pad] = '=';
        MediaScanner scanner;
        const std::string text = replaced(kMedia, "//8A/w==", payload);  // outlives the views
        const auto result = scanner.scan(text);
        ASSERT_TRUE(result) << size;
        EXPECT_EQ(payload_samples(std::get<MediaMessage>(*result).payload), size);
    }
    for (const std::string_view bad : {"A", "AA", "AAA", "AAAAA", "A===", "====", "AA=A", "AAA=AAAA", "AA-_", "AA A", "AAAB\\n", "AB==", "AAB="}) {
        EXPECT_EQ(verdict(replaced(kMedia, "//8A/w==", bad)), "base64") << bad;
    }
}

// All single-byte changes of a valid frame: the scanner, the parser and the reference say the same about each.
TEST(MediaDifferential, every_single_byte_change) {
    MediaScanner scanner;
    std::map<std::string, int> verdicts;
    for (std::size_t at = 0; at < kMedia.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string text = kMedia;
            text[at] = static_cast<char>(byte);
            const auto want = reference::read(text);
            ASSERT_EQ(reference::show(reference::reading_of(scanner.scan(text))), reference::show(want)) << text;
            ASSERT_EQ(reference::show(reference::reading_of(scanner.parse(text))), reference::show(want)) << text;
            ++verdicts[want.verdict];
        }
    }
    EXPECT_GT(verdicts["ok"], 1000);
    EXPECT_GT(verdicts["json"], 1000);
    EXPECT_GT(verdicts["schema"], 1000);
    EXPECT_GT(verdicts["base64"], 300);
}

TEST(MediaDifferential, random_edits_of_all_messages) {
    const std::vector<std::string> seeds{kMedia,
                                         kStart,
                                         R"({"event":"connected","protocol":"Call","version":"1.0.0"})",
                                         R"({"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}})",
                                         R"({"event":"mark","sequenceNumber":"44","streamSid":"MZ1","mark":{"name":"reply-7"}})",
                                         R"({"event":"stop","sequenceNumber":"812","stop":{"accountSid":"AC1","callSid":"CA1"},"streamSid":"MZ1"})"};
    const std::vector<std::string> pieces{"\"event\":",
                                          "\"media\"",
                                          "{",
                                          "}",
                                          "[",
                                          "]",
                                          ",",
                                          ":",
                                          "null",
                                          "true",
                                          "-1",
                                          "1e5",
                                          "\"\"",
                                          "\\u0041",
                                          "\\",
                                          "\"",
                                          "\"streamSid\":\"MZ1\",",
                                          "\"payload\":\"AAAA\",",
                                          " ",
                                          "\xc3\xa9",
                                          "\xff",
                                          "=",
                                          "00"};
    std::mt19937 random(11);
    MediaScanner scanner;
    for (int round = 0; round < 20'000; ++round) {
        std::string text = seeds[random() % seeds.size()];
        for (unsigned edits = 1 + random() % 3; edits > 0; --edits) {
            const std::size_t at = random() % (text.size() + 1);
            switch (random() % 4) {
                case 0:
                    text.insert(at, pieces[random() % pieces.size()]);
                    break;
                case 1:
                    text.erase(at, random() % 12);
                    break;
                case 2:
                    text.insert(at, seeds[random() % seeds.size()].substr(random() % 20, random() % 30));
                    break;
                default:
                    if (at < text.size()) text[at] = static_cast<char>(random());
            }
        }
        const auto want = reference::show(reference::read(text));
        ASSERT_EQ(reference::show(reference::reading_of(scanner.scan(text))), want) << text;
        ASSERT_EQ(reference::show(reference::reading_of(scanner.parse(text))), want) << text;
    }
}

// A hostile message must not need more stack than a worker has.
TEST(MediaScan, deep_nesting_on_a_small_stack) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_t thread{};
    const auto body = [](void*) -> void* {
        EXPECT_EQ(verdict(std::string(60'000, '[')), "json");
        EXPECT_EQ(verdict(nested(10'000, true)), "json");
        std::string objects;
        for (int i = 0; i < 10'000; ++i) objects += R"({"a":)";
        EXPECT_EQ(verdict(objects), "json");
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, body, nullptr), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

}  // namespace
}  // namespace parley::twilio
