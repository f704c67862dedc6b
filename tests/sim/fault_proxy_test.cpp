#include "parley/sim/fault_proxy.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "counter_emulator.hpp"
#include "parley/sim/base64.hpp"

namespace parley::sim {
namespace {

class ProxyBeforeCounter : public testing::Test {
protected:
    std::shared_ptr<Counter> vendor = std::make_shared<Counter>();
    VendorHost host{vendor, small_world()};
    FaultProxy proxy{options(host)};
    const std::string ws = "ws://127.0.0.1:" + std::to_string(proxy.port());

    static FaultProxyOptions options(const VendorHost& host) {
        FaultProxyOptions out;
        out.upstream = host.url() + "/v1";
        return out;
    }
    void script(const std::string& rules) { proxy.script(parse_fault_rules("rules: [" + rules + "]", "test")); }
};

TEST_F(ProxyBeforeCounter, is_invisible_without_a_fault) {
    const auto whole = exchange(proxy.port(), request_text("/whole?a=b%20c"));
    EXPECT_TRUE(whole.text.starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(whole.text.ends_with("{\"echo\":3}")) << whole.text;
    const auto deltas = exchange(proxy.port(), request_text("/deltas"));
    EXPECT_TRUE(deltas.text.ends_with("data: {\"item\":4}\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")) << deltas.text;
    const auto refused = exchange(proxy.port(), request_text("/whole", "wrong"));
    EXPECT_TRUE(refused.text.starts_with("HTTP/1.1 401"));
    EXPECT_NE(refused.text.find("{\"oops\":401"), std::string::npos);
    const auto got = talk(ws, {"hello", "bye"});
    EXPECT_EQ(got.texts.size(), 10u);
    EXPECT_EQ(got.end.close_code, 4010);
    EXPECT_EQ(host.log().front().target, "/whole?a=b%20c");

    const auto records = proxy.records();
    ASSERT_EQ(records.size(), 4u);
    EXPECT_EQ(records[0].items, 1u);
    EXPECT_EQ(records[0].sent, std::vector<std::string>{"abc"});
    EXPECT_EQ(records[1].items, 6u);  // [DONE] is an event too
    EXPECT_EQ(records[2].status, 401);
    EXPECT_EQ(records[2].items, 0u);
    EXPECT_EQ(records[3].status, 101);
    EXPECT_EQ(records[3].sent, (std::vector<std::string>{"hello", "bye"}));
}

TEST_F(ProxyBeforeCounter, does_to_a_healthy_vendor_what_the_script_says) {
    script(
        "{path: /deltas, stall_after: 2}, {path: /whole, status: 503}, {path: /socket, from: 1, to: 1, close_after: 3, "
        "close_code: 1013}, {path: /socket, half_open_after: 4}");
    const auto stalled = exchange(proxy.port(), request_text("/deltas"));
    EXPECT_NE(stalled.text.find("\"item\":1"), std::string::npos);
    EXPECT_EQ(stalled.text.find("\"item\":2"), std::string::npos);
    EXPECT_FALSE(stalled.ended);
    EXPECT_TRUE(exchange(proxy.port(), request_text("/whole")).text.starts_with("HTTP/1.1 503"));
    const auto closed = talk(ws, {"go"});
    EXPECT_EQ(closed.texts.size(), 3u);
    EXPECT_EQ(closed.end.close_code, 1013);
    const auto silent = talk(ws, {"go"});
    EXPECT_EQ(silent.texts.size(), 4u);
    EXPECT_FALSE(silent.over);
}

TEST_F(ProxyBeforeCounter, ends_the_vendors_side_when_the_client_goes) {
    host.script(parse_fault_rules("rules: [{stall_after: 1}]", "test"));
    exchange(proxy.port(), request_text("/deltas"), std::chrono::milliseconds(150));
    for (int i = 0; i < 300 && !vendor->left_early; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(vendor->left_early);
}

TEST_F(ProxyBeforeCounter, says_when_there_is_no_vendor) {
    host.stop();
    EXPECT_TRUE(exchange(proxy.port(), request_text("/whole")).text.starts_with("HTTP/1.1 502"));
    EXPECT_EQ(talk(ws, {"go"}).end.close_code, 1011);
}

std::vector<std::string> bytes_of(const std::vector<SpoiltItem>& items) {
    std::vector<std::string> out;
    for (const auto& one : items) out.push_back(one.bytes);
    return out;
}

TEST(Spoil, sound_in_binary_and_in_json) {
    const std::string sound(400, '\x12');
    const auto json = [](const std::string& bytes) { return R"({"type":"audio","data":")" + base64(bytes) + R"(","id":"x"})"; };
    Fault fault;
    fault.empty_audio = true;
    EXPECT_TRUE(spoil(fault, sound, false, true, 0).empty());
    EXPECT_TRUE(spoil(fault, json(sound), true, true, 0).empty());
    EXPECT_EQ(bytes_of(spoil(fault, R"({"type":"done"})", true, true, 0)), std::vector<std::string>{R"({"type":"done"})"});
    fault = {};
    fault.zero_audio = true;
    EXPECT_EQ(bytes_of(spoil(fault, sound, false, true, 0)), std::vector<std::string>{std::string(400, '\xff')});
    EXPECT_EQ(bytes_of(spoil(fault, json(sound), true, false, 0)), std::vector<std::string>{json(std::string(400, '\0'))});
    fault = {};
    fault.odd_bytes = true;
    EXPECT_EQ(spoil(fault, sound, false, false, 0).front().bytes.size(), 401u);
    EXPECT_EQ(spoil(fault, sound, false, true, 0).front().bytes.size(), 400u);
    fault = {};
    fault.wav_header = true;
    EXPECT_TRUE(spoil(fault, sound, false, true, 0).front().bytes.starts_with("RIFF"));
    EXPECT_EQ(spoil(fault, sound, false, true, 1).front().bytes, sound);
    fault = {};
    fault.wrong_rate = 12000;
    EXPECT_EQ(spoil(fault, std::string(600, 'a'), false, true, 0).front().bytes.size(), 400u);
}

TEST(Spoil, finals_of_a_recogniser) {
    const std::string final = R"({"type":"Results","is_final":true,"transcript":"yes"})", partial = R"({"type":"Results","is_final":false,"transcript":"ye"})";
    Fault fault;
    fault.no_final = true;
    EXPECT_TRUE(spoil(fault, final, true, false, 3).empty());
    EXPECT_EQ(bytes_of(spoil(fault, partial, true, false, 3)), std::vector<std::string>{partial});
    fault = {};
    fault.double_final = true;
    EXPECT_EQ(bytes_of(spoil(fault, final, true, false, 3)), (std::vector<std::string>{final, final}));
    fault = {};
    fault.late_final = std::chrono::seconds(3);
    EXPECT_EQ(spoil(fault, final, true, false, 3).front().delay, std::chrono::seconds(3));
    EXPECT_EQ(spoil(fault, partial, true, false, 3).front().delay, std::chrono::seconds(0));
    fault = {};
    fault.oversize_text = 1000;
    EXPECT_GT(spoil(fault, final, true, false, 3).front().bytes.size(), 1000u);
}

TEST(Spoil, words_and_the_end_of_a_model) {
    const std::string delta = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null}]}\n\n";
    const std::string end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    Fault fault;
    fault.empty_completion = true;
    EXPECT_EQ(spoil(fault, delta, true, false, 0).front().bytes, "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":null}]}\n\n");
    fault = {};
    fault.finish = "length";
    EXPECT_EQ(spoil(fault, delta, true, false, 0).front().bytes, delta);
    EXPECT_EQ(spoil(fault, delta, true, false, 9).front().bytes.find("Hello"), std::string::npos);
    EXPECT_EQ(spoil(fault, end, true, false, 9).front().bytes, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
    EXPECT_EQ(spoil(fault, "event: ping\n\n", true, false, 9).front().bytes, "event: ping\n\n");
    EXPECT_EQ(spoil(fault, "data: [DONE]\n\n", true, false, 9).front().bytes, "data: [DONE]\n\n");
}

TEST(Spoil, knows_a_cancel_when_it_sees_one) {
    EXPECT_TRUE(looks_cancel(R"({"type":"Clear"})"));
    EXPECT_TRUE(looks_cancel(R"({"type":"response.cancel"})"));
    EXPECT_FALSE(looks_cancel(R"({"type":"Speak","text":"a clear day"})"));
}

}  // namespace
}  // namespace parley::sim
