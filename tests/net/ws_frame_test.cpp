// The framing of RFC 6455 against a table in the order of the public conformance suite (cases 1 to 7 and 9), each case
// cut at every chunk size that matters and in both roles.

#include "parley/net/ws_frame.hpp"

#include <gmock/gmock.h>

#include <random>

#include "frame_script.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

using Lines = std::vector<std::string>;
using testing::ElementsAre;

struct FrameCase {
    std::string name;
    std::function<std::string(bool masked)> bytes;
    Lines want;
};

std::string frame(bool masked, int first, std::string_view payload) {
    return masked ? client_frame(static_cast<std::uint8_t>(first), payload) : server_frame(static_cast<std::uint8_t>(first), payload);
}

// Frames of "first byte, payload" in a row.
FrameCase row(std::string name, std::vector<std::pair<int, std::string>> frames, Lines want) {
    auto bytes = [frames = std::move(frames)](bool masked) {
        std::string all;
        for (const auto& [first, payload] : frames) all += frame(masked, first, payload);
        return all;
    };
    return {std::move(name), std::move(bytes), std::move(want)};
}

// The suite's UTF-8 sample: "κόσμε".
const std::string kKosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

std::vector<FrameCase> cases() {
    std::vector<FrameCase> all;
    const auto add = [&all](std::string name, std::vector<std::pair<int, std::string>> frames, Lines want) {
        all.push_back(row(std::move(name), std::move(frames), std::move(want)));
    };
    // 1: lengths of text and binary
    for (const std::size_t length : {0U, 1U, 125U, 126U, 127U, 128U, 65535U, 65536U}) {
        add("c1_1_text_" + std::to_string(length), {{0x81, std::string(length, '*')}}, {"text:" + std::string(length, '*')});
        add("c1_2_binary_" + std::to_string(length), {{0x82, std::string(length, '\xfe')}}, {"binary:" + std::string(length, '\xfe')});
    }
    // 2: pings and pongs
    add("c2_1_ping_empty", {{0x89, ""}}, {"ping:"});
    add("c2_3_ping_binary", {{0x89, std::string("\x00\xff\xfe\xfd", 4)}}, {"ping:" + std::string("\x00\xff\xfe\xfd", 4)});
    add("c2_4_ping_125", {{0x89, std::string(125, '\xfe')}}, {"ping:" + std::string(125, '\xfe')});
    add("c2_5_ping_126", {{0x89, std::string(126, '\xfe')}}, {"fault:1002"});
    add("c2_7_pong_unasked", {{0x8a, ""}}, {"pong:"});
    add("c2_8_pong_payload", {{0x8a, "unsolicited"}, {0x89, "p"}}, {"pong:unsolicited", "ping:p"});
    add("c2_10_ten_pings", {{0x89, "0"}, {0x89, "1"}, {0x89, "2"}}, {"ping:0", "ping:1", "ping:2"});
    // 3: reserved bits
    for (const int rsv : {0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70}) {
        add("c3_rsv_text_" + std::to_string(rsv), {{0x81, "ok"}, {0x81 | rsv, "bad"}}, {"text:ok", "fault:1002"});
        add("c3_rsv_ping_" + std::to_string(rsv), {{0x89 | rsv, ""}}, {"fault:1002"});
        add("c3_rsv_close_" + std::to_string(rsv), {{0x88 | rsv, ""}}, {"fault:1002"});
    }
    // 4: reserved opcodes
    for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
        add("c4_opcode_" + std::to_string(opcode), {{0x81, "ok"}, {0x80 | opcode, "x"}}, {"text:ok", "fault:1002"});
        add("c4_opcode_empty_" + std::to_string(opcode), {{0x80 | opcode, ""}}, {"fault:1002"});
    }
    // 5: fragmentation
    add("c5_1_ping_fragmented", {{0x09, "a"}, {0x80, "b"}}, {"fault:1002"});
    add("c5_2_pong_fragmented", {{0x0a, "a"}, {0x80, "b"}}, {"fault:1002"});
    add("c5_close_fragmented", {{0x08, ""}}, {"fault:1002"});
    add("c5_3_two_fragments", {{0x01, "frag"}, {0x80, "ment"}}, {"text:fragment"});
    add("c5_6_ping_between", {{0x01, "frag"}, {0x89, "p"}, {0x80, "ment"}}, {"ping:p", "text:fragment"});
    add("c5_9_continuation_first", {{0x80, "x"}}, {"fault:1002"});
    add("c5_10_continuation_not_final", {{0x00, "x"}, {0x81, "y"}}, {"fault:1002"});
    add("c5_11_continuation_after_message", {{0x81, "whole"}, {0x80, "x"}}, {"text:whole", "fault:1002"});
    add("c5_15_continuation_after_end", {{0x01, "a"}, {0x80, "b"}, {0x00, "c"}}, {"text:ab", "fault:1002"});
    add("c5_18_two_starts", {{0x01, "a"}, {0x81, "b"}}, {"fault:1002"});
    add("c5_19_pings_between", {{0x01, "f1"}, {0x00, "f2"}, {0x89, "p1"}, {0x00, "f3"}, {0x89, "p2"}, {0x80, "f4"}, {0x82, "b"}},
        {"ping:p1", "ping:p2", "text:f1f2f3f4", "binary:b"});
    add("c5_empty_fragments", {{0x02, ""}, {0x00, ""}, {0x00, "x"}, {0x80, ""}}, {"binary:x"});
    // 6: UTF-8
    add("c6_1_empty_fragments", {{0x01, ""}, {0x00, ""}, {0x80, ""}}, {"text:"});
    add("c6_2_valid", {{0x81, kKosme}}, {"text:" + kKosme});
    add("c6_2_cut_in_character", {{0x01, kKosme.substr(0, 3)}, {0x80, kKosme.substr(3)}}, {"text:" + kKosme});
    add("c6_2_cut_everywhere", {{0x01, kKosme.substr(0, 1)}, {0x00, kKosme.substr(1, 2)}, {0x89, ""}, {0x80, kKosme.substr(3)}}, {"ping:", "text:" + kKosme});
    add("c6_3_invalid", {{0x81, kKosme + "\xed\xa0\x80" + "edited"}}, {"fault:1007"});
    add("c6_4_fail_in_first_fragment", {{0x01, kKosme + "\xf4\x90"}, {0x80, "\x80\x80"}}, {"fault:1007"});
    add("c6_binary_is_not_checked", {{0x82, "\xed\xa0\x80"}}, {"binary:\xed\xa0\x80"});
    struct Utf8 {
        const char* name;
        std::string bytes;
        bool valid;
    };
    const Utf8 utf8[] = {{"nul", std::string(1, '\0'), true},
                         {"u0080", "\xc2\x80", true},
                         {"u07ff", "\xdf\xbf", true},
                         {"u0800", "\xe0\xa0\x80", true},
                         {"uffff", "\xef\xbf\xbf", true},
                         {"u10000", "\xf0\x90\x80\x80", true},
                         {"u10ffff", "\xf4\x8f\xbf\xbf", true},
                         {"ud7ff", "\xed\x9f\xbf", true},
                         {"ue000", "\xee\x80\x80", true},
                         {"ufffd", "\xef\xbf\xbd", true},
                         {"nonchar", "\xef\xbf\xbe", true},
                         {"u110000", "\xf4\x90\x80\x80", false},
                         {"five", "\xf8\x88\x80\x80\x80", false},
                         {"six", "\xfc\x84\x80\x80\x80\x80", false},
                         {"lone80", "\x80", false},
                         {"lonebf", "\xbf", false},
                         {"two_lone", "\x80\xbf", false},
                         {"c0", "\xc0\x80", false},
                         {"c1", "\xc1\xbf", false},
                         {"cut2", "\xc2", false},
                         {"cut3", "\xe1\x80", false},
                         {"cut4", "\xf0\x90\x80", false},
                         {"lead_then_ascii", "\xc3 ", false},
                         {"fe", "\xfe", false},
                         {"ff", "\xff", false},
                         {"overlong3", "\xe0\x9f\xbf", false},
                         {"overlong4", "\xf0\x8f\xbf\xbf", false},
                         {"surrogate_low", "\xed\xa0\x80", false},
                         {"surrogate_high", "\xed\xbf\xbf", false},
                         {"pair", "\xed\xa0\x80\xed\xb0\x80", false},
                         {"ascii16_then_bad", std::string(32, 'a') + "\xff", false},
                         {"ascii16_then_good", std::string(33, 'a') + "\xc3\xa4", true}};
    for (const Utf8& u : utf8) add(std::string("c6_") + u.name, {{0x81, u.bytes}}, {u.valid ? "text:" + u.bytes : "fault:1007"});
    // 7: closing
    add("c7_1_nothing_after_close", {{0x88, close_payload(1000)}, {0x89, ""}, {0x81, "x"}}, {"close:1000:"});
    add("c7_1_close_between_fragments", {{0x01, "a"}, {0x88, ""}}, {"close:1005:"});
    add("c7_3_empty", {{0x88, ""}}, {"close:1005:"});
    add("c7_3_one_byte", {{0x88, "a"}}, {"fault:1002"});
    add("c7_3_reason", {{0x88, close_payload(1000, "Hello World!")}}, {"close:1000:Hello World!"});
    add("c7_3_longest", {{0x88, close_payload(1000, std::string(123, '*'))}}, {"close:1000:" + std::string(123, '*')});
    add("c7_3_too_long", {{0x88, close_payload(1000, std::string(124, '*'))}}, {"fault:1002"});
    add("c7_5_bad_reason", {{0x88, close_payload(1000, "\xed\xa0\x80")}}, {"fault:1007"});
    add("c7_5_cut_reason", {{0x88, close_payload(1000, "\xc3")}}, {"fault:1007"});
    for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
        add("c7_7_" + std::to_string(code), {{0x88, close_payload(static_cast<std::uint16_t>(code))}}, {"close:" + std::to_string(code) + ":"});
    }
    for (const int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
        add("c7_9_" + std::to_string(code), {{0x88, close_payload(static_cast<std::uint16_t>(code))}}, {"fault:1002"});
    }
    // 9: sizes near the limit given to these cases (1 MiB), whole and in fragments
    add("c9_1_limit", {{0x81, std::string(1 << 20, 'x')}}, {"text:" + std::string(1 << 20, 'x')});
    add("c9_1_beyond", {{0x81, std::string((1 << 20) + 1, 'x')}}, {"fault:1009"});
    add("c9_3_fragments_to_limit", {{0x02, std::string(1 << 19, 'x')}, {0x80, std::string(1 << 19, 'y')}},
        {"binary:" + std::string(1 << 19, 'x') + std::string(1 << 19, 'y')});
    add("c9_3_fragments_beyond", {{0x02, std::string(1 << 19, 'x')}, {0x80, std::string((1 << 19) + 1, 'y')}}, {"fault:1009"});
    return all;
}

class WsFrames : public testing::TestWithParam<FrameCase> {};

TEST_P(WsFrames, reads_alike_however_cut) {
    const std::string masked = GetParam().bytes(true), plain = GetParam().bytes(false);
    const bool large = masked.size() > 4096;
    for (const std::size_t chunk : large ? std::vector<std::size_t>{1460, 65536, 4 << 20} : std::vector<std::size_t>{1, 2, 3, 7, 64, 1U << 20}) {
        EXPECT_EQ(read_frames(WsRole::server, masked, chunk), GetParam().want) << "chunk " << chunk;
        EXPECT_EQ(read_frames(WsRole::client, plain, chunk), GetParam().want) << "chunk " << chunk;
    }
}
INSTANTIATE_TEST_SUITE_P(table, WsFrames, testing::ValuesIn(cases()), [](const auto& info) { return info.param.name; });

TEST(WsFrame, each_role_refuses_the_other_ones_masking) {
    EXPECT_THAT(read_frames(WsRole::server, server_frame(0x81, "x"), 99), ElementsAre("fault:1002"));
    EXPECT_THAT(read_frames(WsRole::client, client_frame(0x81, "x"), 99), ElementsAre("fault:1002"));
    EXPECT_THAT(read_frames(WsRole::server, server_frame(0x89, ""), 99), ElementsAre("fault:1002"));
}

TEST(WsFrame, refuses_lengths_that_are_not_the_shortest) {
    EXPECT_THAT(read_frames(WsRole::client, std::string("\x82\x7e\x00\x7d", 4), 99), ElementsAre("fault:1002"));
    EXPECT_THAT(read_frames(WsRole::client, std::string("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", 10), 99), ElementsAre("fault:1002"));
    EXPECT_THAT(read_frames(WsRole::client, std::string("\x82\x7f\x80\x00\x00\x00\x00\x01\x00\x00", 10), 99), ElementsAre("fault:1002"));
    EXPECT_THAT(read_frames(WsRole::client, std::string("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10), 99), ElementsAre("fault:1009"));
}

TEST(WsFrame, refuses_by_the_head_alone) {
    // Not one payload byte of an oversized, reserved or misplaced frame is waited for.
    EXPECT_THAT(read_frames(WsRole::client, std::string("\x82\x7e\x04\x01", 4), 99, 1024), ElementsAre("fault:1009"));
    EXPECT_THAT(read_frames(WsRole::client, "\xc1", 99), ElementsAre("fault:1002"));
    EXPECT_THAT(read_frames(WsRole::client, "\x83", 99), ElementsAre("fault:1002"));
    EXPECT_THAT(read_frames(WsRole::client, "\x80", 99), ElementsAre("fault:1002"));
    EXPECT_THAT(read_frames(WsRole::client, "\x09", 99), ElementsAre("fault:1002"));
    EXPECT_THAT(read_frames(WsRole::client, "\x89\x7e", 99), ElementsAre("fault:1002"));
}

TEST(WsFrame, message_limit_one_below_at_and_above) {
    for (const std::size_t length : {99U, 100U}) {
        EXPECT_THAT(read_frames(WsRole::server, client_frame(0x82, std::string(length, 'x')), 7, 100), ElementsAre("binary:" + std::string(length, 'x')));
    }
    EXPECT_THAT(read_frames(WsRole::server, client_frame(0x82, std::string(101, 'x')), 7, 100), ElementsAre("fault:1009"));
    const std::string to_limit = client_frame(0x02, std::string(60, 'x')), rest = client_frame(0x00, std::string(40, 'x'));
    EXPECT_THAT(read_frames(WsRole::server, to_limit + rest + client_frame(0x80, "x"), 7, 100), ElementsAre("fault:1009"));
    EXPECT_THAT(read_frames(WsRole::server, to_limit + rest + client_frame(0x80, ""), 7, 100), ElementsAre("binary:" + std::string(100, 'x')));
}

TEST(WsFrame, a_fault_is_final) {
    WsFrameReader reader(WsRole::server, 100);
    std::string bad = "\xff";
    EXPECT_EQ(reader.step(bad).kind, WsStep::Kind::fault);
    std::string good = client_frame(0x81, "x");
    const WsStep again = reader.step(good);
    EXPECT_EQ(again.kind, WsStep::Kind::fault);
    EXPECT_EQ(again.code, 1002);
    EXPECT_EQ(again.fault, WsFault::framing);
}

TEST(WsFrame, in_message_from_first_byte_of_a_body_to_its_last_fragment) {
    WsFrameReader reader(WsRole::client, 100);
    std::string first = server_frame(0x01, "ab"), second = server_frame(0x80, "cd");
    EXPECT_FALSE(reader.in_message());
    std::string part = first.substr(0, 3);
    (void)reader.step(part);
    EXPECT_TRUE(reader.in_message());
    EXPECT_EQ(reader.step(first).kind, WsStep::Kind::need_more);
    EXPECT_TRUE(reader.in_message());
    EXPECT_EQ(reader.step(second).kind, WsStep::Kind::message);
    EXPECT_FALSE(reader.in_message());
}

TEST(WsFrame, gives_a_large_reassembly_back) {
    WsFrameReader reader(WsRole::client, 1 << 20);
    std::string bytes = server_frame(0x02, std::string(100000, 'x')) + server_frame(0x80, "y");
    EXPECT_EQ(reader.step(bytes).payload.size(), 100001U);
    std::string nothing;
    (void)reader.step(nothing);
    EXPECT_EQ(reader.assembly_capacity(), 0U);
}

TEST(WsMask, word_wise_equals_byte_wise_at_every_length_and_phase) {
    std::mt19937 random(7);
    std::array<char, 4> mask{};
    for (char& c : mask) c = static_cast<char>(random());
    for (std::size_t length = 0; length <= 70; ++length) {
        std::string text(length, '\0');
        for (char& c : text) c = static_cast<char>(random());
        for (std::size_t phase = 0; phase < 8; ++phase) {
            std::string want = text, got = text;
            for (std::size_t i = 0; i < length; ++i) want[i] = static_cast<char>(want[i] ^ mask[(i + phase) & 3]);
            ws_mask(got, mask, phase);
            EXPECT_EQ(got, want);
            if (phase == 0) {
                std::string copy(length, '\0');
                ws_mask_copy(copy.data(), text, mask);
                EXPECT_EQ(copy, want);
            }
        }
    }
}

TEST(WsHead, writes_the_shortest_length) {
    char out[kWsMaxHead];
    for (const auto& [payload, length] :
         std::vector<std::pair<std::size_t, std::size_t>>{{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}, {1U << 31, 10}}) {
        EXPECT_EQ(ws_write_head(out, 0x82, payload, nullptr), length);
        EXPECT_EQ(ws_head_length(payload, false), length);
        EXPECT_EQ(ws_head_length(payload, true), length + 4);
    }
}

}  // namespace
}  // namespace parley::net::test
