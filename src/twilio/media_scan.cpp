#include "media_scan.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "parley/audio/base64.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::twilio {
namespace {

// Characters that stand for themselves inside a JSON string and are one byte long.
constexpr auto kPlain = [] {
    std::array<bool, 256> plain{};
    for (std::size_t c = 0x20; c <= 0x7E; ++c) plain[c] = c != '"' && c != '\\';
    return plain;
}();

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
        const char* first = at_;
        while (at_ != end_ && kPlain[static_cast<unsigned char>(*at_)]) ++at_;
        if (at_ == end_ || *at_ != '"') return false;
        out = std::string_view(first, static_cast<std::size_t>(at_ - first));
        ++at_;
        return true;
    }

    // The same for the one long string. Base64 is plain, and its own check is the faster one.
    bool payload(std::string_view& out, bool& valid) {
        if (!take('"')) return false;
        const auto* close = static_cast<const char*>(std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)));
        if (close == nullptr) return false;
        out = std::string_view(at_, static_cast<std::size_t>(close - at_));
        at_ = close + 1;
        valid = audio::base64_valid(out).has_value();
        return valid || std::all_of(out.begin(), out.end(), [](char c) { return kPlain[static_cast<unsigned char>(c)]; });
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

// Twilio's own spelling, byte for byte: what nearly every message is.
class Exact {
public:
    explicit Exact(std::string_view text) : left_(text) {}

    bool literal(std::string_view expected) {
        if (!left_.starts_with(expected)) return false;
        left_.remove_prefix(expected.size());
        return true;
    }
    bool digits(Decimal& out) {
        std::size_t n = 0;
        while (n < left_.size() && n < 19 && left_[n] >= '0' && left_[n] <= '9') {
            out.value = out.value * 10 + static_cast<std::uint64_t>(left_[n++] - '0');
        }
        left_.remove_prefix(n);
        out.valid = n > 0;
        return out.valid;  // a twentieth digit fails at the quote that must follow
    }
    // Up to the next quote; the caller has checked what may stand there.
    bool until_quote(std::string_view& out) {
        const std::size_t quote = left_.find('"');
        if (quote == std::string_view::npos) return false;
        out = left_.substr(0, quote);
        left_.remove_prefix(quote);
        return true;
    }
    bool at_end() const { return left_.empty(); }

private:
    std::string_view left_;
};

bool scan_exact(std::string_view text, ScannedMedia& out) {
    Exact in(text);
    if (!in.literal(R"({"event":"media","sequenceNumber":")") || !in.digits(out.sequence)) return false;
    if (!in.literal(R"(","media":{"track":")")) return false;
    if (in.literal("inbound")) {
        out.track = "inbound";
    } else if (in.literal("outbound")) {
        out.track = "outbound";
    } else {
        return false;
    }
    if (!in.literal(R"(","chunk":")") || !in.digits(out.chunk)) return false;
    if (!in.literal(R"(","timestamp":")") || !in.digits(out.timestamp)) return false;
    if (!in.literal(R"(","payload":")") || !in.until_quote(out.payload) || !audio::base64_valid(out.payload)) return false;
    if (!in.literal(R"("},"streamSid":")") || !in.until_quote(out.stream_sid) || !is_wire_id(out.stream_sid)) return false;
    if (!in.literal("\"}") || !in.at_end()) return false;
    out.has_sequence = out.has_stream_sid = out.has_track = out.has_chunk = out.has_timestamp = out.has_payload = true;
    out.payload_valid = true;
    return true;
}

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
            good = once(out.has_payload) && in.payload(out.payload, out.payload_valid);
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
    ScannedMedia out;
    if (scan_exact(text, out)) return out;
    out = {};
    Cursor in(text);
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
