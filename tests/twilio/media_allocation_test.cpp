// In steady state a media frame costs no heap allocation, in either direction.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "parley/twilio/bot_codec.hpp"
#include "parley/twilio/media_writer.hpp"
#include "parley/twilio/stream_protocol.hpp"

namespace {
std::atomic<std::size_t> allocations{0};
}

#if defined(__SANITIZE_ADDRESS__)
#define PARLEY_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PARLEY_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef PARLEY_COUNTS_ALLOCATIONS
#define PARLEY_COUNTS_ALLOCATIONS 1
#endif

#if PARLEY_COUNTS_ALLOCATIONS
void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}
#endif

namespace parley::twilio {
namespace {

TEST(MediaAllocations, a_thousand_frames_each_way_need_none) {
    if (!PARLEY_COUNTS_ALLOCATIONS) GTEST_SKIP() << "the sanitizer owns operator new";
    auto carrier = *CarrierWriter::create("AC1", "CA1", "MZ1");
    const auto writer = *MediaWriter::create("MZ1");
    MediaScanner scanner;
    BotScanner bot("MZ1");
    StreamProtocol protocol{Instant(0)};
    StreamActions actions;
    protocol.on_message(*scanner.scan(carrier.start({})), Instant(0), actions);
    ASSERT_TRUE(protocol.started());
    const std::vector<std::uint8_t> mulaw(160, 0x7F);
    std::vector<char> in(1024);
    std::vector<char> out(1024);
    std::size_t delivered = 0;
    const std::size_t before = allocations.load();
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const auto message = scanner.scan(carrier.media(mulaw, i * 20, in));
        protocol.on_message(*message, Instant(static_cast<std::int64_t>(i) * 20'000), actions);
        for (const StreamAction& action : actions) delivered += std::holds_alternative<DeliverAudio>(action) ? 1 : 0;
        const auto sent = writer.media(mulaw, out);
        const auto read = bot.scan(sent);
        if (!read || !std::holds_alternative<BotMedia>(*read)) break;
        if (i % 10 == 0 && (!protocol.mark_sent("word") || writer.mark("word", out).empty())) break;
        if (i % 250 == 0 && writer.clear(out).empty()) break;
    }
    const std::size_t after = allocations.load();
    EXPECT_EQ(delivered, 1000U);
    EXPECT_EQ(after - before, 0U);
}

}  // namespace
}  // namespace parley::twilio
