#include "caldav_codec.hpp"

#include <charconv>
#include <cstdint>

namespace parley::tools {

namespace {

constexpr std::size_t kDeepest = 32;

std::string_view local_name(std::string_view tag) {
    const auto end = tag.find_first_of(" \t\r\n/");
    const auto name = tag.substr(0, end);
    const auto colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// Text between tags; nothing: a reference that is none of XML's own.
bool decode(std::string_view text, std::string& out) {
    while (!text.empty()) {
        const auto amp = text.find('&');
        out += text.substr(0, amp);
        if (amp == std::string_view::npos) return true;
        text.remove_prefix(amp + 1);
        const auto end = text.find(';');
        if (end == std::string_view::npos || end > 10) return false;
        auto name = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (name == "lt")
            out += '<';
        else if (name == "gt")
            out += '>';
        else if (name == "amp")
            out += '&';
        else if (name == "quot")
            out += '"';
        else if (name == "apos")
            out += '\'';
        else if (name.starts_with('#')) {
            name.remove_prefix(1);
            const bool hex = name.starts_with('x');
            if (hex) name.remove_prefix(1);
            std::uint32_t code = 0;
            const auto [stop, ec] = std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
            if (name.empty() || ec != std::errc() || stop != name.data() + name.size() || code == 0 || code > 0x10FFFF) return false;
            // Nothing of a time is beyond ASCII.
            out += code < 0x80 ? static_cast<char>(code) : '?';
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace

std::string calendar_query(const TimeSpan& window) {
    const auto range = "start=\"" + utc_text(window.from) + "\" end=\"" + utc_text(window.to) + "\"/>";
    return R"(<?xml version="1.0" encoding="utf-8"?><C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data><C:expand )" +
           range + R"(</C:calendar-data></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range )" + range +
           "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>";
}

std::optional<std::vector<std::string>> read_multistatus(std::string_view xml) {
    if (xml.size() > kMostMultistatus) return std::nullopt;
    std::vector<std::string_view> open;
    std::vector<std::string> all;
    bool seen = false;
    const auto inside = [&] { return !open.empty() && local_name(open.back()) == "calendar-data"; };
    while (!xml.empty()) {
        const auto tag = xml.find('<');
        if (inside() && !decode(xml.substr(0, tag), all.back())) return std::nullopt;
        if (tag == std::string_view::npos) break;
        xml.remove_prefix(tag);
        const auto skip = [&](std::string_view until) {
            const auto end = xml.find(until);
            if (end == std::string_view::npos) return false;
            xml.remove_prefix(end + until.size());
            return true;
        };
        if (xml.starts_with("<![CDATA[")) {
            const auto end = xml.find("]]>");
            if (end == std::string_view::npos || open.empty()) return std::nullopt;
            if (inside()) all.back() += xml.substr(9, end - 9);
            xml.remove_prefix(end + 3);
            continue;
        }
        if (xml.starts_with("<!--")) {
            if (!skip("-->")) return std::nullopt;
            continue;
        }
        if (xml.starts_with("<?")) {
            if (!skip("?>")) return std::nullopt;
            continue;
        }
        if (xml.starts_with("<!")) return std::nullopt;
        std::size_t end = 1;
        for (char quote = 0; end < xml.size() && (quote != 0 || xml[end] != '>'); ++end) {
            if (quote != 0)
                quote = xml[end] == quote ? '\0' : quote;
            else if (xml[end] == '"' || xml[end] == '\'')
                quote = xml[end];
        }
        if (end == xml.size()) return std::nullopt;
        const auto inner = xml.substr(1, end - 1);
        xml.remove_prefix(end + 1);
        if (inner.starts_with('/')) {
            const auto name = inner.substr(1, inner.find_first_of(" \t\r\n") - 1);
            if (open.empty() || open.back() != name) return std::nullopt;
            open.pop_back();
            continue;
        }
        const auto name = inner.substr(0, inner.find_first_of(" \t\r\n/"));
        if (name.empty() || open.size() >= kDeepest) return std::nullopt;
        if (open.empty()) {
            if (seen || local_name(name) != "multistatus") return std::nullopt;
            seen = true;
        }
        if (local_name(name) == "calendar-data") all.emplace_back();
        if (!inner.ends_with('/')) open.push_back(name);
    }
    if (!seen || !open.empty()) return std::nullopt;
    std::erase_if(all, [](const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; });
    for (auto& text : all) text.erase(0, text.find_first_not_of(" \t\r\n"));
    return all;
}

}  // namespace parley::tools
