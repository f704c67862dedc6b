#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "parley/vendors/link.hpp"
#include "parley/vendors/speech_line.hpp"
#include "parley/vendors/tts.hpp"

namespace parley::vendors {

// How a vendor that takes one request a text is asked.
struct HttpSpeechPlan {
    std::string url;
    net::HttpHeaders headers;  // credentials and content type
    std::function<std::string(std::string_view text)> body;
    SpeechFormat format;
    std::size_t most_characters = 2000;  // of a text; a longer one is refused unasked
    // One sentence if a 2xx reply of this content type is not what was asked for; else empty.
    std::function<std::string(std::string_view content_type)> wrong_type;
    std::string_view request_id;  // name of the reply's header
    std::chrono::milliseconds connect_within{2000};
};

// Speaks each text with one POST, one after the other; cancelling closes the request's connection.
[[nodiscard]] std::unique_ptr<TtsStream> make_http_speech(HttpSpeechPlan plan, const Link& link, TtsSink& sink);

}  // namespace parley::vendors
