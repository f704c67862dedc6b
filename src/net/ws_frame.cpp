#include "parley/net/ws_frame.hpp"

#include <cstring>

namespace parley::net {
namespace {

constexpr std::size_t kKeepAssembly = 4096;  // a larger reassembly buffer is given back after its message

std::uint64_t read_big_endian(const char* at, std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
    return value;
}

}  // namespace

bool ws_close_code_valid(std::uint16_t code) {
    if (code >= 3000 && code <= 4999) return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

void ws_mask(std::span<char> data, const std::array<char, 4>& mask, std::size_t phase) {
    std::array<char, 8> key{};
    for (std::size_t i = 0; i < 8; ++i) key[i] = mask[(phase + i) & 3];
    std::uint64_t word_key;
    std::memcpy(&word_key, key.data(), 8);
    char* at = data.data();
    std::size_t left = data.size();
    for (; left >= 8; left -= 8, at += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        word ^= word_key;
        std::memcpy(at, &word, 8);
    }
    for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(at[i] ^ key[i]);
}

void ws_mask_copy(char* to, std::string_view from, const std::array<char, 4>& mask) {
    std::array<char, 8> key{};
    for (std::size_t i = 0; i < 8; ++i) key[i] = mask[i & 3];
    std::uint64_t word_key;
    std::memcpy(&word_key, key.data(), 8);
    const char* at = from.data();
    std::size_t left = from.size();
    for (; left >= 8; left -= 8, at += 8, to += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        word ^= word_key;
        std::memcpy(to, &word, 8);
    }
    for (std::size_t i = 0; i < left; ++i) to[i] = static_cast<char>(at[i] ^ key[i]);
}

std::size_t ws_head_length(std::size_t payload, bool masked) {
    const std::size_t length = payload < 126 ? 2 : payload <= 0xffff ? 4 : 10;
    return length + (masked ? 4 : 0);
}

std::size_t ws_write_head(char* out, std::uint8_t first, std::size_t payload, const std::array<char, 4>* mask) {
    const char mask_bit = mask != nullptr ? static_cast<char>(0x80) : char{0};
    std::size_t at = 0;
    out[at++] = static_cast<char>(first);
    if (payload < 126) {
        out[at++] = static_cast<char>(mask_bit | static_cast<char>(payload));
    } else {
        const std::size_t bytes = payload <= 0xffff ? 2 : 8;
        out[at++] = static_cast<char>(mask_bit | (bytes == 2 ? 126 : 127));
        for (std::size_t i = bytes; i-- > 0;) out[at++] = static_cast<char>(static_cast<std::uint64_t>(payload) >> (8 * i) & 0xff);
    }
    if (mask != nullptr) {
        std::memcpy(out + at, mask->data(), 4);
        at += 4;
    }
    return at;
}

WsStep WsFrameReader::fail(std::uint16_t code, WsFault fault, std::size_t consumed) {
    fault_code_ = code;
    fault_ = fault;
    WsStep step;
    step.kind = WsStep::Kind::fault;
    step.consumed = consumed;
    step.code = code;
    step.fault = fault;
    return step;
}

// Refuses as early as the bytes allow: the first two tell reserved bits, opcode, masking and most lengths.
WsFrameReader::Head WsFrameReader::parse_head(std::span<const char> input) {
    const auto bad = [this](std::uint16_t code, WsFault fault) {
        (void)fail(code, fault, 0);
        return Head::bad;
    };
    if (input.empty()) return Head::partial;
    const auto first = static_cast<std::uint8_t>(input[0]);
    const auto opcode = static_cast<std::uint8_t>(first & 0x0f);
    const bool final = (first & 0x80) != 0, control = opcode >= 8;
    if ((first & 0x70) != 0) return bad(ws_code::kProtocol, WsFault::framing);
    if ((opcode > 2 && opcode < 8) || opcode > 10) return bad(ws_code::kProtocol, WsFault::framing);
    if (control && !final) return bad(ws_code::kProtocol, WsFault::framing);
    if (!control && (opcode == 0) != fragmented_) return bad(ws_code::kProtocol, WsFault::framing);
    if (input.size() < 2) return Head::partial;

    const auto second = static_cast<std::uint8_t>(input[1]);
    const bool masked = (second & 0x80) != 0;
    if (masked != (role_ == WsRole::server)) return bad(ws_code::kProtocol, WsFault::framing);
    std::uint64_t length = second & 0x7f;
    if (control && length > 125) return bad(ws_code::kProtocol, WsFault::framing);
    std::size_t at = 2;
    if (length >= 126) {
        const std::size_t bytes = length == 126 ? 2 : 8;
        if (input.size() < at + bytes) return Head::partial;
        length = read_big_endian(input.data() + at, bytes);
        // The shortest form is a MUST (5.2), the top bit of the long form is zero.
        if ((bytes == 2 && length < 126) || (bytes == 8 && (length <= 0xffff || length >> 63 != 0))) {
            return bad(ws_code::kProtocol, WsFault::framing);
        }
        at += bytes;
    }
    if (!control && length > max_message_ - (fragmented_ ? assembly_.size() : 0)) return bad(ws_code::kTooBig, WsFault::too_big);
    if (masked) {
        if (input.size() < at + 4) return Head::partial;
        std::memcpy(mask_.data(), input.data() + at, 4);
        at += 4;
    }
    final_ = final;
    control_ = control;
    opcode_ = opcode;
    head_length_ = static_cast<std::uint8_t>(at);
    length_ = static_cast<std::size_t>(length);
    done_ = 0;
    return Head::done;
}

WsStep WsFrameReader::finish_control(std::span<char> payload, std::size_t consumed) {
    WsStep step;
    step.consumed = consumed;
    step.payload = payload;
    if (opcode_ == 9 || opcode_ == 10) {
        step.kind = opcode_ == 9 ? WsStep::Kind::ping : WsStep::Kind::pong;
        return step;
    }
    step.kind = WsStep::Kind::close;
    step.code = ws_code::kNoCode;
    if (payload.empty()) return step;
    if (payload.size() == 1) return fail(ws_code::kProtocol, WsFault::framing, consumed);
    step.code = static_cast<std::uint16_t>(read_big_endian(payload.data(), 2));
    if (!ws_close_code_valid(step.code)) return fail(ws_code::kProtocol, WsFault::framing, consumed);
    step.payload = payload.subspan(2);
    Utf8Checker reason;
    if (!reason.feed(step.payload) || !reason.complete()) return fail(ws_code::kBadText, WsFault::utf8, consumed);
    return step;
}

WsStep WsFrameReader::step(std::span<char> input) {
    if (fault_ != WsFault::none) return fail(fault_code_, fault_, 0);
    if (delivered_) {  // the reassembled message of the last step is no longer needed
        delivered_ = false;
        if (assembly_.capacity() > kKeepAssembly) {
            std::vector<char>().swap(assembly_);
        } else {
            assembly_.clear();
        }
    }
    std::size_t consumed = 0;
    while (true) {
        std::span<char> rest = input.subspan(consumed);
        if (!in_frame_) {
            const Head head = parse_head(rest);
            if (head == Head::bad) return fail(fault_code_, fault_, consumed);
            if (head == Head::partial) break;
            in_frame_ = true;
            if (!control_ && opcode_ != 0) {
                text_ = opcode_ == 1;
                utf8_.reset();
            }
        }
        const std::size_t available = std::min(rest.size() - head_length_, length_);
        if (available > done_) {
            const std::span<char> fresh = rest.subspan(head_length_ + done_, available - done_);
            if (role_ == WsRole::server) ws_mask(fresh, mask_, done_);
            if (!control_ && text_ && !utf8_.feed(fresh)) return fail(ws_code::kBadText, WsFault::utf8, consumed);
            done_ = available;
        }
        if (done_ < length_) break;

        const std::span<char> payload = rest.subspan(head_length_, length_);
        consumed += head_length_ + length_;
        in_frame_ = false;
        if (control_) return finish_control(payload, consumed);
        if (final_ && text_ && !utf8_.complete()) return fail(ws_code::kBadText, WsFault::utf8, consumed);
        const bool whole = final_ && !fragmented_;
        if (!whole) assembly_.insert(assembly_.end(), payload.begin(), payload.end());
        fragmented_ = !final_;
        if (!final_) continue;
        WsStep step;
        step.kind = WsStep::Kind::message;
        step.opcode = text_ ? WsOpcode::text : WsOpcode::binary;
        step.consumed = consumed;
        step.payload = whole ? payload : std::span<char>(assembly_);
        delivered_ = !whole;
        return step;
    }
    WsStep step;
    step.consumed = consumed;
    return step;
}

}  // namespace parley::net
