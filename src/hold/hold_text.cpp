#include "parley/hold/hold_text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <pugixml.hpp>

namespace parley::hold {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBetweenPieces{300}, kSentence{300}, kParagraph{600};
constexpr int kDeepest = 32;
constexpr std::string_view kBlanks = " \t\r\n\f\v";

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}
std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}
std::string single_blanks(std::string_view text) {
    std::string out;
    for (const char c : trimmed(text)) {
        if (kBlanks.find(c) == std::string_view::npos)
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    return out;
}

// Behind the last sentence that fits; else a comma, a blank, and at worst a whole character.
std::size_t fitting(std::string_view text) {
    if (text.size() <= kMostPiece) return text.size();
    const auto window = text.substr(0, kMostPiece);
    for (const std::string_view ends : {std::string_view(".!?"), std::string_view(",;:")})
        for (auto at = window.size() - 1; at > 0; --at)
            if (window[at] == ' ' && ends.find(window[at - 1]) != std::string_view::npos) return at;
    if (const auto blank = window.find_last_of(' '); blank != std::string_view::npos && blank > 0) return blank;
    auto cut = window.size();
    while (cut > 1 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
    return cut;
}

class Cutter {
public:
    void words(std::string_view more) { text_ += more; }
    void pause(milliseconds length) {
        flush();
        if (pieces_.empty()) return;  // nobody waits for the first word
        auto& last = pieces_.back().pause;
        last = std::min(std::max(last, length), kMostBreak);
    }
    // Two breaks one behind the other are heard one after the other; the pauses of the text's structure are not.
    void wait(milliseconds length) {
        flush();
        if (pieces_.empty()) pieces_.push_back({});
        pieces_.back().pause = std::min(pieces_.back().pause + length, kMostBreak);
    }
    std::vector<HoldPiece> take() {
        flush();
        return std::move(pieces_);
    }

private:
    void flush() {
        const auto whole = single_blanks(text_);
        text_.clear();
        for (std::string_view rest = whole; !rest.empty();) {
            const auto size = fitting(rest);
            const auto piece = trimmed(rest.substr(0, size));
            rest = trimmed(rest.substr(size));
            if (!piece.empty()) pieces_.push_back({std::string(piece), rest.empty() ? milliseconds(0) : kBetweenPieces});
        }
    }
    std::string text_;
    std::vector<HoldPiece> pieces_;
};

// "500ms", "1.5s"; as CSS2 and SSML have it.
std::optional<milliseconds> break_time(std::string_view text) {
    text = trimmed(text);
    const bool ms = text.ends_with("ms");
    if (!ms && !text.ends_with('s')) return std::nullopt;
    text.remove_suffix(ms ? 2 : 1);
    double value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (ec != std::errc{} || end != text.data() + text.size() || !(value >= 0) || value > 1e6) return std::nullopt;
    return std::min(milliseconds(static_cast<std::int64_t>(ms ? value : value * 1000)), kMostBreak);
}

class SsmlReader {
public:
    explicit SsmlReader(Cutter& to) : to_(to) {}
    [[nodiscard]] const std::string& error() const { return error_; }

    void read(const pugi::xml_node& parent, int depth) {
        if (depth > kDeepest) return fail("is nested too deeply");
        for (const auto& child : parent.children()) {
            if (!error_.empty()) return;
            if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
                to_.words(child.value());
            else if (child.type() == pugi::node_element)
                element(child, depth);
        }
    }

private:
    void fail(std::string why) {
        if (error_.empty()) error_ = std::move(why);
    }
    void element(const pugi::xml_node& node, int depth) {
        const std::string_view name = node.name();
        if (name == "break") return pause(node);
        if (name == "sub") {
            to_.words(node.attribute("alias") ? node.attribute("alias").value() : node.child_value());
            return;
        }
        if (name == "audio") return fail("has <audio>; a sound is given as audio or music");
        const auto around = name == "p" ? kParagraph : name == "s" ? kSentence : milliseconds(0);
        if (around.count() > 0) to_.pause(milliseconds(0));
        read(node, depth + 1);
        if (around.count() > 0) to_.pause(around);
    }
    void pause(const pugi::xml_node& node) {
        if (const auto time = node.attribute("time")) {
            const auto length = break_time(time.value());
            if (!length) return fail("has a <break> whose time is neither seconds (2s) nor milliseconds (500ms)");
            return to_.wait(*length);
        }
        constexpr std::pair<std::string_view, int> kStrengths[]{{"none", 0},     {"x-weak", 100}, {"weak", 200},
                                                                {"medium", 400}, {"strong", 700}, {"x-strong", 1200}};
        const std::string_view wanted = node.attribute("strength") ? node.attribute("strength").value() : "medium";
        for (const auto& [strength, ms] : kStrengths)
            if (strength == wanted) return to_.wait(milliseconds(ms));
        fail("has a <break> of an unknown strength");
    }

    Cutter& to_;
    std::string error_;
};

}  // namespace

HoldText cut_hold_text(std::string_view text) {
    HoldText out;
    if (characters(text) > kMostHoldText) {
        out.error = "has more than 3000 characters";
        return out;
    }
    text = trimmed(text);
    Cutter cutter;
    if (text.starts_with("<speak")) {
        pugi::xml_document document;
        const auto parsed = document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
        if (!parsed) {
            out.error = "is no well-formed SSML: " + std::string(parsed.description()) + " at character " + std::to_string(parsed.offset);
            return out;
        }
        const auto root = document.document_element();
        if (std::string_view(root.name()) != "speak") {
            out.error = "is no SSML: its root is not <speak>";
            return out;
        }
        SsmlReader reader(cutter);
        reader.read(root, 0);
        out.error = reader.error();
        if (!out.error.empty()) return out;
    } else {
        cutter.words(text);
    }
    out.pieces = cutter.take();
    if (std::none_of(out.pieces.begin(), out.pieces.end(), [](const auto& piece) { return !piece.text.empty(); })) {
        out.pieces.clear();
        out.error = "has nothing to say";
    }
    return out;
}

}  // namespace parley::hold
