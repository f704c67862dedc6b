// Markup taken off, line by line; what is left goes to the Reader.

#include <algorithm>

#include "parley/spoken/shape.hpp"
#include "reader.hpp"

namespace parley::spoken {
namespace {

constexpr std::size_t kMaxCells = 32;
constexpr int kMaxPasses = 8;
constexpr std::size_t kMaxPiece = 16 * 1024;  // some rules look far ahead; a chunker's pieces are a quarter of this

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(char_at(text, 0).value)) text.remove_prefix(char_at(text, 0).size);
    while (!text.empty() && is_space(char_before(text, text.size()).value)) text.remove_suffix(char_before(text, text.size()).size);
    return text;
}

bool rule(std::string_view line) {
    if (line.size() < 3) return false;
    const char mark = line[0];
    if (mark != '-' && mark != '*' && mark != '_' && mark != '=') return false;
    return std::ranges::all_of(line, [mark](char c) { return c == mark || c == ' '; });
}

bool dashes_row(std::string_view line) {
    return line.find('-') != std::string_view::npos && std::ranges::all_of(line, [](char c) { return c == '|' || c == '-' || c == ':' || c == ' '; });
}

std::vector<std::string> cells_of(std::string_view line) {
    std::vector<std::string> cells;
    line.remove_prefix(1);
    while (!line.empty() && cells.size() < kMaxCells) {
        const std::size_t end = line.find('|');
        cells.emplace_back(trimmed(line.substr(0, end)));
        if (end == std::string_view::npos) break;
        line.remove_prefix(end + 1);
    }
    return cells;
}

// Decodes the few entities models write, drops tags that are closed.
std::string without_tags(std::string_view text) {
    struct Entity {
        std::string_view written, plain;
    };
    constexpr auto kEntities =
        std::to_array<Entity>({{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&apos;", "'"}, {"&nbsp;", " "}});
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::string_view rest = text.substr(i);
        if (rest[0] == '<' && rest.size() > 2 && (rest[1] == '/' || rest[1] == '!' || is_letter(static_cast<unsigned char>(rest[1])))) {
            const std::size_t end = rest.find('>');
            if (end != std::string_view::npos) {
                const std::string_view inside = rest.substr(1, end - 1);
                if (inside.starts_with("http") || inside.find('@') != std::string_view::npos) {
                    out.append(inside);
                } else {
                    out += ' ';
                }
                i += end + 1;
                continue;
            }
        }
        const auto* entity = std::ranges::find_if(kEntities, [&](const Entity& one) { return rest.starts_with(one.written); });
        if (entity != kEntities.end()) {
            out += entity->plain;
            i += entity->written.size();
            continue;
        }
        out += rest[0];
        ++i;
    }
    return out;
}

// [text](address), ![image](address), [text][name], [^1], 【4†source】
std::string without_links(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::string_view rest = text.substr(i);
        if (rest.starts_with("\xe3\x80\x90")) {
            const std::size_t end = rest.find("\xe3\x80\x91");
            if (end != std::string_view::npos) {
                i += end + 3;
                continue;
            }
        }
        const std::size_t open = rest.starts_with("![") ? 1 : 0;
        if (rest[open < rest.size() ? open : 0] == '[') {
            std::size_t depth = 0, close = std::string_view::npos;
            for (std::size_t k = open; k < rest.size() && k < 1024; ++k) {
                if (rest[k] == '[') ++depth;
                if (rest[k] == ']' && --depth == 0) {
                    close = k;
                    break;
                }
            }
            if (close != std::string_view::npos) {
                const std::string_view inside = rest.substr(open + 1, close - open - 1);
                const char next = close + 1 < rest.size() ? rest[close + 1] : '\0';
                std::size_t end = close + 1;
                if (next == '(' || next == '[') {
                    const std::size_t stop = rest.find(next == '(' ? ')' : ']', close + 1);
                    if (stop != std::string_view::npos) {
                        out += without_links(inside);
                        i += stop + 1;
                        continue;
                    }
                }
                const bool footnote = inside.starts_with('^') ||
                                      (!inside.empty() && inside.size() <= 3 && std::ranges::all_of(inside, [](char c) { return c >= '0' && c <= '9'; }));
                const bool box = inside == " " || inside == "x" || inside == "X";
                if (!footnote && !box) out += without_links(inside);
                i += end;
                continue;
            }
        }
        out += rest[0];
        ++i;
    }
    return out;
}

// Stars, underscores, tildes and backticks around words. Between digits, and with space on both sides, a star counts.
std::string without_emphasis(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        std::size_t run = 1;
        while (i + run < text.size() && text[i + run] == c) ++run;
        if (c == '`' || ((c == '*' || c == '_' || c == '~') && run >= 2)) {
            i += run;
            continue;
        }
        if (c == '*' || c == '_') {
            const char32_t before = char_before(text, i).value, after = char_at(text, i + 1).value;
            const auto word = [](char32_t x) { return is_digit(x) || is_letter(x) || (x != Char::kEnd && x > 0x2af); };
            const bool between = c == '*' ? is_digit(before) && is_digit(after) : word(before) && word(after);
            const bool alone = (is_space(before) || before == Char::kEnd) && (is_space(after) || after == Char::kEnd);
            const bool address = c == '_' && (before == '@' || after == '@' || before == '/' || after == '/' || before == '-' || after == '-');
            if (!between && !alone && !address) {
                ++i;
                continue;
            }
        }
        out += c;
        ++i;
    }
    return out;
}

struct Line {
    std::string_view text;
    std::string_view number;  // of a numbered item
    bool ends = false;        // a heading or an item: a pause behind it
};

Line unmarked(std::string_view line, const Locale& locale) {
    Line out{.text = trimmed(line), .number = {}, .ends = false};
    while (out.text.starts_with("> ") || out.text == ">") out.text = trimmed(out.text.substr(1));
    std::size_t hashes = 0;
    while (hashes < out.text.size() && out.text[hashes] == '#') ++hashes;
    if (hashes > 0 && hashes <= 6 && (hashes == out.text.size() || out.text[hashes] == ' ')) {
        out.text = trimmed(out.text.substr(hashes));
        while (out.text.ends_with(" #") || out.text.ends_with("##")) out.text = trimmed(out.text.substr(0, out.text.size() - 1));
        out.ends = true;
        return out;
    }
    const Char first = char_at(out.text, 0);
    const bool bullet = first.value == '-' || first.value == '*' || first.value == '+' || first.value == 0x2022 || first.value == 0x25e6 ||
                        first.value == 0x2023 || first.value == 0x2043;
    if (bullet && is_space(char_at(out.text, first.size).value)) {
        out.text = trimmed(out.text.substr(first.size));
        out.ends = true;
        for (const std::string_view box : {"[ ] ", "[x] ", "[X] "})
            if (out.text.starts_with(box)) out.text = trimmed(out.text.substr(box.size()));
        return out;
    }
    std::size_t digits = 0;
    while (digits < out.text.size() && is_digit(static_cast<unsigned char>(out.text[digits]))) ++digits;
    if (digits > 0 && digits <= 3 && digits + 1 < out.text.size() && (out.text[digits] == '.' || out.text[digits] == ')') && out.text[digits + 1] == ' ') {
        const std::string_view rest = trimmed(out.text.substr(digits + 1));
        const bool date = std::ranges::any_of(locale.months, [&](const Locale::Month& month) { return rest.starts_with(month.name); });
        if (!date) {
            out.number = out.text.substr(0, digits);
            out.text = rest;
            out.ends = true;
        }
    }
    return out;
}

bool closed(std::string_view text) {
    if (text.empty()) return true;
    std::size_t end = text.size();
    while (end > 0 && (text[end - 1] == '"' || text[end - 1] == ')' || text[end - 1] == '\'')) --end;
    return end > 0 && std::string_view(".,;:!?").find(text[end - 1]) != std::string_view::npos;
}

void join(std::string& out, std::string_view line) {
    if (line.empty()) return;
    if (!out.empty()) out += ' ';
    out += line;
}

}  // namespace

void Shaper::reset() {
    in_code_ = false;
    table_head_.clear();
    table_head_known_ = false;
}

// Once more until nothing changes: words taken apart may stand where they form something new ("a**@b.co"). Texts people
// and models write settle at once.
std::string Shaper::read(std::string_view text) const {
    const auto once = [this](std::string_view written) {
        const std::string plain = without_emphasis(without_links(without_tags(written)));
        return Reader(plain, *locale_, settings_.name_emoji).read();
    };
    std::string words = once(text);
    for (int pass = 0; pass < kMaxPasses; ++pass) {
        std::string again = once(words);
        if (again == words) break;
        words = std::move(again);
    }
    return words;
}

std::string Shaper::close_table() {
    std::string row;
    if (!table_head_known_) {  // no line of dashes came: it was no table
        for (const std::string& cell : table_head_) {
            const std::string words = read(cell);
            if (words.empty()) continue;
            if (!row.empty()) row += ", ";
            row += words;
        }
        if (!closed(row)) row += '.';
    }
    table_head_.clear();
    table_head_known_ = false;
    return row;
}

std::string Shaper::finish() {
    std::string out = close_table();
    reset();
    return out;
}

std::string Shaper::shape(std::string_view piece) {
    std::string out;
    if (piece.size() > kMaxPiece) piece = piece.substr(0, kMaxPiece);  // a cut character disappears
    while (!piece.empty()) {
        const std::size_t end = piece.find_first_of("\r\n");
        std::string_view line = trimmed(piece.substr(0, end));
        piece.remove_prefix(end == std::string_view::npos ? piece.size() : end + 1);
        if (in_code_) {
            const std::size_t fence = line.find("```");
            if (fence == std::string_view::npos) continue;
            in_code_ = false;
            line = trimmed(line.substr(fence + 3));
        }
        const std::size_t fence = line.find("```");
        std::string_view code;
        if (fence != std::string_view::npos) {
            const std::size_t again = line.find("```", fence + 3);
            if (again == std::string_view::npos) {
                in_code_ = true;
                code = line.substr(fence);
                line = trimmed(line.substr(0, fence));
            }
        }
        if (line.starts_with('|') && line.size() > 1) {
            if (dashes_row(line)) {
                if (!table_head_.empty()) table_head_known_ = true;
                continue;
            }
            std::vector<std::string> cells = cells_of(line);
            if (!table_head_known_) {
                join(out, close_table());
                table_head_ = std::move(cells);
                continue;
            }
            std::string row;
            for (std::size_t i = 0; i < cells.size(); ++i) {
                const std::string words = read(cells[i]);
                if (words.empty()) continue;
                if (!row.empty()) row += ", ";
                const std::string head = i < table_head_.size() ? read(table_head_[i]) : std::string();
                if (!head.empty()) row += head + ": ";
                row += words;
            }
            if (!closed(row)) row += '.';
            join(out, row);
            continue;
        }
        if (!line.empty()) join(out, close_table());
        if (!rule(line)) {
            const Line item = unmarked(line, *locale_);
            std::string words = read(item.text);
            if (!item.number.empty()) {
                const std::string number = Reader(item.number, *locale_, false).read();
                words = words.empty() ? number + "." : number + ". " + words;
            }
            if (item.ends && !closed(words)) words += '.';
            if (item.ends) words = read(words);
            join(out, words);
        }
        if (!code.empty() && settings_.announce_code) join(out, locale_->words.code_left_out);
    }
    return out;
}

std::string shape_for_voice(std::string_view piece, const Locale& locale) {
    Shaper shaper(locale);
    std::string out = shaper.shape(piece);
    join(out, shaper.finish());
    return out;
}

}  // namespace parley::spoken
