// What a model's text costs on its way to a voice: deltas of four bytes, as tokens are, cut into pieces and shaped.

#include <benchmark/benchmark.h>

#include "parley/spoken/chunker.hpp"
#include "parley/spoken/shape.hpp"

namespace {

using namespace parley::spoken;

constexpr std::string_view kReply =
    "Sure, I can help with that. Your order #48213 was shipped on 2025-07-04 at 10:30 AM, so it should be with you by "
    "July 9th. The total was $1,234.56, of which 19% was tax. If anything is missing, call us at (555) 123-4567 or "
    "write to "
    "help@example.com; Dr. Smith's team is there from 9am to 5pm.\n\n**What you can do:**\n- Track it at "
    "https://www.example.com/track\n- Change the address, e.g. to St. Louis\n- Wait... most orders arrive early.\n\nIs "
    "there "
    "anything else I can do for you today? I'm happy to explain how returns work, and what our opening hours are.";
constexpr std::string_view kPlain =
    "Certainly, I would be glad to explain how that works. You simply bring the item back to any of our shops, "
    "together with "
    "the receipt, and we will give you the money back. There is no need to call ahead. Is there anything else?";

void chunk(benchmark::State& state) {
    for (auto _ : state) {
        Chunker chunker;
        std::size_t pieces = 0;
        for (std::size_t at = 0; at < kReply.size(); at += 4) pieces += chunker.push(kReply.substr(at, 4)).size();
        pieces += chunker.finish().size();
        benchmark::DoNotOptimize(pieces);
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(kReply.size()));
}
BENCHMARK(chunk);

void shape(benchmark::State& state, std::string_view text) {
    Chunker chunker;
    std::vector<Piece> pieces = chunker.push(text);
    for (Piece& piece : chunker.finish()) pieces.push_back(std::move(piece));
    for (auto _ : state) {
        Shaper shaper(locale_for("en-US"));
        for (const Piece& piece : pieces) benchmark::DoNotOptimize(shaper.shape(piece.text));
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(text.size()));
    state.counters["pieces"] = static_cast<double>(pieces.size());
}
BENCHMARK_CAPTURE(shape, reply_with_everything, kReply);
BENCHMARK_CAPTURE(shape, plain, kPlain);

}  // namespace
