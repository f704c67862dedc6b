#pragma once
// A recogniser's codec under any sequence of messages, finalizes and hints: whatever comes, what is understood stays
// within its bounds.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "parley/net/utf8.hpp"
#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/stt_protocol.hpp"

namespace parley::vendors {

inline void require(bool truth) {
    if (!truth) std::abort();
}

inline void require_clean(std::string_view text, std::size_t most) {
    require(text.size() <= most);
    for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
    net::Utf8Checker checker;
    require(checker.feed(std::span(text.data(), text.size())) && checker.complete());
}

// One message a line; a line "F" is a finalize, "T" its time running out, "H…" a hint.
inline void feed(SttProtocol& protocol, std::string_view script) {
    bool owed = false;
    for (int lines = 0; !script.empty() && lines < 200; ++lines) {
        const auto line = script.substr(0, script.find('\n'));
        script.remove_prefix(std::min(line.size() + 1, script.size()));
        SttProtocol::News news;
        SttProtocol::Out out;
        if (line == "F") {
            if (!owed) protocol.finalize(out);
            owed = true;
        } else if (line == "T") {
            if (owed) protocol.finalize_unanswered(news);
            owed = false;
        } else if (line.starts_with('H')) {
            protocol.hint(line.substr(1), out);
        } else {
            protocol.read(line, news, out);
        }
        for (const auto& item : news) {
            require_clean(item.text, SttNews::kTranscriptBytes);
            require(item.confidence >= 0 && item.confidence <= 1);
            if (item.what == SttNews::What::piece) require(!item.text.empty());
            if (item.what == SttNews::What::finalized) {
                require(owed);
                owed = false;
            }
            if (item.what == SttNews::What::failed) {
                require_clean(item.failure.reason, 300);
                Failure failure = item.failure;
                protocol.refine(failure);
                return;
            }
        }
    }
}

inline Endpoint fuzz_endpoint() {
    Endpoint endpoint;
    endpoint.key = Secret("k");
    return endpoint;
}

}  // namespace parley::vendors
