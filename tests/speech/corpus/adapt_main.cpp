// parley_speech_adapt MANIFEST: learns what a telephone line does to the recogniser's features, from pairs of the same
// speech in wide band (16 kHz) and behind the line that `scripts/speech-corpus --wide` wrote, and prints it as
// src/speech/telephone_transform.hpp holds it.
//
// Least squares from the wide features to the narrow ones, frame by frame; the spread is the ratio of their variances.
// A transform of the means (MLLR) from paired data instead of from transcripts: with 182 numbers and some hundred
// thousand frames there is little to overfit.

#include <sphinxbase/err.h>
#include <sphinxbase/fe.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "parley/audio/resampler.hpp"

namespace {

constexpr std::size_t kSize = 13;
using Frame = std::array<double, kSize>;

std::vector<std::int16_t> read_raw(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    std::vector<std::int16_t> pcm(bytes.size() / 2);
    std::memcpy(pcm.data(), bytes.data(), pcm.size() * 2);
    return pcm;
}

void dither(std::vector<std::int16_t>& samples) {  // as the recogniser does
    std::uint32_t state = 12345;
    for (auto& sample : samples) {
        state = state * 1664525U + 1013904223U;
        sample = static_cast<std::int16_t>(std::clamp(sample + static_cast<int>((state >> 16U) % 9U) - 4, -32768, 32767));
    }
}

std::vector<Frame> features(fe_t* front_end, const std::vector<std::int16_t>& pcm16k) {
    mfcc_t** block = nullptr;
    int count = 0;
    fe_start_stream(front_end);
    fe_start_utt(front_end);
    fe_process_utt(front_end, pcm16k.data(), pcm16k.size(), &block, &count);
    mfcc_t rest[kSize];
    int more = 0;
    fe_end_utt(front_end, rest, &more);
    std::vector<Frame> frames(block == nullptr ? 0 : static_cast<std::size_t>(count));
    Frame mean{};
    for (std::size_t i = 0; i < frames.size(); ++i) {
        for (std::size_t k = 0; k < kSize; ++k) mean[k] += (frames[i][k] = static_cast<double>(block[i][k])) / count;
    }
    for (auto& frame : frames) {
        for (std::size_t k = 0; k < kSize; ++k) frame[k] -= mean[k];
    }
    if (block != nullptr) fe_free_2d(static_cast<void*>(block));
    return frames;
}

// Solves left * x = right for all columns of right (Gauss-Jordan with pivoting); the result is in right.
void solve(std::vector<std::vector<double>>& left, std::vector<std::vector<double>>& right) {
    for (std::size_t p = 0; p < left.size(); ++p) {
        std::size_t pivot = p;
        for (std::size_t q = p; q < left.size(); ++q) {
            if (std::fabs(left[q][p]) > std::fabs(left[pivot][p])) pivot = q;
        }
        std::swap(left[p], left[pivot]);
        std::swap(right[p], right[pivot]);
        for (std::size_t q = 0; q < left.size(); ++q) {
            if (q == p) continue;
            const double factor = left[q][p] / left[p][p];
            for (std::size_t s = p; s < left.size(); ++s) left[q][s] -= factor * left[p][s];
            for (std::size_t k = 0; k < right[q].size(); ++k) right[q][k] -= factor * right[p][k];
        }
    }
    for (std::size_t p = 0; p < left.size(); ++p) {
        for (auto& value : right[p]) value /= left[p][p];
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "parley_speech_adapt MANIFEST\n"), 2;
    err_set_callback(nullptr, nullptr);
    err_set_logfp(nullptr);
    cmd_ln_t* config = cmd_ln_init(nullptr, fe_get_args(), 1, "-samprate", "16000", "-lowerf", "130", "-upperf", "6800", "-nfilt", "25", "-transform", "dct",
                                   "-lifter", "22", "-remove_silence", "no", "-remove_noise", "yes", nullptr);
    fe_t* front_end = config == nullptr ? nullptr : fe_init_auto_r(config);
    if (front_end == nullptr) return 1;

    std::map<std::string, std::array<std::string, 2>> pairs;  // utterance and voice -> wide, tel
    std::ifstream manifest(argv[1]);
    for (std::string line; std::getline(manifest, line);) {
        std::istringstream fields(line);
        std::array<std::string, 6> f;
        for (auto& field : f) std::getline(fields, field, '\t');
        if (f[0] == "wide") pairs[f[4] + f[5]][0] = f[3];
        if (f[0] == "tel") pairs[f[4] + f[5]][1] = f[3];
    }

    std::vector<std::vector<double>> left(kSize + 1, std::vector<double>(kSize + 1)), right(kSize + 1, std::vector<double>(kSize));
    Frame wide_power{}, tel_power{};
    std::size_t total = 0;
    for (const auto& [key, files] : pairs) {
        if (files[0].empty() || files[1].empty()) continue;
        auto wide = read_raw(files[0]);
        auto narrow = read_raw(files[1]);
        dither(wide);
        dither(narrow);
        parley::audio::Resampler up(8000, 16000);
        std::vector<std::int16_t> raised;
        up.process(narrow, raised);
        up.flush(raised);
        raised.erase(raised.begin(), raised.begin() + static_cast<std::ptrdiff_t>(up.delay_samples()));
        const auto a = features(front_end, wide), b = features(front_end, raised);
        for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i, ++total) {
            std::array<double, kSize + 1> x{};
            std::copy(a[i].begin(), a[i].end(), x.begin());
            x[kSize] = 1;
            for (std::size_t p = 0; p <= kSize; ++p) {
                for (std::size_t q = 0; q <= kSize; ++q) left[p][q] += x[p] * x[q];
                for (std::size_t k = 0; k < kSize; ++k) right[p][k] += x[p] * b[i][k];
            }
            for (std::size_t k = 0; k < kSize; ++k) wide_power[k] += a[i][k] * a[i][k], tel_power[k] += b[i][k] * b[i][k];
        }
    }
    if (total < 1000) return std::fprintf(stderr, "%s: no pairs in it (scripts/speech-corpus --wide)\n", argv[1]), 1;
    for (std::size_t p = 0; p <= kSize; ++p) left[p][p] += 1e-6 * static_cast<double>(total);
    solve(left, right);
    std::printf("// %zu pairs, %zu frames\nmatrix\n", pairs.size(), total);
    for (std::size_t k = 0; k < kSize; ++k) {
        std::printf("    {");
        for (std::size_t p = 0; p < kSize; ++p) std::printf("%.4f%s", right[p][k], p + 1 < kSize ? ", " : "},\n");
    }
    std::printf("offset\n    {");
    for (std::size_t k = 0; k < kSize; ++k) std::printf("%.4f%s", right[kSize][k], k + 1 < kSize ? ", " : "}\n");
    std::printf("spread\n    {");
    for (std::size_t k = 0; k < kSize; ++k) std::printf("%.4f%s", tel_power[k] / wide_power[k], k + 1 < kSize ? ", " : "}\n");
    return 0;
}
