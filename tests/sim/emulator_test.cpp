// The foundation of the emulated vendors, through a vendor of its own: what reaches the wire, and every transport fault
// of the script.

#include <gtest/gtest.h>

#include <thread>

#include "counter_emulator.hpp"

namespace parley::sim {
namespace {

using namespace std::chrono_literals;

class EmulatorHost : public testing::Test {
protected:
    std::shared_ptr<Counter> vendor = std::make_shared<Counter>();
    VendorHost host{vendor, small_world()};
    void script(const std::string& rules) { host.script(parse_fault_rules("rules: [" + rules + "]", "test")); }
};

const std::vector<std::string> kFive{R"({"item":0})", R"({"item":1})", R"({"item":2})", R"({"item":3})", R"({"item":4})"};

TEST_F(EmulatorHost, answers_whole_and_in_pieces_on_one_connection) {
    const auto got = exchange(host.port(), request_text("/whole", "sim-key", "keep-alive") + request_text("/deltas?x=1"));
    EXPECT_NE(got.text.find("\r\n\r\n{\"echo\":3}HTTP/1.1 200"), std::string::npos) << got.text;
    EXPECT_NE(got.text.find("12\r\ndata: {\"item\":0}\n\n\r\n"), std::string::npos) << got.text;
    EXPECT_TRUE(got.text.ends_with("data: [DONE]\n\n\r\n0\r\n\r\n"));
    EXPECT_TRUE(got.ended && !got.reset);
    const auto counts = host.counts();
    EXPECT_EQ(counts.requests, 2u);
    EXPECT_EQ(counts.most_connections, 1);
    EXPECT_EQ(counts.paths, (std::vector<std::pair<std::string, std::uint64_t>>{{"/deltas", 1}, {"/whole", 1}}));
}

TEST_F(EmulatorHost, refuses_in_the_vendors_own_words_and_keeps_no_credentials) {
    const auto got = exchange(host.port(), request_text("/whole?key=abcdef&model=m", "wrong"));
    EXPECT_TRUE(got.text.starts_with("HTTP/1.1 401")) << got.text;
    EXPECT_NE(got.text.find(R"({"oops":401)"), std::string::npos);
    const auto log = exchange(host.port(), "GET /sim/log HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_NE(log.text.find("/whole?key=***&model=m"), std::string::npos) << log.text;
    EXPECT_NE(log.text.find("\"body\":\"abc\""), std::string::npos);
    EXPECT_EQ(log.text.find("wrong"), std::string::npos);
    EXPECT_EQ(log.text.find("abcdef"), std::string::npos);
}

TEST_F(EmulatorHost, scripts_by_path_and_count_and_takes_a_new_one_while_running) {
    script("{path: /whole, from: 2, to: 2, status: 429, retry_after: 0.5}");
    EXPECT_TRUE(exchange(host.port(), request_text("/whole")).text.starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(exchange(host.port(), request_text("/deltas")).text.starts_with("HTTP/1.1 200"));
    const auto second = exchange(host.port(), request_text("/whole")).text;
    EXPECT_TRUE(second.starts_with("HTTP/1.1 429")) << second;
    EXPECT_NE(second.find("retry-after: 0.5\r\n"), std::string::npos) << second;
    EXPECT_TRUE(exchange(host.port(), request_text("/whole")).text.starts_with("HTTP/1.1 200"));
    const std::string rules = R"({"rules":[{"status":503}]})";
    const auto put = [&](const std::string& body) {
        return exchange(host.port(),
                        "PUT /sim/script HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body)
            .text;
    };
    EXPECT_TRUE(put(rules).starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(exchange(host.port(), request_text("/whole")).text.starts_with("HTTP/1.1 503"));
    const auto wrong = put(R"({"rules":[{"stal_after":1}]})");
    EXPECT_TRUE(wrong.starts_with("HTTP/1.1 400"));
    EXPECT_NE(wrong.find("stall_after"), std::string::npos) << wrong;
}

struct HttpFault {
    const char* name;
    const char* rule;
    std::size_t events;    // how many whole items come
    bool ended, reset;     // how the connection is left
    const char* contains;  // beside that; empty: nothing special
};
class EmulatorHttpFaults : public testing::TestWithParam<HttpFault> {};
TEST_P(EmulatorHttpFaults, reach_the_wire) {
    VendorHost host(std::make_shared<Counter>(), small_world());
    host.script(parse_fault_rules(std::string("rules: [") + GetParam().rule + "]", "test"));
    const auto got = exchange(host.port(), request_text("/deltas"), GetParam().ended ? 10s : 1s);
    std::size_t events = 0;
    for (std::size_t at = 0; (at = got.text.find("data: {\"item\"", at)) != std::string::npos; ++at)
        if (got.text.find("}\n\n", at) < got.text.find("data: ", at + 1)) ++events;
    EXPECT_EQ(events, GetParam().events) << got.text.substr(0, 2000);
    EXPECT_EQ(got.ended, GetParam().ended);
    EXPECT_EQ(got.reset, GetParam().reset);
    EXPECT_NE(got.text.find(GetParam().contains), std::string::npos) << got.text.substr(0, 2000);
}
INSTANTIATE_TEST_SUITE_P(cases, EmulatorHttpFaults,
                         testing::Values(HttpFault{"none", "", 5, true, false, "[DONE]"}, HttpFault{"stall", "{stall_after: 2}", 2, false, false, ""},
                                         HttpFault{"stall_at_once", "{stall_after: 0}", 0, false, false, "HTTP/1.1 200"},
                                         HttpFault{"half_open", "{half_open_after: 3}", 3, false, false, ""},
                                         HttpFault{"fin", "{close_after: 2, close_code: 1}", 2, true, false, ""},
                                         HttpFault{"rst", "{close_after: 2, close_code: 0}", 2, true, true, ""},
                                         HttpFault{"nothing_at_all", "{close_after: 0, close_code: 1}", 0, true, false, ""},
                                         HttpFault{"byte", "{close_after_bytes: 136, close_code: 1}", 2, true, false, ""},
                                         HttpFault{"malformed", "{malformed_after: 1}", 4, true, false, "data: {\"ite\n\n"},
                                         HttpFault{"giant", "{giant_after: 1, giant_bytes: 100000}", 4, true, false, "{\"padding\":\"xxxx"},
                                         HttpFault{"unknown", "{unknown_event: 1}", 5, true, false, "zz.unheard_of"},
                                         HttpFault{"order", "{wrong_order: 1}", 5, true, false, "data: {\"item\":2}\n\n\r\n12\r\ndata: {\"item\":1}\n\n"},
                                         HttpFault{"redirect", "{redirect: \"http://elsewhere.example/x\"}", 0, true, false,
                                                   "location: http://elsewhere.example/x"},
                                         HttpFault{"bomb", "{gzip_bomb: true}", 0, true, false, "content-encoding: gzip"}),
                         [](const auto& one) { return one.param.name; });

TEST_F(EmulatorHost, tells_the_emulator_when_the_client_goes) {
    script("{stall_after: 1}");
    exchange(host.port(), request_text("/deltas"), 100ms);
    for (int i = 0; i < 200 && !vendor->left_early; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(vendor->left_early);
}

TEST_F(EmulatorHost, holds_a_conversation_on_a_socket_and_closes_as_told) {
    const auto got = talk(host.ws_url(), {"hello", "bye"});
    auto twice = kFive;
    twice.insert(twice.end(), kFive.begin(), kFive.end());
    EXPECT_EQ(got.texts, twice);
    EXPECT_EQ(got.end.close_code, 4010);
    EXPECT_EQ(host.received(), (std::vector<std::string>{"hello", "bye"}));
    EXPECT_FALSE(talk(host.ws_url(), {}, "/nothing").opened);
}

struct SocketFault {
    const char* name;
    const char* rule;
    std::vector<std::string> texts;
    bool over;
    int close_code;
    const char* why;  // part of the end's text
};
class EmulatorSocketFaults : public testing::TestWithParam<SocketFault> {};
TEST_P(EmulatorSocketFaults, reach_the_wire) {
    VendorHost host(std::make_shared<Counter>(), small_world());
    host.script(parse_fault_rules(std::string("rules: [") + GetParam().rule + "]", "test"));
    const auto got = talk(host.ws_url(), {"go"}, "/socket", GetParam().over ? 10s : 1s);
    EXPECT_EQ(got.texts, GetParam().texts);
    EXPECT_EQ(got.over, GetParam().over);
    EXPECT_EQ(got.end.close_code, GetParam().close_code);
    EXPECT_NE(got.end.text.find(GetParam().why), std::string::npos) << got.end.text;
}
const std::vector<std::string> kTwo{kFive[0], kFive[1]};
INSTANTIATE_TEST_SUITE_P(cases, EmulatorSocketFaults,
                         testing::Values(SocketFault{"stall", "{stall_after: 2}", kTwo, false, 0, ""},
                                         SocketFault{"half_open", "{half_open_after: 2}", kTwo, false, 0, ""},
                                         SocketFault{"half_open_at_once", "{half_open_after: 0}", {}, false, 0, ""},
                                         SocketFault{"close", "{close_after: 2, close_code: 1011}", kTwo, true, 1011, ""},
                                         SocketFault{"close_at_once", "{close_after: 0, close_code: 4008}", {}, true, 4008, ""},
                                         SocketFault{"rst", "{close_after: 2, close_code: 0}", kTwo, true, 0, "reset"},
                                         SocketFault{"fin", "{close_after: 2, close_code: 1}", kTwo, true, 0, "End of file"},
                                         SocketFault{"byte", "{close_after_bytes: 25, close_code: 1}", kTwo, true, 0, "End of file"},
                                         SocketFault{"malformed", "{malformed_after: 1}", {kFive[0], "{\"ite", kFive[2], kFive[3], kFive[4]}, false, 0, ""},
                                         SocketFault{"order", "{wrong_order: 0}", {kFive[1], kFive[0], kFive[2], kFive[3], kFive[4]}, false, 0, ""},
                                         SocketFault{"limit", "{session_limit: 100ms, close_code: 1008}", kFive, true, 1008, ""},
                                         SocketFault{"status", "{status: 503}", {}, false, 0, "503"}),
                         [](const auto& one) { return one.param.name; });

TEST_F(EmulatorHost, counts_items_from_the_response_the_script_names) {
    script("{stall_after: 2, at_response: 3}");  // the first message is response 2
    const auto got = talk(host.ws_url(), {"one", "two"});
    EXPECT_EQ(got.texts.size(), 7u);
}

TEST_F(EmulatorHost, swallows_everything_when_half_open) {
    script("{half_open_after: 1}");
    const auto got = talk(host.ws_url(), {"one", "two", "three"});
    EXPECT_EQ(got.texts.size(), 1u);
    EXPECT_TRUE(got.opened && !got.over);
}

TEST_F(EmulatorHost, stops_while_clients_hang) {
    script("{stall_after: 0}");
    std::thread client([&] { exchange(host.port(), request_text("/deltas"), 5s); });
    std::thread second([&] { talk(host.ws_url(), {"x"}, "/socket", 5s); });
    for (int i = 0; i < 300 && host.counts().requests < 2; ++i) std::this_thread::sleep_for(10ms);
    host.stop();
    client.join();
    second.join();
    EXPECT_EQ(host.counts().connections, 0);
}

TEST(GzipBomb, is_a_gzip_stream_of_the_size_it_says) {
    const auto bomb = gzip_bomb(1 << 20);
    EXPECT_LT(bomb.size(), 8000u);
    EXPECT_TRUE(bomb.starts_with("\x1f\x8b\x08"));
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(bomb[bomb.size() - 4 + i])) << (8 * i);
    EXPECT_NEAR(size, 1 << 20, 258);
}

}  // namespace
}  // namespace parley::sim
