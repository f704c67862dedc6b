#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace parley::vendors {

struct ServerSentEvent {
    std::string event;  // empty: none was named ("message")
    std::string data;   // lines joined with \n
};

// An event stream (WHATWG HTML, "Server-sent events") from bytes as they come: CR, LF and CRLF, a byte order mark, comments, data of several
// lines, cuts anywhere. `id` and `retry` are read over. Pure.
class SseReader {
public:
    explicit SseReader(std::size_t event_limit = std::size_t{1} << 20) : limit_(event_limit) {}

    void feed(std::string_view bytes);
    // The next complete event with data, or nothing: feed more.
    [[nodiscard]] std::optional<ServerSentEvent> next();
    [[nodiscard]] bool too_big() const { return too_big_; }  // a line or an event beyond the limit: nothing comes any more
    // Bytes of an event that was not finished by an empty line (a cut stream).
    [[nodiscard]] bool unfinished() const { return !data_.empty() || !event_.empty() || at_ < buffer_.size(); }

private:
    bool take_line(std::string_view& line);

    std::size_t limit_;
    std::string buffer_;
    std::size_t at_ = 0;  // parsed so far
    std::string event_, data_;
    bool any_data_ = false, first_ = true, too_big_ = false;
};

}  // namespace parley::vendors
