#pragma once
// Drives a WsFrameReader with bytes cut into chunks, the way a connection does: an unconsumed tail moves to a new place
// each time.

#include <string>
#include <string_view>
#include <vector>

#include "parley/net/ws_frame.hpp"

namespace parley::net::test {

// One line a step: "text:…", "binary:…", "ping:…", "pong:…", "close:CODE:reason", "fault:CODE". Ends at close or fault.
inline std::vector<std::string> read_frames(WsRole role, std::string_view bytes, std::size_t chunk, std::size_t max_message = 1 << 20) {
    WsFrameReader reader(role, max_message);
    std::vector<std::string> steps;
    std::string pending;
    while (true) {
        std::string moved = pending;  // another address
        moved += bytes.substr(0, chunk);
        bytes.remove_prefix(std::min(chunk, bytes.size()));
        std::span<char> rest(moved.data(), moved.size());
        while (true) {
            const WsStep step = reader.step(rest);
            rest = rest.subspan(step.consumed);
            const std::string payload(step.payload.data(), step.payload.size());
            if (step.kind == WsStep::Kind::need_more) break;
            switch (step.kind) {
                case WsStep::Kind::message:
                    steps.push_back((step.opcode == WsOpcode::text ? "text:" : "binary:") + payload);
                    break;
                case WsStep::Kind::ping:
                    steps.push_back("ping:" + payload);
                    break;
                case WsStep::Kind::pong:
                    steps.push_back("pong:" + payload);
                    break;
                case WsStep::Kind::close:
                    steps.push_back("close:" + std::to_string(step.code) + ":" + payload);
                    return steps;
                case WsStep::Kind::fault:
                    steps.push_back("fault:" + std::to_string(step.code));
                    return steps;
                case WsStep::Kind::need_more:
                    break;
            }
        }
        pending.assign(rest.data(), rest.size());
        if (bytes.empty()) break;
    }
    return steps;
}

}  // namespace parley::net::test
