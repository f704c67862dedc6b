#include "parley/audio/wav.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>

#include "parley/audio/g711.hpp"

namespace parley::audio {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;
using Pcm = std::vector<std::int16_t>;

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string name = (fs::temp_directory_path() / "parley-wav-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~TemporaryDirectory() { fs::remove_all(path_); }
    fs::path operator/(const char* name) const { return path_ / name; }

private:
    fs::path path_;
};

Bytes file_bytes(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return Bytes{std::istreambuf_iterator<char>(file), {}};
}

void put(Bytes& to, std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
void put(Bytes& to, const char* name) {
    to.insert(to.end(), name, name + 4);
}

// A file as the table below wants it: the defaults are a valid one of four PCM16 samples.
struct Wave {
    std::uint32_t encoding = 1, channels = 1, rate = 8000, bits = 16;
    std::optional<std::uint32_t> byte_rate = {}, block = {}, riff_size = {}, data_size = {};
    Bytes data{1, 0, 2, 0, 0xFF, 0x7F, 0, 0x80};
    bool format = true;
    Bytes before_format = {}, before_data = {}, after_data = {}, trailing = {};
    bool data_chunk = true;
    std::uint32_t format_size = 16;
    Bytes extension = {};

    Bytes bytes() const {
        Bytes body;
        put(body, "WAVE");
        body.insert(body.end(), before_format.begin(), before_format.end());
        const std::uint32_t frame = channels * bits / 8;
        if (format) {
            put(body, "fmt ");
            put(body, format_size, 4);
            put(body, encoding, 2);
            put(body, channels, 2);
            put(body, rate, 4);
            put(body, byte_rate.value_or(rate * frame), 4);
            put(body, block.value_or(frame), 2);
            put(body, bits, 2);
            body.insert(body.end(), extension.begin(), extension.end());
        }
        body.insert(body.end(), before_data.begin(), before_data.end());
        if (data_chunk) {
            put(body, "data");
            put(body, data_size.value_or(static_cast<std::uint32_t>(data.size())), 4);
            body.insert(body.end(), data.begin(), data.end());
            if (data.size() % 2 != 0) body.push_back(0);
        }
        body.insert(body.end(), after_data.begin(), after_data.end());
        Bytes all;
        put(all, "RIFF");
        put(all, riff_size.value_or(static_cast<std::uint32_t>(body.size())), 4);
        all.insert(all.end(), body.begin(), body.end());
        all.insert(all.end(), trailing.begin(), trailing.end());
        return all;
    }
};

Bytes chunk(const char* name, std::uint32_t size, std::size_t really) {
    Bytes bytes;
    put(bytes, name);
    put(bytes, size, 4);
    bytes.resize(bytes.size() + really);
    return bytes;
}

Bytes extensible(std::uint32_t sub_format) {
    Bytes bytes;
    put(bytes, 22, 2);
    put(bytes, 16, 2);
    put(bytes, 0, 4);
    put(bytes, sub_format, 2);
    for (const int byte : {0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71}) put(bytes, static_cast<std::uint32_t>(byte), 1);
    return bytes;
}

const Pcm kFour{1, 2, 32767, -32768};

TEST(WavReader, reads_pcm16_mono_and_stereo) {
    const auto mono = parse_wav(Wave{}.bytes());
    ASSERT_TRUE(mono) << mono.error().message();
    EXPECT_EQ(mono->samples, kFour);
    EXPECT_EQ(mono->rate, 8000);
    EXPECT_EQ(mono->frames(), 4U);
    const auto stereo = parse_wav(Wave{.channels = 2, .rate = 48000}.bytes());
    ASSERT_TRUE(stereo) << stereo.error().message();
    EXPECT_EQ(stereo->channels, 2);
    EXPECT_EQ(stereo->frames(), 2U);
    EXPECT_EQ(stereo->samples, kFour);
}

TEST(WavReader, reads_both_g711_laws_and_odd_data) {
    const auto mu = parse_wav(Wave{.encoding = 7, .bits = 8, .data = {0xFF, 0x00, 0x80}}.bytes());
    ASSERT_TRUE(mu) << mu.error().message();
    EXPECT_EQ(mu->samples, (Pcm{0, -32124, 32124}));
    const auto a = parse_wav(Wave{.encoding = 6, .bits = 8, .data = {0xD5, 0x2A, 0xAA}}.bytes());
    ASSERT_TRUE(a) << a.error().message();
    EXPECT_EQ(a->samples, (Pcm{8, -32256, 32256}));
    auto unpadded = Wave{.encoding = 7, .bits = 8, .data = {0xFF, 0x00, 0x80}}.bytes();
    unpadded.pop_back();  // counted in the RIFF size, not written
    EXPECT_TRUE(parse_wav(unpadded));
}

TEST(WavReader, skips_chunks_it_does_not_know_and_reads_the_extensible_form) {
    const auto noisy = parse_wav(Wave{.before_format = chunk("JUNK", 5, 6), .before_data = chunk("LIST", 10, 10), .after_data = chunk("id3 ", 0, 0)}.bytes());
    ASSERT_TRUE(noisy) << noisy.error().message();
    EXPECT_EQ(noisy->samples, kFour);
    const auto wide = parse_wav(Wave{.encoding = 0xFFFE, .format_size = 40, .extension = extensible(1)}.bytes());
    ASSERT_TRUE(wide) << wide.error().message();
    EXPECT_EQ(wide->samples, kFour);
    EXPECT_TRUE(parse_wav(Wave{.data = {}}.bytes()));
}

struct Hostile {
    const char* name;
    Bytes bytes;
    WavErrc why;
};
std::ostream& operator<<(std::ostream& out, const Hostile& c) {
    return out << c.name;
}

std::vector<Hostile> hostile_files() {
    auto bad_guid = extensible(1);
    bad_guid.back() ^= 1;
    Bytes id3(4096, 'x');
    std::memcpy(id3.data(), "ID3\x04", 4);
    Bytes many;
    for (int i = 0; i < 64; ++i) {
        const auto one = chunk("JUNK", 0, 0);
        many.insert(many.end(), one.begin(), one.end());
    }
    auto second_format = Wave{}.bytes();
    const Bytes format(second_format.begin() + 12, second_format.begin() + 36);
    return {
        {"empty", {}, WavErrc::not_wave},
        {"eleven_bytes", Bytes(11, 'R'), WavErrc::not_wave},
        {"mp3_with_id3", id3, WavErrc::not_wave},
        {"rifx",
         [] {
             auto b = Wave{}.bytes();
             b[3] = 'X';
             return b;
         }(),
         WavErrc::not_wave},
        {"riff_avi",
         [] {
             auto b = Wave{}.bytes();
             std::memcpy(b.data() + 8, "AVI ", 4);
             return b;
         }(),
         WavErrc::not_wave},
        {"riff_claims_4_gb", Wave{.riff_size = 0xFFFFFFFF}.bytes(), WavErrc::truncated},
        {"riff_claims_nothing", Wave{.riff_size = 0}.bytes(), WavErrc::not_wave},
        {"riff_two_short_of_the_file", Wave{.riff_size = 42}.bytes(), WavErrc::trailing_bytes},
        {"data_claims_4_gb", Wave{.data_size = 0xFFFFFFFF}.bytes(), WavErrc::truncated},
        {"data_claims_4_gb_less_eight", Wave{.data_size = 0xFFFFFFF8}.bytes(), WavErrc::truncated},
        {"data_claims_one_more", Wave{.data_size = 9}.bytes(), WavErrc::truncated},
        {"junk_claims_4_gb", Wave{.before_format = chunk("JUNK", 0xFFFFFFFF, 0)}.bytes(), WavErrc::truncated},
        {"half_a_chunk_header", Wave{.after_data = {'L', 'I'}}.bytes(), WavErrc::truncated},
        {"zero_channels", Wave{.channels = 0}.bytes(), WavErrc::unsupported_channels},
        {"three_channels", Wave{.channels = 3}.bytes(), WavErrc::unsupported_channels},
        {"channels_65535",
         Wave{
             .channels = 65535,
             .block = 2,
         }
             .bytes(),
         WavErrc::unsupported_channels},
        {"zero_rate", Wave{.rate = 0}.bytes(), WavErrc::unsupported_rate},
        {"rate_7999", Wave{.rate = 7999}.bytes(), WavErrc::unsupported_rate},
        {"rate_48001", Wave{.rate = 48001}.bytes(), WavErrc::unsupported_rate},
        {"rate_4_giga", Wave{.rate = 0xFFFFFFFF}.bytes(), WavErrc::unsupported_rate},
        {"eight_bit_pcm", Wave{.bits = 8}.bytes(), WavErrc::unsupported_encoding},
        {"zero_bits", Wave{.bits = 0}.bytes(), WavErrc::unsupported_encoding},
        {"sixteen_bit_mulaw", Wave{.encoding = 7}.bytes(), WavErrc::unsupported_encoding},
        {"float", Wave{.encoding = 3, .bits = 32}.bytes(), WavErrc::unsupported_encoding},
        {"mp3_in_wav", Wave{.encoding = 0x55}.bytes(), WavErrc::unsupported_encoding},
        {"gsm_in_wav", Wave{.encoding = 0x31}.bytes(), WavErrc::unsupported_encoding},
        {"foreign_guid", Wave{.encoding = 0xFFFE, .format_size = 40, .extension = bad_guid}.bytes(), WavErrc::unsupported_encoding},
        {"extensible_float", Wave{.encoding = 0xFFFE, .format_size = 40, .extension = extensible(3)}.bytes(), WavErrc::unsupported_encoding},
        {"extensible_too_short", Wave{.encoding = 0xFFFE}.bytes(), WavErrc::bad_format_chunk},
        {"wrong_byte_rate", Wave{.byte_rate = 1}.bytes(), WavErrc::bad_format_chunk},
        {"wrong_block", Wave{.block = 4}.bytes(), WavErrc::bad_format_chunk},
        {"format_of_14_bytes", Wave{.format = false, .before_data = chunk("fmt ", 14, 14)}.bytes(), WavErrc::bad_format_chunk},
        {"format_of_300_bytes", Wave{.format = false, .before_data = chunk("fmt ", 300, 300)}.bytes(), WavErrc::bad_format_chunk},
        {"two_formats", Wave{.before_data = format}.bytes(), WavErrc::bad_format_chunk},
        {"no_format", Wave{.format = false, .data_chunk = false}.bytes(), WavErrc::bad_format_chunk},
        {"data_before_format", Wave{.before_format = chunk("data", 2, 2)}.bytes(), WavErrc::bad_data_chunk},
        {"no_data", Wave{.data_chunk = false}.bytes(), WavErrc::bad_data_chunk},
        {"two_data", Wave{.after_data = chunk("data", 2, 2)}.bytes(), WavErrc::bad_data_chunk},
        {"half_a_sample", Wave{.data = {1, 2, 3}}.bytes(), WavErrc::bad_data_chunk},
        {"half_a_stereo_frame", Wave{.channels = 2, .data = {1, 2}}.bytes(), WavErrc::bad_data_chunk},
        {"sixty_six_chunks", Wave{.before_format = many}.bytes(), WavErrc::too_many_chunks},
        {"zip_behind", Wave{.trailing = {'P', 'K', 3, 4}}.bytes(), WavErrc::trailing_bytes},
    };
}

class WavRefuses : public testing::TestWithParam<Hostile> {};
TEST_P(WavRefuses, it) {
    const auto result = parse_wav(GetParam().bytes);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), make_error_code(GetParam().why)) << result.error().message();
}
INSTANTIATE_TEST_SUITE_P(files, WavRefuses, testing::ValuesIn(hostile_files()), [](const auto& c) { return std::string(c.param.name); });

TEST(WavReader, limits_hold_at_their_edge) {
    const Wave one_second{.data = Bytes(16000)};
    EXPECT_TRUE(parse_wav(one_second.bytes(), {.max_duration_s = 1}));
    EXPECT_EQ(parse_wav(Wave{.data = Bytes(16002)}.bytes(), {.max_duration_s = 1}).error(), make_error_code(WavErrc::too_long));
    EXPECT_TRUE(parse_wav(one_second.bytes(), {.max_bytes = 16044}));
    EXPECT_EQ(parse_wav(one_second.bytes(), {.max_bytes = 16043}).error(), make_error_code(WavErrc::too_large));
    EXPECT_TRUE(parse_wav(Wave{}.bytes(), {.max_chunks = 2}));
    EXPECT_EQ(parse_wav(Wave{}.bytes(), {.max_chunks = 1}).error(), make_error_code(WavErrc::too_many_chunks));
    EXPECT_TRUE(parse_wav(Wave{.trailing = {'P', 'K', 3, 4}}.bytes(), {.allow_trailing_bytes = true}));
}

TEST(WavReader, every_cut_of_a_file_is_refused_and_no_byte_beyond_it_is_read) {
    const auto whole = Wave{.before_data = chunk("LIST", 4, 4)}.bytes();
    for (std::size_t size = 0; size < whole.size() - 1; ++size) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(parse_wav(cut)) << size;
    }
}

TEST(WavReader, files_that_are_no_files) {
    const TemporaryDirectory directory;
    EXPECT_EQ(read_wav(directory / "none.wav").error(), boost::system::errc::no_such_file_or_directory);
    EXPECT_FALSE(read_wav("/dev/zero"));
    EXPECT_FALSE(read_wav(directory / "."));
    ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
    EXPECT_FALSE(read_wav(directory / "pipe"));
    std::ofstream(directory / "big.wav") << std::string(2000, 'x');
    EXPECT_EQ(read_wav(directory / "big.wav", {.max_bytes = 1999}).error(), make_error_code(WavErrc::too_large));
}

Pcm random_pcm(std::size_t n) {
    std::mt19937 random(static_cast<unsigned>(n));
    Pcm pcm(n);
    for (auto& sample : pcm) sample = static_cast<std::int16_t>(random());
    return pcm;
}

TEST(WavWriter, what_is_written_is_read_back) {
    const TemporaryDirectory directory;
    for (const int channels : {1, 2}) {
        for (const std::size_t frames : {0UL, 1UL, 7UL, 160UL, 20000UL}) {
            const auto pcm = random_pcm(frames * static_cast<std::size_t>(channels));
            auto writer = WavWriter::open(directory / "a.wav", {.rate = 24000, .channels = channels, .buffer_bytes = 513});
            ASSERT_TRUE(writer);
            EXPECT_FALSE(writer->write(pcm));
            EXPECT_FALSE(writer->close());
            EXPECT_EQ(writer->frames_accepted(), frames);
            const auto back = read_wav(directory / "a.wav");
            ASSERT_TRUE(back) << back.error().message();
            EXPECT_EQ(back->samples, pcm);
            EXPECT_EQ(back->rate, 24000);
            EXPECT_EQ(back->channels, channels);
        }
    }
}

TEST(WavWriter, converts_between_mulaw_and_pcm_and_pads_odd_data) {
    const TemporaryDirectory directory;
    Bytes codes(2001);
    for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
    Pcm pcm(codes.size());
    mulaw_decode(codes, pcm);
    for (const auto encoding : {WavWriter::Encoding::pcm16, WavWriter::Encoding::mulaw}) {
        for (const bool as_codes : {true, false}) {
            auto writer = WavWriter::open(directory / "b.wav", {.encoding = encoding});
            ASSERT_TRUE(writer);
            EXPECT_FALSE(as_codes ? writer->write_mulaw(codes) : writer->write(pcm));
            EXPECT_FALSE(writer->close());
            const auto back = read_wav(directory / "b.wav");
            ASSERT_TRUE(back) << back.error().message();
            EXPECT_EQ(back->samples, pcm);
            EXPECT_EQ(file_bytes(directory / "b.wav").size() % 2, 0U);
        }
    }
}

// As a crash would leave it: read at every moment, without close().
TEST(WavWriter, the_file_is_valid_after_every_write) {
    const TemporaryDirectory directory;
    auto writer = WavWriter::open(directory / "c.wav", {.channels = 2, .buffer_bytes = 1024, .header_every = 4096});
    ASSERT_TRUE(writer);
    Pcm all;
    std::size_t seen = 0;
    for (int i = 0; i < 200; ++i) {
        const auto frame = random_pcm(320);
        all.insert(all.end(), frame.begin(), frame.end());
        ASSERT_FALSE(writer->write(frame));
        const auto now = read_wav(directory / "c.wav", {.allow_trailing_bytes = true});
        ASSERT_TRUE(now) << i << now.error().message();
        ASSERT_GE(now->samples.size(), seen);
        seen = now->samples.size();
        ASSERT_TRUE(std::equal(now->samples.begin(), now->samples.end(), all.begin()));
        ASSERT_LE(all.size() - seen, (4096 + 2 * 1024) / sizeof(std::int16_t));  // what a crash can cost
    }
    ASSERT_FALSE(writer->flush());
    EXPECT_EQ(read_wav(directory / "c.wav")->samples, all);
}

TEST(WavWriter, a_full_disk_is_told_once_and_then_it_is_quiet) {
    const auto opened = WavWriter::open("/dev/full", {});
    EXPECT_FALSE(opened);
    EXPECT_EQ(opened.error(), boost::system::errc::no_space_on_device);

    // A limit on the size of files stands in for a disk that fills during the call.
    const TemporaryDirectory directory;
    auto writer = WavWriter::open(directory / "d.wav", {.buffer_bytes = 1024, .header_every = 1024});
    ASSERT_TRUE(writer);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{.rlim_cur = 10000, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    int told = 0;
    for (int i = 0; i < 100; ++i) {
        const error_code ec = writer->write(random_pcm(160));
        if (ec) {
            ++told;
            EXPECT_EQ(ec, boost::system::errc::file_too_large);
            EXPECT_EQ(writer->error(), ec);
        }
    }
    EXPECT_FALSE(writer->flush());
    EXPECT_FALSE(writer->close());
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, old_handler);
    EXPECT_EQ(told, 1);
    EXPECT_TRUE(writer->failed());
    const auto left = read_wav(directory / "d.wav", {.allow_trailing_bytes = true});
    ASSERT_TRUE(left) << left.error().message();
    EXPECT_GE(left->samples.size(), 4000U);
}

TEST(WavWriter, refuses_what_it_cannot_write) {
    const TemporaryDirectory directory;
    const auto refused = [&](const WavWriter::Format& format) {
        return WavWriter::open(directory / "e.wav", format).error() == make_error_code(WavErrc::bad_argument);
    };
    EXPECT_TRUE(refused({.rate = 7999}));
    EXPECT_TRUE(refused({.rate = 48001}));
    EXPECT_TRUE(refused({.channels = 0}));
    EXPECT_TRUE(refused({.channels = 3}));
    EXPECT_TRUE(refused({.buffer_bytes = 511}));
    EXPECT_TRUE(refused({.buffer_bytes = (1U << 20U) + 1}));
    EXPECT_FALSE(fs::exists(directory / "e.wav"));
    EXPECT_FALSE(WavWriter::open(directory / "none/e.wav", {}));
    auto stereo = WavWriter::open(directory / "f.wav", {.channels = 2});
    ASSERT_TRUE(stereo);
    EXPECT_EQ(stereo->write(Pcm{1, 2, 3}), make_error_code(WavErrc::bad_argument));
    EXPECT_FALSE(stereo->failed());
    EXPECT_FALSE(stereo->write(Pcm{1, 2}));
}

TEST(WavWriter, moving_keeps_the_file_and_destroying_closes_it) {
    const TemporaryDirectory directory;
    const auto pcm = random_pcm(1000);
    {
        auto opened = WavWriter::open(directory / "g.wav", {});
        ASSERT_TRUE(opened);
        ASSERT_FALSE(opened->write(std::span(pcm).first(300)));
        WavWriter moved(std::move(*opened));
        ASSERT_FALSE(moved.write(std::span(pcm).subspan(300)));
        auto other = WavWriter::open(directory / "h.wav", {});
        ASSERT_TRUE(other);
        *other = std::move(moved);
        EXPECT_EQ(other->path(), directory / "g.wav");
    }
    EXPECT_EQ(read_wav(directory / "g.wav")->samples, pcm);
    EXPECT_EQ(read_wav(directory / "h.wav")->samples, Pcm{});
}

}  // namespace
}  // namespace parley::audio
