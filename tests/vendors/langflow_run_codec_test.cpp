#include "parley/vendors/langflow/run.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lm_recorder.hpp"

namespace parley::vendors {
namespace {

using nlohmann::json;

std::string message(const std::string& id, const std::string& text, const std::string& sender = "Machine", const std::string& more = "") {
    return R"({"event":"add_message","data":{"sender":")" + sender + R"(","text":")" + text + R"(","id":")" + id + "\"" + more + "}}";
}
std::string token(const std::string& id, const std::string& text) {
    return R"({"event":"token","data":{"chunk":")" + text + R"(","id":")" + id + R"("}})";
}
const std::string kRun =
    R"({"session_id":"c","outputs":[{"inputs":{},"outputs":[{"results":{"message":{"text":"Other."}},"component_id":"TextOutput-1"},{"results":{"message":{"data":{"text":"We are open."}}},"component_id":"ChatOutput-a1"}]}]})";
const std::string kEnd = R"({"event":"end","data":{"result":)" + kRun + "}}";

struct FlowCase {
    const char* name;
    std::vector<std::string> lines;
    const char *text, *how;
};

TEST(Langflow, ReadsRuns) {
    const std::vector<FlowCase> cases{
        {"tokens",
         {message("u", "hi", "User"), message("m", ""), token("m", "We are"), token("m", " open."), message("m", "We are open."), kEnd},
         "We are open.",
         "stop"},
        {"growing messages",
         {message("u", "hi", "User"), message("m", "We"), message("m", "We are"), message("m", "We are open."), kEnd},
         "We are open.",
         "stop"},
        {"only the end", {R"({"event":"build_start","data":{}})", kEnd}, "We are open.", "stop"},
        {"older end", {R"({"event":"end","data":{"result":{"session_id":"c","message":"Yes."}}})"}, "Yes.", "stop"},
        {"tokens after a message of the same id", {message("m", "We are"), token("m", "We"), kEnd}, "We are", "stop"},
        {"errors are not spoken",
         {message("m", "Traceback", "Machine", R"(,"category":"error")"), R"({"event":"error","data":{"error":"it broke"}})"},
         "",
         "!server"},
        {"neither end nor error", {message("m", "We")}, "We", "!closed"},
        {"nothing", {}, "", "!closed"},
        {"empty run", {R"({"event":"end","data":{"result":{"outputs":[]}}})"}, "", "stop"},
        {"with data:", {"data: " + token("m", "a"), ": beat", "data: " + kEnd}, "a", "stop"},
        {"no json", {token("m", "a"), "{\"event\":"}, "a", "!protocol"},
        {"wrong types", {R"({"event":7})", R"({"event":"token","data":[]})", R"({"event":"end","data":4})"}, "", "stop"},
    };
    for (const auto& c : cases)
        for (const char* between : {"\n\n", "\n", "\r\n\r\n"})
            for (const std::size_t piece : {1U, 7U, 10'000U}) {
                std::string bytes;
                for (const auto& line : c.lines) bytes += line + between;
                const auto reader = make_langflow_reader();
                const auto got = read_all(*reader, bytes, piece);
                EXPECT_EQ(got.text, c.text) << c.name;
                EXPECT_EQ(got.how, c.how) << c.name;
            }
    const auto cut = make_langflow_reader();
    EXPECT_EQ(read_all(*cut, token("m", "a") + "\n\n{\"event\":\"tok").how, "!protocol");
    const auto giant = make_langflow_reader();
    EXPECT_EQ(read_all(*giant, std::string(2 << 20, 'x'), 65536).how, "!too_big");
    const auto last = make_langflow_reader();  // the last line's end is missing, the object is whole
    EXPECT_EQ(read_all(*last, kEnd).how, "stop");
}

TEST(Langflow, ReadsAWholeRun) {
    const auto reader = make_langflow_reader();
    LmRecorder sink;
    reader->feed_whole(kRun, sink);
    EXPECT_EQ(how(reader->end(sink)), "stop");
    EXPECT_EQ(sink.text, "We are open.");
}

TEST(Langflow, AsksWithTheLastWords) {
    Endpoint where;
    where.vendor = "langflow";
    where.model = "front desk";
    where.options = {{"tweaks", R"({"OpenAI":{"temperature":0}})"}, {"var.CALLER", "+15550100"}};
    EXPECT_EQ(check_langflow(where), "");
    EXPECT_EQ(langflow_url(where), "http://localhost:7860/api/v1/run/front%20desk?stream=true");
    LmRequest request;
    for (const auto& [role, text] :
         {std::pair(LmMessage::Role::user, "old"), {LmMessage::Role::assistant, "x"}, {LmMessage::Role::user, "can I"}, {LmMessage::Role::user, "come"}}) {
        LmMessage one;
        one.role = role;
        one.text = text;
        request.messages.push_back(one);
    }
    request.conversation = "CA1";
    EXPECT_EQ(json::parse(langflow_body(request, where)),
              json::parse(R"({"input_value":"can I come","input_type":"chat","output_type":"chat","session_id":"CA1","tweaks":{"OpenAI":{"temperature":0}}})"));
    where.options["tweaks"] = R"({"ChatInput-1":{"input_value":"x"}})";
    EXPECT_NE(check_langflow(where), "");
    where.options = {{"var.A B", "x"}};
    EXPECT_NE(check_langflow(where), "");
}

}  // namespace
}  // namespace parley::vendors
