// A media frame costs the conversation no heap allocation: counted over a thousand frames with their marks.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "parley/conversation/machine.hpp"

namespace {
bool counting = false;
std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
    if (counting) ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace parley::conversation {
namespace {
using namespace std::chrono_literals;

TEST(Allocations, none_a_frame) {
    Machine machine{Settings{}};
    Commands out;
    out.reserve(64);
    Instant now{0};
    machine.on(Started{}, now, out);
    machine.on(ReplyText{1, "a very long sentence that goes on and on"}, now, out);
    machine.on(SegmentAudio{1, 1100 * 160}, now, out);
    const Event frame = FrameHandedOver{1, 160};
    auto run = [&](std::uint32_t frames, std::uint32_t first_mark) {
        for (std::uint32_t i = 0; i < frames; ++i) {
            out.clear();
            now += 20ms;
            machine.on(frame, now, out);
            machine.on(SegmentAudio{1, 160}, now, out);
            if (i % 50 == 0) machine.on(MarkSent{first_mark + i / 50}, now, out);
            if (i % 50 == 10) machine.on(MarkEchoed{first_mark + i / 50}, now, out);
        }
    };
    run(20, 1);  // the first frames fill the turn's waterfall
    counting = true;
    run(1000, 100);
    counting = false;
    EXPECT_EQ(allocations, 0U);
    EXPECT_EQ(machine.ledger().handed_samples(), 1020U * 160);
}

}  // namespace
}  // namespace parley::conversation
