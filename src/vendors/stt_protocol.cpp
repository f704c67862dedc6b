#include "parley/vendors/stt_protocol.hpp"

#include <algorithm>
#include <cmath>

namespace parley::vendors {

namespace {
double share(double value) {
    return std::isfinite(value) ? std::clamp(value, 0.0, 1.0) : 0.0;
}
}  // namespace

SttNews SttNews::opened(std::string_view request_id) {
    SttNews news(What::opened);
    news.text = plain(request_id, 128);
    return news;
}

SttNews SttNews::piece(std::string_view text, double confidence) {
    SttNews news(What::piece);
    news.text = plain(text, kTranscriptBytes);
    news.confidence = share(confidence);
    return news;
}

SttNews SttNews::interim(std::string_view text) {
    SttNews news(What::interim);
    news.text = plain(text, kTranscriptBytes);
    return news;
}

SttNews SttNews::end_of_turn(double confidence, bool eager) {
    SttNews news(What::end_of_turn);
    news.confidence = share(confidence);
    news.eager = eager;
    return news;
}

SttNews SttNews::failed(Failure failure) {
    SttNews news(What::failed);
    news.failure = std::move(failure);
    return news;
}

SttNews SttNews::nonsense(std::string_view sentence) {
    Failure failure;
    failure.kind = FailureKind::protocol;
    failure.phase = "stream";
    failure.reason = plain(sentence);
    return failed(std::move(failure));
}

}  // namespace parley::vendors
