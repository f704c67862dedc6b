#pragma once
// What a recogniser's codec understood, as one line a test can compare.

#include <cstdio>
#include <string>
#include <string_view>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/stt_protocol.hpp"

namespace parley::vendors {

inline std::string words(const SttNews& news) {
    char number[16];
    std::snprintf(number, sizeof number, "%.2f", news.confidence);
    switch (news.what) {
        case SttNews::What::opened:
            return "opened " + news.text;
        case SttNews::What::speech_started:
            return "started";
        case SttNews::What::piece:
            return "piece(" + news.text + " " + number + ")";
        case SttNews::What::interim:
            return "interim(" + news.text + ")";
        case SttNews::What::end_of_turn:
            return std::string(news.eager ? "eager " : "end ") + number;
        case SttNews::What::turn_resumed:
            return "resumed";
        case SttNews::What::finalized:
            return "finalized";
        case SttNews::What::failed:
            return "failed " + std::string(name(news.failure.kind));
    }
    return {};
}

// Everything one message was understood as, separated by "; ".
inline std::string read(SttProtocol& protocol, std::string_view message, SttProtocol::Out* answers = nullptr) {
    SttProtocol::News news;
    SttProtocol::Out out;
    protocol.read(message, news, out);
    if (answers != nullptr) *answers = std::move(out);
    std::string line;
    for (const auto& item : news) {
        if (!line.empty()) line += "; ";
        line += words(item);
    }
    return line;
}

inline std::string finalize_text(SttProtocol& protocol) {
    SttProtocol::Out out;
    protocol.finalize(out);
    std::string all;
    for (const auto& message : out) all += message.bytes;
    return all;
}

struct Step {
    const char* message;
    const char* understood;
};

inline Endpoint with_key() {
    Endpoint endpoint;
    endpoint.name = "test";
    endpoint.key = Secret("key-1");
    return endpoint;
}

}  // namespace parley::vendors
