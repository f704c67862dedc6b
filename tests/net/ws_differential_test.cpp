// Our framing against Beast's WebSocket over an in-memory pair: what we write Beast must read alike and the other way
// round, and where Beast refuses bytes we must refuse them too.

#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <random>

#include "frame_script.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

using Stream = websocket::stream<beast::test::stream>;

// Beast as the server of a raw client.
struct Pair {
    asio::io_context context;
    beast::test::stream raw{context};
    Stream socket{context};
    Pair() {
        raw.connect(socket.next_layer());
        raw.write_some(asio::buffer(kUpgrade));
        socket.accept();
    }
};

std::string random_bytes(std::mt19937& random, std::size_t length, bool text) {
    std::string bytes;
    while (bytes.size() < length) {
        if (!text) {
            bytes += static_cast<char>(random());
        } else if (random() % 10 == 0) {
            bytes += "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
        } else {
            bytes += static_cast<char>('a' + random() % 26);
        }
    }
    return bytes;
}

TEST(WsDifferential, beast_reads_what_we_write) {
    std::mt19937 random(1);
    Pair pair;
    for (int i = 0; i < 300; ++i) {
        const bool text = random() % 2 == 0;
        const std::string payload = random_bytes(random, random() % (i % 10 == 0 ? 70000 : 300), text);
        // in one frame or in a few
        std::string frames;
        std::size_t at = 0;
        bool first = true;
        while (true) {
            const std::size_t part = std::min<std::size_t>(payload.size() - at, random() % 3 == 0 ? random() % 100 : payload.size());
            const bool last = at + part == payload.size();
            frames += client_frame(static_cast<std::uint8_t>((last ? 0x80 : 0) | (first ? (text ? 1 : 2) : 0)), payload.substr(at, part),
                                   static_cast<std::uint32_t>(random()));
            at += part;
            first = false;
            if (last) break;
        }
        pair.raw.write_some(asio::buffer(frames));
        beast::flat_buffer buffer;
        pair.socket.read(buffer);
        EXPECT_EQ(pair.socket.got_text(), text);
        EXPECT_EQ(std::string(static_cast<const char*>(buffer.data().data()), buffer.size()), payload);
    }
}

TEST(WsDifferential, we_read_what_beast_writes) {
    std::mt19937 random(2);
    for (int i = 0; i < 100; ++i) {
        Pair pair;
        std::vector<std::string> want;
        pair.socket.auto_fragment(random() % 2 == 0);
        pair.socket.write_buffer_bytes(64);
        for (int k = 0; k < 5; ++k) {
            const bool text = random() % 2 == 0;
            const std::string payload = random_bytes(random, random() % 700, text);
            pair.socket.text(text);
            pair.socket.write(asio::buffer(payload));
            want.push_back((text ? "text:" : "binary:") + payload);
        }
        pair.socket.ping("beat");
        want.push_back("ping:beat");
        const std::string_view bytes(pair.raw.str());
        const auto head = bytes.find("\r\n\r\n");
        EXPECT_EQ(read_frames(WsRole::client, head == std::string_view::npos ? bytes : bytes.substr(head + 4), 1 + random() % 100), want);
    }
}

struct Reading {
    std::vector<std::string> steps;
    bool faulty = false;
    unsigned close_code = 0;
};

Reading beast_reads(std::string_view bytes) {
    Reading reading;
    Pair pair;
    pair.socket.read_message_max(1 << 20);
    pair.socket.control_callback([&](websocket::frame_type kind, beast::string_view text) {
        if (kind == websocket::frame_type::ping) reading.steps.push_back("ping:" + std::string(text));
        if (kind == websocket::frame_type::pong) reading.steps.push_back("pong:" + std::string(text));
    });
    pair.raw.write_some(asio::buffer(bytes));
    pair.raw.close();
    while (true) {
        beast::flat_buffer buffer;
        error_code ec;
        pair.socket.read(buffer, ec);
        if (ec) {
            reading.close_code = pair.socket.reason().code;
            reading.faulty = ec != websocket::error::closed && ec != asio::error::eof;
            return reading;
        }
        reading.steps.push_back((pair.socket.got_text() ? "text:" : "binary:") + std::string(static_cast<const char*>(buffer.data().data()), buffer.size()));
    }
}

// Mutated frames: the same messages must be seen up to the first fault, and both must find a fault or none. We may find
// it earlier (by the first byte of a head); then Beast must find it too once more bytes have come.
TEST(WsDifferential, both_agree_on_mutated_frames) {
    std::mt19937 random(3);
    int faults = 0, clean = 0;
    for (int i = 0; i < 3000; ++i) {
        std::string bytes;
        for (int k = 0; k < 3; ++k) {
            const std::uint8_t firsts[] = {0x81, 0x82, 0x01, 0x80, 0x00, 0x89, 0x8a};
            bytes += client_frame(firsts[random() % std::size(firsts)], random_bytes(random, random() % 20, true), static_cast<std::uint32_t>(random()));
        }
        for (auto flips = random() % 3; flips > 0; --flips) bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
        auto ours = read_frames(WsRole::server, bytes, 1 + random() % 50);
        const std::string last = ours.empty() ? "" : ours.back();
        const bool our_fault = last.starts_with("fault:"), our_close = last.starts_with("close:");
        if (our_fault || our_close) ours.pop_back();
        Reading theirs = beast_reads(bytes);
        ASSERT_EQ(ours, theirs.steps) << i;
        if (last.starts_with("close:1014")) continue;  // registered after Beast was written
        if (theirs.close_code >= 5000) continue;       // no such range in RFC 6455 7.4.2: we refuse, Beast does not
        if (our_fault && !theirs.faulty) theirs = beast_reads(bytes + std::string(200, '\0'));
        ASSERT_EQ(our_fault, theirs.faulty) << i << " " << last;
        (our_fault ? faults : clean) += 1;
    }
    EXPECT_GT(faults, 500);
    EXPECT_GT(clean, 300);
}

}  // namespace
}  // namespace parley::net::test
