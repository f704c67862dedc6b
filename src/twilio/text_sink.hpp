#pragma once
// Appends to a fixed buffer; once something does not fit, nothing more is written and the result is empty.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley::twilio {

class TextSink {
public:
    explicit TextSink(std::span<char> out) : out_(out) {}

    TextSink& text(std::string_view part) {
        if (part.size() > out_.size() - used_) failed_ = true;
        if (failed_) return *this;
        std::copy(part.begin(), part.end(), out_.data() + used_);
        used_ += part.size();
        return *this;
    }
    TextSink& number(std::uint64_t value) {
        char digits[20];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        return text({digits, static_cast<std::size_t>(end - digits)});
    }
    // As the inside of a JSON string. The text must be UTF-8.
    TextSink& json(std::string_view value) {
        constexpr char kHex[] = "0123456789abcdef";
        for (const char c : value) {
            const auto byte = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\') {
                const char escape[2] = {'\\', c};
                text({escape, 2});
            } else if (byte < 0x20 || byte == 0x7F) {
                const char escape[6] = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
                text({escape, 6});
            } else {
                text({&c, 1});
            }
        }
        return *this;
    }
    // The next `size` bytes, to be filled by the caller; empty when they do not fit.
    std::span<char> room(std::size_t size) {
        if (size > out_.size() - used_) failed_ = true;
        if (failed_) return {};
        used_ += size;
        return out_.subspan(used_ - size, size);
    }
    void fail() { failed_ = true; }
    std::string_view done() const { return failed_ ? std::string_view() : std::string_view(out_.data(), used_); }

private:
    std::span<char> out_;
    std::size_t used_ = 0;
    bool failed_ = false;
};

}  // namespace parley::twilio
