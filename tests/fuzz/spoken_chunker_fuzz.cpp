// However the bytes are cut into deltas the pieces are the same, nothing but white space is lost, and what waits is
// bounded. The first bytes choose the settings and the cuts.

#include <cstdint>
#include <cstdlib>

#include "parley/spoken/chunker.hpp"

namespace {

using parley::spoken::Chunker;
using parley::spoken::ChunkSettings;
using parley::spoken::Piece;

void add(std::vector<Piece>& all, std::vector<Piece> more) {
    for (Piece& piece : more) all.push_back(std::move(piece));
}

bool space(std::string_view text, std::size_t at, std::size_t& size) {
    size = 1;
    const char c = text[at];
    if (c == ' ' || (c >= '\t' && c <= '\r')) return true;
    for (const std::string_view wide : {"\xe3\x80\x80", "\xe2\x80\xa8", "\xe2\x80\xa9"}) {
        if (!text.substr(at).starts_with(wide)) continue;
        size = wide.size();
        return true;
    }
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    ChunkSettings settings;
    settings.first_clause = (data[0] & 1U) != 0;
    settings.max_characters = 16 + data[1];
    settings.clause_characters = data[0];
    if ((data[0] & 2U) != 0) settings.language = "de";
    const std::size_t step = 1 + data[2] % 13;
    const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);

    Chunker whole(settings), parts(settings);
    std::vector<Piece> expected, got;
    add(expected, whole.push(text));
    add(expected, whole.finish());
    for (std::size_t at = 0; at < text.size(); at += step) {
        add(got, parts.push(text.substr(at, step)));
        if (parts.waiting() > 16 * settings.max_characters + 1024) std::abort();
    }
    add(got, parts.finish());
    if (got.size() != expected.size()) std::abort();
    std::size_t at = 0;
    const auto only_space_until = [&](std::size_t end) {
        while (at < end) {
            std::size_t length = 1;
            if (!space(text, at, length)) std::abort();
            at += length;
        }
    };
    for (std::size_t i = 0; i < got.size(); ++i) {
        const Piece& piece = got[i];
        if (piece.text != expected[i].text || piece.begin != expected[i].begin || piece.why != expected[i].why) std::abort();
        if (piece.text.empty() || text.substr(piece.begin, piece.end - piece.begin) != piece.text) std::abort();
        only_space_until(piece.begin);
        at = piece.end;
    }
    only_space_until(text.size());
    return 0;
}
