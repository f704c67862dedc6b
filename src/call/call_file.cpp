#include "parley/call/call_file.hpp"

#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "parley/audio/base64.hpp"
#include "parley/audio/g711.hpp"
#include "parley/conversation/serialise.hpp"
#include "vad_json.hpp"

namespace parley::call {

namespace {

constexpr std::size_t kBlockBytes = 16 * 1024;

// CRC-32 (IEEE 802.3, reflected), enough to say that two frames are the same.
std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
    static constexpr auto kTable = [] {
        std::array<std::uint32_t, 256> table{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t c = i;
            for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
            table[i] = c;
        }
        return table;
    }();
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const auto byte : bytes) crc = kTable[(crc ^ byte) & 0xFF] ^ (crc >> 8);
    return ~crc;
}

void put_number(std::string& out, std::int64_t value) {
    std::array<char, 24> digits{};
    const auto [end, ec] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out.append(digits.data(), end);
}

}  // namespace

CallFileWriter::CallFileWriter(DiskWriter& disk, std::string path, const CallFileHeader& header)
    : disk_(disk), path_(std::move(path)), file_(disk_.open(path_)), frames_(header.frames) {
    block_.reserve(kBlockBytes + 4096);
    const nlohmann::json json{{"parley_call_file", 1},
                              {"call_sid", header.call_sid},
                              {"stream_sid", header.stream_sid},
                              {"agent", header.agent},
                              {"started_at", header.started_at},
                              {"version", header.version},
                              {"seed", header.seed},
                              {"frames", header.frames == FrameDetail::full ? "full" : "digest"},
                              {"settings", nlohmann::json::parse(conversation::to_json(header.settings))},
                              {"vad", to_json(header.vad)}};
    line(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

CallFileWriter::~CallFileWriter() {
    finish("abandoned");
}

void CallFileWriter::line(std::string_view text) {
    block_ += text;
    block_ += '\n';
    if (block_.size() >= kBlockBytes) flush();
}

void CallFileWriter::flush() {
    if (block_.empty()) return;
    std::string block;
    block.reserve(kBlockBytes + 4096);
    block.swap(block_);
    if (!disk_.write(file_, std::move(block))) ++lost_blocks_;
}

void CallFileWriter::input(Instant at, const conversation::Event& event, bool from_voice_activity) {
    ++inputs_;
    block_ += R"({"t":)";
    put_number(block_, at.count());
    if (from_voice_activity) block_ += R"(,"vad":true)";
    block_ += R"(,"in":)";
    // The one event of every frame is written by hand; the rest are rare.
    if (const auto* frame = std::get_if<conversation::FrameHandedOver>(&event)) {
        block_ += R"({"type":"frame_handed_over","segment":)";
        put_number(block_, frame->segment);
        block_ += R"(,"samples":)";
        put_number(block_, frame->samples);
        block_ += '}';
    } else {
        block_ += conversation::to_json(event);
    }
    line("}");
}

void CallFileWriter::output(Instant at, const conversation::Command& command) {
    ++outputs_;
    block_ += R"({"t":)";
    put_number(block_, at.count());
    block_ += R"(,"out":)";
    block_ += conversation::to_json(command);
    line("}");
}

void CallFileWriter::frame(Instant at, std::span<const std::uint8_t> mulaw) {
    ++frames_seen_;
    block_ += R"({"t":)";
    put_number(block_, at.count());
    if (frames_ == FrameDetail::full) {
        block_ += R"(,"f":")";
        const auto old = block_.size();
        block_.resize(old + audio::base64_encoded_size(mulaw.size()));
        audio::base64_encode(mulaw, std::span(block_).subspan(old));
        line("\"}");
    } else {
        block_ += R"(,"crc":)";
        put_number(block_, crc32(mulaw));
        line("}");
    }
}

void CallFileWriter::hidden_frame(Instant at) {
    ++frames_seen_;
    block_ += R"({"t":)";
    put_number(block_, at.count());
    line(R"(,"crc":0})");
}

void CallFileWriter::remark(Instant at, std::string_view text) {
    const nlohmann::json json{{"t", at.count()}, {"x", text}};
    line(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void CallFileWriter::finish(std::string_view reason) {
    if (finished_) return;
    finished_ = true;
    const nlohmann::json json{{"end", reason}, {"inputs", inputs_}, {"outputs", outputs_}, {"frames", frames_seen_}, {"lost_blocks", lost_blocks_}};
    line(json.dump());
    flush();
    disk_.close(file_);
}

}  // namespace parley::call
