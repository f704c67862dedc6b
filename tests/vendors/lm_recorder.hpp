#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "parley/vendors/lm_reader.hpp"

namespace parley::vendors {

class LmRecorder : public LmSink {
public:
    void on_lm_open(std::string_view request_id) override { opened.emplace_back(request_id); }
    void on_text(std::string_view delta) override {
        text += delta;
        ++deltas;
    }
    void on_tool_delta(std::string_view name, std::string_view fragment) override { fragments += std::string(name) + ":" + std::string(fragment) + ";"; }
    void on_tool_call(const ToolCall& call) override { calls.push_back(call); }

    // "id name arguments" of each
    [[nodiscard]] std::string called() const {
        std::string out;
        for (const auto& call : calls) out += (out.empty() ? "" : ", ") + call.id + " " + call.name + " " + call.arguments;
        return out;
    }
    std::vector<std::string> opened;
    std::string text, fragments;
    int deltas = 0;
    std::vector<ToolCall> calls;
};

// "stop", …, or "!protocol", …
inline std::string how(const LmOutcome& outcome) {
    if (const auto* failure = std::get_if<Failure>(&outcome)) return "!" + std::string(name(failure->kind));
    return std::string(name(std::get<LmDone>(outcome).finish));
}

struct Read {
    std::string text, calls, how;
    LmOutcome outcome;
    LmRecorder sink;
};

inline Read read_all(LmReader& reader, std::string_view bytes, std::size_t piece = 5) {
    Read out;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) reader.feed(bytes.substr(0, piece), out.sink);
    out.outcome = reader.end(out.sink);
    out.text = out.sink.text;
    out.calls = out.sink.called();
    out.how = how(out.outcome);
    return out;
}

inline std::string events(const std::vector<std::string>& data) {
    std::string out;
    for (const auto& one : data) out += "data: " + one + "\n\n";
    return out;
}

struct StreamCase {
    const char* name;
    std::vector<std::string> data;
    const char *text, *calls, *how;
};

inline void expect_case(LmReader& reader, const StreamCase& c) {
    const auto got = read_all(reader, events(c.data));
    const auto* failure = std::get_if<Failure>(&got.outcome);
    EXPECT_EQ(got.text, c.text) << c.name;
    EXPECT_EQ(got.calls, c.calls) << c.name;
    EXPECT_EQ(got.how, c.how) << c.name << (failure != nullptr ? ": " + failure->reason : "");
}

}  // namespace parley::vendors
