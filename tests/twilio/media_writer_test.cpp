#include "parley/twilio/media_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "parley/twilio/bot_codec.hpp"

namespace parley::twilio {
namespace {

using Json = nlohmann::json;
const std::string kSid = "MZ0123456789abcdef0123456789abcdef";

TEST(MediaWriter, exactly_twilios_keys) {
    const auto writer = *MediaWriter::create(kSid);
    std::vector<char> buffer(4096);
    const std::vector<std::uint8_t> mulaw{0xFF, 0xFF, 0x00, 0x7F};
    EXPECT_EQ(writer.media(mulaw, buffer), R"({"event":"media","streamSid":")" + kSid + R"(","media":{"payload":"//8Afw=="}})");
    EXPECT_EQ(writer.media_base64("//8Afw==", buffer), writer.media(mulaw, buffer));
    EXPECT_EQ(writer.mark("reply-7", buffer), R"({"event":"mark","streamSid":")" + kSid + R"(","mark":{"name":"reply-7"}})");
    EXPECT_EQ(writer.clear(buffer), R"({"event":"clear","streamSid":")" + kSid + R"("})");
    EXPECT_EQ(writer.stream_sid(), kSid);
}

TEST(MediaWriter, every_buffer_size_around_the_needed_one) {
    const auto writer = *MediaWriter::create(kSid);
    for (const std::size_t bytes : {1UL, 2UL, 3UL, 159UL, 160UL, 161UL, 1600UL}) {
        const std::vector<std::uint8_t> mulaw(bytes, 0xFF);
        const std::size_t need = writer.media_size(bytes);
        std::vector<char> buffer(need + 2, '#');
        EXPECT_EQ(writer.media(mulaw, std::span(buffer).first(need)).size(), need);
        EXPECT_EQ(buffer[need], '#');
        EXPECT_TRUE(writer.media(mulaw, std::span(buffer).first(need - 1)).empty());
        EXPECT_EQ(writer.media(mulaw, std::span(buffer).first(need + 1)).size(), need);
    }
    EXPECT_TRUE(writer.media({}, {}).empty());
    EXPECT_TRUE(writer.clear({}).empty());
    EXPECT_TRUE(writer.media_base64("", {}).empty());
}

TEST(MediaWriter, mark_names_are_escaped_and_bounded) {
    const auto writer = *MediaWriter::create(kSid);
    std::vector<char> buffer(kMaxControlMessageBytes);
    for (const std::string& name :
         {std::string("a\"b\\c"), std::string("\x01\x1f\x7f\n\0x", 6), std::string("gr\u00fc\u00dfe \U0001F44B"), std::string(256, '\x01'), std::string()}) {
        const auto json = Json::parse(writer.mark(name, buffer));
        EXPECT_EQ(json["mark"]["name"], name);
        EXPECT_EQ(json.size(), 3U);
    }
    EXPECT_TRUE(writer.mark(std::string(257, 'x'), buffer).empty());
    EXPECT_TRUE(writer.mark("\xff", buffer).empty());
}

TEST(MediaWriter, refuses_identifiers_that_would_need_escaping) {
    for (const std::string_view bad : {"", "MZ\"", "MZ\n", "a b"}) EXPECT_EQ(MediaWriter::create(bad).error(), errc::stream_sid);
    EXPECT_TRUE(MediaWriter::create(std::string(64, 'M')));
    EXPECT_FALSE(MediaWriter::create(std::string(65, 'M')));
}

// What the product's own reader makes of what we write in Twilio's place.
TEST(CarrierWriter, is_understood_and_counts) {
    auto writer = *CarrierWriter::create("AC1", "CA1", kSid);
    MediaScanner scanner;
    std::vector<char> buffer(4096);
    EXPECT_EQ(std::get<ConnectedMessage>(*scanner.scan(writer.connected())).protocol, "Call");

    const std::vector<CustomParameter> parameters{{"tenant", "a\"c\\m\ne"}, {"tenant", "twice"}, {"bad", "\xff"}, {"u", "\u00e9"}};
    const std::string start_text = writer.start(parameters);
    const auto start = std::get<StartMessage>(*scanner.scan(start_text));
    EXPECT_EQ(start.sequence.value, 1U);
    EXPECT_EQ(start.stream_sid, kSid);
    EXPECT_EQ(start.account_sid, "AC1");
    EXPECT_EQ(start.call_sid, "CA1");
    EXPECT_TRUE(start.is_mulaw_8k_mono());
    ASSERT_EQ(start.parameters.size(), 2U);
    EXPECT_EQ(start.parameter("tenant"), "a\"c\\m\ne");
    EXPECT_EQ(start.parameter("u"), "\u00e9");

    const std::vector<std::uint8_t> mulaw(160, 0xFF);
    const auto first = std::get<MediaMessage>(*scanner.scan(writer.media(mulaw, 0, buffer)));
    EXPECT_EQ(first.sequence.value, 2U);
    EXPECT_EQ(first.chunk.value, 1U);
    EXPECT_EQ(payload_samples(first.payload), 160U);
    EXPECT_TRUE(writer.media(mulaw, 20, std::span(buffer).first(100)).empty());  // did not fit: not counted
    const auto second = std::get<MediaMessage>(*scanner.scan(writer.media_base64("AAAA", 20, buffer)));
    EXPECT_EQ(second.sequence.value, 3U);
    EXPECT_EQ(second.chunk.value, 2U);
    EXPECT_EQ(second.timestamp_ms.value, 20U);
    EXPECT_EQ(std::get<DtmfMessage>(*scanner.scan(writer.dtmf('#', buffer))).digit, "#");
    const auto mark = std::get<MarkMessage>(*scanner.scan(writer.mark("m\"1", buffer)));
    EXPECT_EQ(mark.name, "m\"1");
    EXPECT_EQ(mark.sequence.value, 5U);
    const std::string stop_text = writer.stop();
    EXPECT_EQ(std::get<StopMessage>(*scanner.scan(stop_text)).sequence.value, 6U);
    EXPECT_LE(writer.media(mulaw, UINT64_MAX, buffer).size(), CarrierWriter::frame_size(base64_size(160)));
}

TEST(CarrierWriter, writes_the_documented_media_message) {
    auto writer = *CarrierWriter::create("AC1", "CA1", "MZ1");
    std::vector<char> buffer(1024);
    (void)writer.start({});
    EXPECT_EQ(writer.media_base64("////", 20, buffer),
              R"({"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"////"},"streamSid":"MZ1"})");
}

std::string bot_verdict(std::string_view text) {
    BotScanner scanner("MZ1");
    const auto result = scanner.scan(text);
    const auto slow = BotScanner("MZ1").parse(text);
    EXPECT_EQ(result.has_error(), slow.has_error()) << text;
    if (!result) return std::string(error_kind(result.error()));
    EXPECT_EQ(result->index(), slow->index()) << text;
    if (const auto* m = std::get_if<BotMedia>(&*result)) return "media " + std::string(m->payload) + (m->superfluous ? " +" : "");
    if (const auto* m = std::get_if<BotMark>(&*result)) return "mark " + std::string(m->name) + (m->superfluous ? " +" : "");
    if (const auto* c = std::get_if<BotClear>(&*result)) return c->superfluous ? "clear +" : "clear";
    return "unknown";
}

TEST(BotScanner, messages_and_faults) {
    EXPECT_EQ(bot_verdict(R"({"event":"media","streamSid":"MZ1","media":{"payload":"AAAA"}})"), "media AAAA");
    EXPECT_EQ(bot_verdict(R"({"event":"media","streamSid":"MZ1","media":{"payload":"AAAA","track":"outbound"}})"), "media AAAA +");
    EXPECT_EQ(bot_verdict(R"({"event":"media","streamSid":"MZ1","x":1,"media":{"payload":"\/\/AA"}})"), "media //AA +");
    EXPECT_EQ(bot_verdict(R"({"event":"media","streamSid":"MZ1","media":{"payload":""}})"), "media ");
    EXPECT_EQ(bot_verdict(R"({"event":"mark","streamSid":"MZ1","mark":{"name":"n"}})"), "mark n");
    EXPECT_EQ(bot_verdict(R"({"event":"mark","streamSid":"MZ1","mark":{"name":"n","y":0}})"), "mark n +");
    EXPECT_EQ(bot_verdict(R"({"event":"clear","streamSid":"MZ1"})"), "clear");
    EXPECT_EQ(bot_verdict(R"({"event":"clear","streamSid":"MZ1","z":1})"), "clear +");
    EXPECT_EQ(bot_verdict(R"({"event":"transfer","streamSid":"MZ1"})"), "unknown");
    for (const std::string_view other :
         {R"({"event":"media","streamSid":"MZ2","media":{"payload":"AAAA"}})", R"({"event":"mark","streamSid":"MZ2","mark":{"name":"n"}})",
          R"({"event":"clear","streamSid":"MZ2"})", R"({"event":"clear","streamSid":""})"}) {
        EXPECT_EQ(bot_verdict(other), "stream_sid") << other;
    }
    for (const std::string_view bad :
         {R"({"event":"clear"})", R"({"event":"media","media":{"payload":"AAAA"}})", R"({"event":"media","streamSid":"MZ1"})",
          R"({"event":"media","streamSid":"MZ1","media":{}})", R"({"event":"media","streamSid":"MZ1","media":{"payload":null}})",
          R"({"event":"mark","streamSid":"MZ1","mark":{"name":1}})", R"({"streamSid":"MZ1"})", "[]", "\"clear\"", R"({"event":"clear","streamSid":1})"}) {
        EXPECT_EQ(bot_verdict(bad), "schema") << bad;
    }
    EXPECT_EQ(bot_verdict(R"({"event":"media","streamSid":"MZ1","media":{"payload":"AAA"}})"), "base64");
    EXPECT_EQ(bot_verdict(R"({"event":"clear","event":"clear","streamSid":"MZ1"})"), "json");
    EXPECT_EQ(bot_verdict("clear"), "json");
}

TEST(BotScanner, a_whole_utterance_in_one_message) {
    const auto message = [](std::size_t payload) { return R"({"event":"media","streamSid":"MZ1","media":{"payload":")" + std::string(payload, 'A') + "\"}}"; };
    const std::size_t frame = message(0).size();
    const std::size_t most = (kMaxBotMessageBytes - frame) / 4 * 4;
    BotScanner scanner("MZ1");
    EXPECT_TRUE(scanner.scan(message(most)));
    EXPECT_EQ(scanner.scan(message(most + 4)).error(), errc::too_big);
}

}  // namespace
}  // namespace parley::twilio
