#pragma once
// A model's reply cut into pieces a voice can begin with. Text comes in deltas of any size, cut anywhere, also within a
// UTF-8 character; where it is cut does not change the pieces. A boundary is decided by text alone, never by time: only
// once the characters that could undo it are known (the word behind "St." for instance). Pure; one owner.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::spoken {

// Lengths in characters (code points), not bytes.
struct ChunkSettings {
    // The first piece of a reply may end at a clause (comma, semicolon, colon, dash) once it has either of these.
    std::size_t first_characters = 24;
    std::size_t first_words = 5;
    bool first_clause = true;             // false: the first piece is a sentence like all others
    std::size_t clause_characters = 140;  // a later sentence may end at a clause from this length on
    // Cut between words beyond this, wherever that is. A single word longer than this stays whole up to four times as
    // much.
    std::size_t max_characters = 280;  // at least 16
    std::string language = "en";       // "de": "3." before a word is an ordinal, not an end
};

struct Piece {
    enum class End : std::uint8_t { sentence, clause, line, forced, finished };
    std::string text;  // as the model wrote it, without white space around it; never empty
    // Where in everything pushed since construction or the last finish(), in bytes: so that what was heard can be said
    // in the model's own text.
    std::size_t begin = 0, end = 0;
    End why = End::finished;
};

class Chunker {
public:
    explicit Chunker(ChunkSettings settings = {});

    // The pieces this delta completed; usually none or one.
    [[nodiscard]] std::vector<Piece> push(std::string_view delta);
    // The reply is over: what was still waiting for its boundary. The next push() begins a new reply.
    [[nodiscard]] std::vector<Piece> finish();
    // Forgets everything, as after a cancelled reply.
    void reset();

    // Bytes held back because no boundary is known yet. Bounded by four times max_characters and what decides a
    // boundary.
    [[nodiscard]] std::size_t waiting() const { return buffer_.size(); }

private:
    void scan(bool final, std::vector<Piece>& out);
    void cut(std::size_t end, Piece::End why, std::vector<Piece>& out);
    [[nodiscard]] bool skip_space(bool final);
    [[nodiscard]] std::size_t forced_end() const;

    ChunkSettings settings_;
    std::string buffer_;           // the piece that grows, from its first character
    std::size_t taken_ = 0;        // bytes before buffer_
    std::size_t at_ = 0;           // next character to look at
    std::size_t characters_ = 0;   // before at_
    std::size_t words_ = 0;        // ended before at_
    std::size_t clause_end_ = 0;   // last clause seen, 0 for none
    std::size_t round_ = 0;        // open ( and [
    std::size_t square_from_ = 0;  // characters_ when [ was opened
    bool square_ = false, code_ = false, first_ = true;
};

}  // namespace parley::spoken
