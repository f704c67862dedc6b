#include "parley/sim/fault_script.hpp"

#include <algorithm>
#include <boost/crc.hpp>
#include <fstream>
#include <sstream>

#include "parley/sim/scenario.hpp"
#include "yaml_reader.hpp"

namespace parley::sim {
namespace {

constexpr double kMany = 1 << 30;

template <class Number>
void count(const YamlMap& map, std::string_view key, Number& out, double low = 0, double high = kMany) {
    double value = static_cast<double>(out);
    map.number(key, low, high, value);
    out = static_cast<Number>(value);
}

template <class Number>
void maybe(const YamlMap& map, std::string_view key, std::optional<Number>& out) {
    if (!map.has(key)) return;
    double value = 0;
    map.number(key, 0, kMany, value);
    out = static_cast<Number>(value);
}

FaultRule read_rule(const YamlPlace& place, const YAML::Node& node) {
    const YamlMap map(place, node,
                      {"path",
                       "from",
                       "to",
                       "status",
                       "retry_after",
                       "accept_delay",
                       "first_delay",
                       "delta_delay",
                       "stall_after",
                       "half_open_after",
                       "close_after",
                       "close_after_bytes",
                       "close_code",
                       "malformed_after",
                       "giant_after",
                       "giant_bytes",
                       "unknown_event",
                       "wrong_order",
                       "slow",
                       "burst",
                       "redirect",
                       "gzip_bomb",
                       "session_limit",
                       "at_response",
                       "empty_audio",
                       "zero_audio",
                       "wav_header",
                       "odd_bytes",
                       "wrong_rate",
                       "ignore_cancel",
                       "late_bytes",
                       "no_final",
                       "double_final",
                       "late_final",
                       "oversize_text",
                       "never_ends",
                       "empty_completion",
                       "finish"});
    FaultRule rule;
    auto& fault = rule.fault;
    map.text("path", rule.path);
    count(map, "from", rule.from, 1);
    count(map, "to", rule.to, 1);
    count(map, "status", fault.status, 300, 599);
    maybe(map, "retry_after", fault.retry_after);
    map.duration("accept_delay", fault.accept_delay);
    map.duration("first_delay", fault.first_delay);
    map.duration("delta_delay", fault.delta_delay);
    maybe(map, "stall_after", fault.stall_after);
    maybe(map, "half_open_after", fault.half_open_after);
    maybe(map, "close_after", fault.close_after);
    maybe(map, "close_after_bytes", fault.close_after_bytes);
    count(map, "close_code", fault.close_code, 0, 4999);
    maybe(map, "malformed_after", fault.malformed_after);
    maybe(map, "giant_after", fault.giant_after);
    count(map, "giant_bytes", fault.giant_bytes, 1, 256.0 * 1024 * 1024);
    maybe(map, "unknown_event", fault.unknown_event);
    maybe(map, "wrong_order", fault.wrong_order);
    map.number("slow", 0.01, 100, fault.slow);
    map.flag("burst", fault.burst);
    map.text("redirect", fault.redirect);
    map.flag("gzip_bomb", fault.gzip_bomb);
    map.duration("session_limit", fault.session_limit);
    count(map, "at_response", fault.at_response, 1);
    map.flag("empty_audio", fault.empty_audio);
    map.flag("zero_audio", fault.zero_audio);
    map.flag("wav_header", fault.wav_header);
    map.flag("odd_bytes", fault.odd_bytes);
    count(map, "wrong_rate", fault.wrong_rate, 4000, 192000);
    map.flag("ignore_cancel", fault.ignore_cancel);
    map.duration("late_bytes", fault.late_bytes);
    map.flag("no_final", fault.no_final);
    map.flag("double_final", fault.double_final);
    map.duration("late_final", fault.late_final);
    count(map, "oversize_text", fault.oversize_text, 0, 64.0 * 1024 * 1024);
    map.flag("never_ends", fault.never_ends);
    map.flag("empty_completion", fault.empty_completion);
    map.text("finish", fault.finish);
    return rule;
}

}  // namespace

std::vector<FaultRule> parse_fault_rules(const std::string& yaml, const std::string& file) {
    const YamlPlace place{file};
    YAML::Node root;
    try {
        root = YAML::Load(yaml);
    } catch (const YAML::Exception& e) {
        throw ScenarioError(file + ":" + std::to_string(e.mark.line + 1) + ": " + e.msg);
    }
    std::vector<FaultRule> rules;
    if (root.IsNull()) return rules;
    const YamlMap map(place, root, {"rules"});
    if (!map.has("rules")) return rules;
    const auto list = map.at("rules");
    if (!list.IsSequence()) place.fail(list, "'rules' must be a list");
    for (const auto& node : list) rules.push_back(read_rule(place, node));
    return rules;
}

std::vector<FaultRule> load_fault_rules(const std::filesystem::path& path) {
    std::ifstream file(path);
    if (!file) throw ScenarioError(path.string() + ": cannot be read");
    std::stringstream text;
    text << file.rdbuf();
    return parse_fault_rules(text.str(), path.string());
}

void FaultScript::set(std::vector<FaultRule> rules) {
    const std::lock_guard lock(mutex_);
    rules_.clear();
    for (auto& rule : rules) rules_.push_back({std::move(rule), 0});
}

Fault FaultScript::next(std::string_view target) {
    const std::lock_guard lock(mutex_);
    const Fault* found = nullptr;
    for (auto& one : rules_) {
        if (target.find(one.rule.path) == std::string_view::npos) continue;
        ++one.seen;
        if (found == nullptr && one.seen >= one.rule.from && one.seen <= one.rule.to) found = &one.rule.fault;
    }
    return found == nullptr ? Fault{} : *found;
}

std::string cut_json(const std::string& item) {
    const auto open = item.find('{');
    auto tail = item.find_last_not_of("\r\n");
    tail = tail == std::string::npos ? 0 : tail + 1;
    const auto begin = open == std::string::npos ? 0 : open;
    return item.substr(0, begin + (tail - std::min(tail, begin) + 1) / 2) + item.substr(tail);
}

std::string swollen_json(const std::string& item, std::size_t bytes) {
    const auto open = item.find('{');
    if (open == std::string::npos) return item + std::string(bytes, 'x');
    const auto next = item.find_first_not_of(" \t\r\n", open + 1);
    const bool empty = next != std::string::npos && item[next] == '}';
    return item.substr(0, open + 1) + "\"padding\":\"" + std::string(bytes, 'x') + (empty ? "\"" : "\",") + item.substr(open + 1);
}

// One block with the fixed codes of RFC 1951: a zero, then copies of 258 bytes from one byte back, 13 bits each.
std::string gzip_bomb(std::size_t bytes) {
    std::string out("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
    std::uint32_t bits = 0;
    int held = 0;
    const auto put = [&](std::uint32_t value, int count) {  // least significant bit first
        bits |= value << held;
        for (held += count; held >= 8; held -= 8, bits >>= 8) out.push_back(static_cast<char>(bits & 0xff));
    };
    const auto code = [&](std::uint32_t value, int count) {  // Huffman codes go in from their most significant bit
        for (int i = count - 1; i >= 0; --i) put(value >> i & 1, 1);
    };
    put(1, 1);  // the last block
    put(1, 2);  // fixed codes
    code(0x30, 8);
    const std::size_t copies = bytes / 258;
    for (std::size_t i = 0; i < copies; ++i) {
        code(0xc5, 8);  // length 258
        code(0, 5);     // distance 1
    }
    code(0, 7);
    if (held > 0) put(0, 8 - held);
    const auto size = static_cast<std::uint32_t>(1 + copies * 258);
    boost::crc_32_type sum;
    const std::string zeros(1U << 16U, '\0');
    for (std::size_t left = size; left > 0;) {
        const auto piece = std::min(left, zeros.size());
        sum.process_bytes(zeros.data(), piece);
        left -= piece;
    }
    const std::uint32_t crc = sum.checksum();
    for (const auto value : {crc, size}) {
        for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xff));
    }
    return out;
}

}  // namespace parley::sim
