// Base64: the vector kernels against the scalar twins, as text and as bytes, from and into memory of exactly the right
// size.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base64_scalar.hpp"
#include "parley/audio/base64.hpp"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley::audio;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto shape = base64_shape(text);
    std::vector<std::uint8_t> want(shape.value_or(0));
    const bool valid = shape.has_value() && base64_decode_scalar<true>(text.data(), want.data(), want.size());
    require(base64_valid(text).has_value() == valid);
    std::vector<std::uint8_t> got(want.size());
    const auto decoded = base64_decode(text, got);
    require(decoded.has_value() == valid);
    if (valid) {
        require(*decoded == want.size() && got == want);
        std::string again(base64_encoded_size(got.size()), '\0');
        require(base64_encode(got, again) == again.size());
        require(again == text);  // one text for each byte string
    }

    const std::vector<std::uint8_t> bytes(data, data + size);
    std::string vector_text(base64_encoded_size(size), '\0'), scalar_text = vector_text;
    require(base64_encode(bytes, vector_text) == vector_text.size());
    base64_encode_scalar(bytes.data(), size, scalar_text.data());
    require(vector_text == scalar_text);
    std::vector<std::uint8_t> back(size);
    require(base64_decode(vector_text, back) == size && back == bytes);
    return 0;
}
