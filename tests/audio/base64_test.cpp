#include "parley/audio/base64.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "parley/audio/g711.hpp"
#include "simd_targets.hpp"

namespace parley::audio {
namespace {

std::vector<std::uint8_t> random_bytes(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::uint8_t> bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

std::string openssl_encode(std::span<const std::uint8_t> bytes) {
    std::string text(base64_encoded_size(bytes.size()) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::string encode(std::span<const std::uint8_t> bytes) {
    std::string text(base64_encoded_size(bytes.size()), '?');
    EXPECT_EQ(base64_encode(bytes, text), text.size());
    return text;
}

// The grammar of RFC 4648 section 4, read slowly: bits are collected one by one.
std::optional<std::vector<std::uint8_t>> slow_decode(std::string_view text) {
    const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && !text.empty() && text.back() == '=') {
        text.remove_suffix(1);
        ++padding;
    }
    std::vector<bool> bits;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        for (int bit = 5; bit >= 0; --bit) bits.push_back((value >> bit & 1U) != 0);
    }
    std::vector<std::uint8_t> bytes(bits.size() / 8);
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (i / 8 < bytes.size()) {
            bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] << 1 | (bits[i] ? 1 : 0));
        } else if (bits[i]) {
            return std::nullopt;
        }
    }
    return bytes;
}

// Decodes into memory of exactly the expected size, so that a sanitizer sees any byte too many, and from exactly sized
// text.
std::optional<std::vector<std::uint8_t>> decode(std::string_view text) {
    const auto copy = std::make_unique<char[]>(text.size());
    std::memcpy(copy.get(), text.data(), text.size());
    const std::string_view in(copy.get(), text.size());
    const auto valid = base64_valid(in);
    std::vector<std::uint8_t> bytes(valid.value_or(base64_decoded_bound(text.size())));
    const auto size = base64_decode(in, bytes);
    EXPECT_EQ(size.has_value(), valid.has_value());
    if (!size) return std::nullopt;
    EXPECT_EQ(*size, *valid);
    bytes.resize(*size);
    return bytes;
}

TEST(Base64, rfc_4648_vectors_on_every_target) {
    const std::pair<std::string, std::string> vectors[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for_each_simd_target([&] {
        for (const auto& [plain, text] : vectors) {
            const std::vector<std::uint8_t> bytes(plain.begin(), plain.end());
            EXPECT_EQ(encode(bytes), text);
            EXPECT_EQ(decode(text), bytes);
        }
    });
}

TEST(Base64, every_length_to_400_like_openssl_and_back_on_every_target) {
    for_each_simd_target([&] {
        for (std::size_t size = 0; size <= 400; ++size) {
            const auto bytes = random_bytes(size, static_cast<unsigned>(size));
            const auto text = encode(bytes);
            ASSERT_EQ(text, openssl_encode(bytes)) << size;
            ASSERT_EQ(decode(text), bytes) << size;
        }
    });
}

TEST(Base64, every_byte_value_and_every_sextet_at_every_place_of_a_register) {
    for_each_simd_target([&] {
        for (std::size_t shift = 0; shift < 64; ++shift) {
            std::vector<std::uint8_t> bytes(256 + 64);
            for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 5 + shift);
            ASSERT_EQ(encode(bytes), openssl_encode(bytes));
            std::string text;
            for (std::size_t i = 0; i < 192; ++i) {
                text += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(i + shift) % 64];
            }
            ASSERT_EQ(decode(text), slow_decode(text));
        }
    });
}

TEST(Base64, all_single_byte_mutations_of_a_frame_are_judged_as_the_grammar_does) {
    for (const std::size_t size : {kFrameBytes, kFrameBytes + 1}) {  // two characters of padding, and one
        {
            const auto bytes = random_bytes(size, 42);
            const std::string frame = openssl_encode(bytes);
            // The slow judge is asked once a mutation, not once a target.
            std::vector<std::optional<std::vector<std::uint8_t>>> truth;
            for (std::size_t at = 0; at < frame.size(); ++at) {
                for (int value = 0; value < 256; ++value) {
                    std::string mutant = frame;
                    mutant[at] = static_cast<char>(value);
                    truth.push_back(slow_decode(mutant));
                }
            }
            for_each_simd_target([&] {
                std::vector<std::uint8_t> out(base64_decoded_bound(frame.size()));
                std::size_t accepted = 0, next = 0;
                for (std::size_t at = 0; at < frame.size(); ++at) {
                    std::string mutant = frame;
                    for (int value = 0; value < 256; ++value) {
                        mutant[at] = static_cast<char>(value);
                        const auto& want = truth[next++];
                        const auto got = base64_decode(mutant, out);
                        ASSERT_EQ(got.has_value(), want.has_value()) << at << " " << value;
                        ASSERT_EQ(base64_valid(mutant), got);
                        if (!want) continue;
                        ++accepted;
                        ASSERT_EQ(*got, want->size());
                        ASSERT_TRUE(std::equal(want->begin(), want->end(), out.begin())) << at << " " << value;
                    }
                }
                EXPECT_LE(accepted, frame.size() * 65);  // sixty-four characters, and '=' at the very end
                EXPECT_GE(accepted, (frame.size() - 4) * 64);
            });
        }
    }
}

struct BadCase {
    const char* name;
    std::string_view text;
};
class Base64Refuses : public testing::TestWithParam<BadCase> {};
TEST_P(Base64Refuses, it) {
    for_each_simd_target([&] {
        std::vector<std::uint8_t> out(64, 0xEE);
        EXPECT_FALSE(base64_decode(GetParam().text, out));
        EXPECT_FALSE(base64_valid(GetParam().text));
    });
}
INSTANTIATE_TEST_SUITE_P(cases, Base64Refuses,
                         testing::Values(BadCase{"one_character", "Q"}, BadCase{"two_characters", "QQ"}, BadCase{"three_characters", "QQA"},
                                         BadCase{"five_characters", "QUJDR"}, BadCase{"missing_padding", "QUJDRA"}, BadCase{"half_padding", "QUJDRA="},
                                         BadCase{"too_much_padding", "QUJD===="}, BadCase{"only_padding", "===="}, BadCase{"three_padding", "Q==="},
                                         BadCase{"inner_padding", "QQ==QUJD"}, BadCase{"inner_padding_one", "QUI=QUJD"},
                                         BadCase{"padding_then_character", "QQ=A"}, BadCase{"leading_padding", "=QQQ"}, BadCase{"url_alphabet_minus", "-_-_"},
                                         BadCase{"url_alphabet_underscore", "AAA_"}, BadCase{"space", "QU D"}, BadCase{"leading_space", " QUJ"},
                                         BadCase{"line_feed", "QUJ\n"}, BadCase{"carriage_return", "QUJD\r\nQU"}, BadCase{"tab", "QU\tD"},
                                         BadCase{"nul", std::string_view("QU\0D", 4)},
                                         BadCase{"high_bit",
                                                 "QU\xC1"
                                                 "D"},
                                         BadCase{"trailing_bits_one_byte", "QR=="}, BadCase{"trailing_bits_two_bytes", "QUJ="}),
                         [](const auto& c) { return c.param.name; });

TEST(Base64, room_is_respected) {
    const auto bytes = random_bytes(160, 3);
    const auto text = openssl_encode(bytes);
    for_each_simd_target([&] {
        std::vector<std::uint8_t> out(160, 0xEE);
        EXPECT_FALSE(base64_decode(text, std::span(out).first(159)));
        EXPECT_EQ(base64_decode(text, out), 160U);
        std::string small(text.size() - 1, '?');
        EXPECT_EQ(base64_encode(bytes, small), 0U);
        EXPECT_EQ(small, std::string(text.size() - 1, '?'));

        std::vector<std::uint8_t> guarded(200, 0xEE);  // room to spare is not written to
        EXPECT_EQ(base64_decode(text, guarded), 160U);
        EXPECT_EQ(std::vector<std::uint8_t>(guarded.begin() + 160, guarded.end()), std::vector<std::uint8_t>(40, 0xEE));
    });
}

}  // namespace
}  // namespace parley::audio
