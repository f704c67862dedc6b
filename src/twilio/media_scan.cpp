#include "media_scan.hpp"

#include <cstring>
#include <limits>

namespace parley::twilio {
namespace {

class Cursor {
public:
    explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    void blanks() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
    }
    bool take(char c) {
        blanks();
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }
    bool at_end() {
        blanks();
        return at_ == end_;
    }

    // A string of printable ASCII without escapes.
    bool string(std::string_view& out) {
        if (!take('"')) return false;
        const auto* close = static_cast<const char*>(std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)));
        if (close == nullptr) return false;
        out = std::string_view(at_, static_cast<std::size_t>(close - at_));
        at_ = close + 1;
        unsigned odd = 0;
        for (const char raw : out) {
            const auto c = static_cast<unsigned char>(raw);
            odd |= static_cast<unsigned>((c < 0x20) | (c > 0x7E) | (c == '\\'));
        }
        return odd == 0;
    }

    bool decimal(Decimal& out) {
        blanks();
        if (at_ == end_) return false;
        if (*at_ == '"') {
            std::string_view text;
            if (!string(text)) return false;
            out = decimal_of(text);
            return true;
        }
        const char* first = at_;
        while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
        const std::string_view digits(first, static_cast<std::size_t>(at_ - first));
        if (digits.empty() || digits.size() > 19 || (digits.size() > 1 && digits[0] == '0')) return false;
        out = decimal_of(digits);
        return true;  // a fraction or exponent fails at the ',' or '}' that must follow
    }

private:
    const char* at_;
    const char* end_;
};

bool once(bool& seen) {
    const bool first = !seen;
    seen = true;
    return first;
}

bool media_object(Cursor& in, ScannedMedia& out) {
    if (!in.take('{')) return false;
    do {
        std::string_view key;
        if (!in.string(key) || !in.take(':')) return false;
        bool good = false;
        if (key == "payload") {
            good = once(out.has_payload) && in.string(out.payload);
        } else if (key == "track") {
            good = once(out.has_track) && in.string(out.track);
        } else if (key == "chunk") {
            good = once(out.has_chunk) && in.decimal(out.chunk);
        } else if (key == "timestamp") {
            good = once(out.has_timestamp) && in.decimal(out.timestamp);
        }
        if (!good) return false;
    } while (in.take(','));
    return in.take('}');
}

}  // namespace

Decimal decimal_of(std::string_view digits) {
    Decimal out;
    if (digits.empty() || digits.size() > 64) return out;
    for (const char c : digits) {
        if (c < '0' || c > '9') return {};
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (out.value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return {};
        out.value = out.value * 10 + digit;
    }
    out.valid = true;
    return out;
}

std::optional<ScannedMedia> scan_media(std::string_view text) {
    Cursor in(text);
    ScannedMedia out;
    bool has_event = false;
    bool has_media = false;
    if (!in.take('{')) return std::nullopt;
    do {
        std::string_view key;
        if (!in.string(key) || !in.take(':')) return std::nullopt;
        bool good = false;
        if (key == "event") {
            std::string_view event;
            good = once(has_event) && in.string(event) && event == "media";
        } else if (key == "media") {
            good = once(has_media) && media_object(in, out);
        } else if (key == "streamSid") {
            good = once(out.has_stream_sid) && in.string(out.stream_sid);
        } else if (key == "sequenceNumber") {
            good = once(out.has_sequence) && in.decimal(out.sequence);
        }
        if (!good) return std::nullopt;
    } while (in.take(','));
    if (!in.take('}') || !in.at_end() || !has_event || !has_media) return std::nullopt;
    return out;
}

}  // namespace parley::twilio
