#include "parley/vendors/sse.hpp"

namespace parley::vendors {

void SseReader::feed(std::string_view bytes) {
    if (too_big_) return;
    if (at_ > 0) {
        buffer_.erase(0, at_);
        at_ = 0;
    }
    buffer_.append(bytes);
}

// A CR at the very end may be half of a CRLF: it waits for the next byte.
bool SseReader::take_line(std::string_view& line) {
    const auto end = buffer_.find_first_of("\r\n", at_);
    if (end == std::string::npos || (buffer_[end] == '\r' && end + 1 == buffer_.size())) {
        if (buffer_.size() - at_ > limit_) too_big_ = true;
        return false;
    }
    line = std::string_view(buffer_).substr(at_, end - at_);
    at_ = end + 1;
    if (buffer_[end] == '\r' && buffer_[at_] == '\n') ++at_;
    if (first_) {
        first_ = false;
        constexpr std::string_view kMark = "\xEF\xBB\xBF";
        if (line.starts_with(kMark)) line.remove_prefix(kMark.size());
    }
    return true;
}

std::optional<ServerSentEvent> SseReader::next() {
    std::string_view line;
    while (!too_big_ && take_line(line)) {
        if (line.empty()) {
            if (!any_data_) {
                event_.clear();
                continue;
            }
            ServerSentEvent event{std::move(event_), std::move(data_)};
            event_.clear();
            data_.clear();
            any_data_ = false;
            return event;
        }
        const auto colon = line.find(':');
        const auto field = line.substr(0, colon);
        std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
        if (value.starts_with(' ')) value.remove_prefix(1);
        if (field == "data") {
            if (data_.size() + value.size() > limit_) {
                too_big_ = true;
                break;
            }
            if (any_data_) data_ += '\n';
            data_ += value;
            any_data_ = true;
        } else if (field == "event") {
            event_ = value;
        }
    }
    return std::nullopt;
}

}  // namespace parley::vendors
