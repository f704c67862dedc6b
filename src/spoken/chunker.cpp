#include "parley/spoken/chunker.hpp"

#include <algorithm>
#include <utility>

#include "boundary.hpp"
#include "utf8.hpp"

namespace parley::spoken {
namespace {

constexpr std::size_t kLinkCharacters = 200;  // the text of a [link](…) is not parted, unless nobody closes it

bool table_row(std::string_view piece) {
    return piece.starts_with('|');
}

}  // namespace

Chunker::Chunker(ChunkSettings settings) : settings_(std::move(settings)) {
    settings_.max_characters = std::max<std::size_t>(settings_.max_characters, 16);
}

void Chunker::reset() {
    Chunker fresh(std::move(settings_));
    *this = std::move(fresh);
}

std::vector<Piece> Chunker::push(std::string_view delta) {
    std::vector<Piece> out;
    buffer_.append(delta);
    scan(false, out);
    return out;
}

std::vector<Piece> Chunker::finish() {
    std::vector<Piece> out;
    scan(true, out);
    if (!buffer_.empty()) cut(buffer_.size(), Piece::End::finished, out);
    reset();
    return out;
}

void Chunker::cut(std::size_t end, Piece::End why, std::vector<Piece>& out) {
    std::size_t trimmed = end;
    while (trimmed > 0 && is_space(char_before(buffer_, trimmed).value)) trimmed -= char_before(buffer_, trimmed).size;
    if (trimmed > 0) {
        Piece piece;
        piece.text = buffer_.substr(0, trimmed);
        piece.begin = taken_;
        piece.end = taken_ + trimmed;
        piece.why = why;
        out.push_back(std::move(piece));
        first_ = false;
    }
    buffer_.erase(0, end);
    taken_ += end;
    at_ = characters_ = words_ = clause_end_ = round_ = square_from_ = 0;
    square_ = code_ = false;
}

// White space in front of a piece belongs to none. False: a character is still incomplete.
bool Chunker::skip_space(bool final) {
    std::size_t skipped = 0;
    Char c;
    while (true) {
        c = char_at(buffer_, skipped, final);
        if (c.size == 0 || !is_space(c.value)) break;
        skipped += c.size;
    }
    buffer_.erase(0, skipped);
    taken_ += skipped;
    return c.known() && c.size != 0;
}

// Where a piece that became too long ends: behind a clause if one stands far enough, else between words that may be
// parted.
std::size_t Chunker::forced_end() const {
    if (clause_end_ > at_ / 3) return clause_end_;
    std::size_t any = 0;
    for (std::size_t i = at_; i > 0;) {
        const Char c = char_before(buffer_, i);
        i -= c.size;
        if (i == 0 || !is_space(c.value) || is_space(char_before(buffer_, i).value)) continue;
        if (any == 0) any = i;
        if (i < at_ / 3) break;
        if (!binds(std::string_view(buffer_).substr(0, at_), i)) return i;
    }
    return any;
}

void Chunker::scan(bool final, std::vector<Piece>& out) {
    const bool ordinal_dots = settings_.language.starts_with("de");
    while (true) {
        if (at_ == 0 && !skip_space(final)) return;
        const Char c = char_at(buffer_, at_, final);
        if (!c.known() || c.size == 0) return;
        if (is_line_end(c.value)) {
            cut(at_ + c.size, Piece::End::line, out);
            continue;
        }
        const bool row = table_row(buffer_);
        if (characters_ >= settings_.max_characters && !row) {
            if (characters_ == settings_.max_characters) {
                const std::size_t end = forced_end();
                if (end != 0) {
                    cut(end, Piece::End::forced, out);
                    continue;
                }
            }
            if (is_space(c.value)) {  // a word longer than the limit has ended
                cut(at_, Piece::End::forced, out);
                continue;
            }
        }
        if (characters_ >= 4 * settings_.max_characters) {
            cut(at_, Piece::End::forced, out);
            continue;
        }

        std::size_t next = at_ + c.size;
        if (row) {
            // A row ends with its line.
        } else if (is_full_stop(c.value)) {
            const Boundary found = full_stop(buffer_, at_, final, ordinal_dots);
            if (found.kind == Boundary::Kind::wait) return;
            const bool closes = std::string_view(buffer_).substr(at_, found.end - at_).find(']') != std::string_view::npos;
            if (found.kind == Boundary::Kind::sentence && (!square_ || closes)) {
                cut(found.end, Piece::End::sentence, out);
                continue;
            }
            if (found.kind == Boundary::Kind::clause && !square_) clause_end_ = found.end;
        } else if (is_pause_mark(c.value)) {
            const Boundary found = pause_mark(buffer_, at_, final);
            if (found.kind == Boundary::Kind::wait) return;
            if (found.kind == Boundary::Kind::clause && !square_ && round_ == 0 && !code_) clause_end_ = found.end;
        } else if (c.value == '(') {
            ++round_;
        } else if (c.value == ')') {
            if (round_ > 0) --round_;
        } else if (c.value == '[') {
            square_ = true;
            square_from_ = characters_;
        } else if (c.value == ']') {
            square_ = false;
        } else if (c.value == '`') {
            code_ = !code_;
        }
        if (square_ && characters_ - square_from_ > kLinkCharacters) square_ = false;
        if (is_space(c.value) && !is_space(char_before(buffer_, at_).value)) ++words_;
        if (clause_end_ > at_) {  // a pause begins here
            const std::size_t length = characters_ + 1;
            const bool enough = first_ && settings_.first_clause ? length >= settings_.first_characters || words_ + 1 >= settings_.first_words
                                                                 : length >= settings_.clause_characters;
            if (enough) {
                cut(clause_end_, Piece::End::clause, out);
                continue;
            }
        }
        at_ = next;
        ++characters_;
    }
}

}  // namespace parley::spoken
