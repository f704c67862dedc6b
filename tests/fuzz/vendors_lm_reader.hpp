#pragma once
// What every reader of a model's answer owes: no throw, no bound exceeded, valid arguments, and the same whatever the
// cuts. The first byte is the size of the pieces.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "parley/net/utf8.hpp"
#include "parley/vendors/lm_reader.hpp"

namespace parley::vendors {

class FuzzSink final : public LmSink {
public:
    void on_lm_open(std::string_view) override {}
    void on_text(std::string_view delta) override {
        net::Utf8Checker checker;
        if (!checker.feed(std::span(delta.data(), delta.size())) || !checker.complete()) std::abort();
        text += delta;
    }
    void on_tool_call(const ToolCall& call) override {
        if (!nlohmann::json::parse(call.arguments, nullptr, false).is_object() || call.id.empty() || call.name.empty()) std::abort();
        calls += call.id + "|" + call.name + "|" + call.arguments + "|" + call.vendor_data + "\n";
        if (++count > LmReader::kCalls) std::abort();
    }
    std::string text, calls;
    std::size_t count = 0;
};

inline std::string told(LmReader& reader, std::string_view bytes, std::size_t piece, bool whole) {
    FuzzSink sink;
    if (whole) reader.feed_whole(bytes, sink);
    for (; !whole && !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) reader.feed(bytes.substr(0, piece), sink);
    const auto outcome = reader.end(sink);
    if (sink.text.size() > LmReader::kText) std::abort();
    const auto* failure = std::get_if<Failure>(&outcome);
    return sink.text + "\n" + sink.calls + (failure != nullptr ? std::string(name(failure->kind)) : std::string(name(std::get<LmDone>(outcome).finish)));
}

template <class Make>
int fuzz_reader(Make make, const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    auto cut = make();
    auto one = make();
    if (told(*cut, bytes, 1 + data[0] % 37U, false) != told(*one, bytes, size, false)) std::abort();
    auto body = make();
    (void)told(*body, bytes, size, true);
    return 0;
}

}  // namespace parley::vendors
