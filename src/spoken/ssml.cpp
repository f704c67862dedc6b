#include "parley/spoken/ssml.hpp"

#include <array>

#include "utf8.hpp"

namespace parley::spoken {
namespace {

constexpr std::size_t kMaxEntity = 12;

bool xml_character(char32_t c) {
    if (c == '\t' || c == '\n' || c == '\r') return true;
    if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) return false;
    return c != 0xfffe && c != 0xffff && c != 0xfffd;
}

// "&lt;", "&#60;", "&#x3c;" with or without an end: what would be "<" or ">" once somebody resolves it.
std::size_t tag_entity(std::string_view text) {
    constexpr auto kForms = std::to_array<std::string_view>({"&lt", "&gt", "&#60", "&#62", "&#x3c", "&#x3e"});
    std::string low;
    for (const char c : text.substr(0, kMaxEntity)) low += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    for (std::size_t i = 1; i < low.size(); ++i) {  // leading zeros mean nothing
        while (low[i] == '0' && (low[i - 1] == '#' || low[i - 1] == 'x')) low.erase(i, 1);
        if (i >= low.size()) break;
    }
    for (const std::string_view form : kForms) {
        if (!low.starts_with(form)) continue;
        std::size_t end = 1;
        while (end < text.size() && end < 64 && text[end] != ';' &&
               (is_letter(static_cast<unsigned char>(text[end])) || is_digit(static_cast<unsigned char>(text[end])) || text[end] == '#'))
            ++end;
        return end < text.size() && text[end] == ';' ? end + 1 : form.size();
    }
    return 0;
}

// Behind the tag that begins at the front, 0 if none does.
std::size_t tag(std::string_view text) {
    if (text.size() < 2) return 0;
    const char next = text[1];
    const bool begins = next == '/' || next == '!' || next == '?' || next == ':' || next == '_' || is_letter(static_cast<unsigned char>(next)) ||
                        static_cast<unsigned char>(next) >= 0x80;
    if (!begins) return 0;
    std::string_view closing = ">";
    if (text.starts_with("<!--")) closing = "-->";
    if (text.starts_with("<![CDATA[")) return 9;  // what it holds is text; its end is dropped where it comes
    char quote = 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (closing.size() == 1 && (text[i] == '"' || text[i] == '\'')) {
            if (quote == 0)
                quote = text[i];
            else if (quote == text[i])
                quote = 0;
        } else if (quote == 0 && text.substr(i).starts_with(closing)) {
            return i + closing.size();
        }
    }
    // Never closed, or a quotation that never is: up to the next ">" whatever it stands in, or all of it.
    const std::size_t end = text.find('>');
    return end == std::string_view::npos ? text.size() : end + 1;
}

std::string strip(std::string_view text, bool directions) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::string_view rest = text.substr(i);
        std::size_t gone = 0;
        if (rest[0] == '<') gone = tag(rest);
        if (rest[0] == '&') gone = tag_entity(rest);
        if (rest.starts_with("]]>")) gone = 3;
        if (rest.starts_with("[[")) {
            const std::size_t end = rest.find("]]");
            gone = end == std::string_view::npos ? 2 : end + 2;
        } else if (directions && rest[0] == '[') {
            const std::size_t end = rest.find(']');
            gone = end == std::string_view::npos ? 1 : end + 1;
        }
        if (gone != 0) {
            i += gone;
            continue;
        }
        const Char c = char_at(text, i);
        if (xml_character(c.value)) out.append(rest.substr(0, c.size));
        i += c.size;
    }
    return out;
}

// What one pass took away may have joined two halves of a tag.
std::string strip_all(std::string_view text, bool directions) {
    std::string out = strip(text, directions);
    for (int pass = 0; pass < 8; ++pass) {
        std::string again = strip(out, directions);
        if (again == out) return out;
        out = std::move(again);
    }
    std::erase_if(out, [](char c) { return c == '<' || c == '>' || c == '&' || c == '[' || c == ']'; });
    return out;
}

}  // namespace

std::string escape_xml(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (std::size_t i = 0; i < text.size();) {
        const Char c = char_at(text, i);
        switch (c.value) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&apos;";
                break;
            default:
                if (xml_character(c.value)) out.append(text.substr(i, c.size));
        }
        i += c.size;
    }
    return out;
}

std::string strip_markup(std::string_view text) {
    return strip_all(text, false);
}

std::string strip_directions(std::string_view text) {
    return strip_all(text, true);
}

}  // namespace parley::spoken
