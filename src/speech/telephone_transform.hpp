#pragma once
// What a telephone line does to the features of the acoustic model, learned from pairs of the same synthetic speech in
// wide band and behind the line (300-3400 Hz, mu-law) by tests/speech/corpus/adapt_main.cpp: telephone = matrix * wide
// + offset. Applied to the model's means (MLLR); deltas go by the same matrix. Variances grow by the measured spread
// where that is above one, and by half as much again: without it the sharper model lost more in noise than it won on a
// clean line (docs/embedded-speech.md).

#include <array>
#include <cstddef>

namespace parley::speech {

inline constexpr std::size_t kTransformSize = 13;

inline constexpr std::array<std::array<double, kTransformSize>, kTransformSize> kTelephoneMatrix{
    {{0.6957, 0.0597, -0.1371, 0.0550, -0.0651, -0.0110, 0.0045, -0.0187, -0.0048, 0.0113, -0.0161, 0.0208, -0.0018},
     {0.4905, 0.4854, 0.2078, -0.1425, 0.0831, -0.0015, -0.0235, 0.0052, -0.0105, -0.0453, 0.0343, -0.0452, 0.0223},
     {-0.6193, 0.4107, 0.4519, 0.2122, -0.1553, 0.0323, -0.0023, 0.0001, -0.0227, 0.0306, -0.0547, 0.0337, -0.0135},
     {0.2217, -0.3787, 0.1936, 0.6723, 0.1813, -0.1357, 0.0415, -0.0511, -0.0364, -0.0056, -0.0346, 0.0107, -0.0214},
     {-0.1104, 0.0306, -0.1631, 0.1972, 0.6568, 0.1625, -0.1339, 0.0320, -0.0173, -0.0676, 0.0186, -0.0702, 0.0187},
     {-0.5592, 0.0628, -0.0370, -0.1418, 0.1470, 0.6268, 0.1712, -0.1753, 0.0263, -0.0116, -0.0746, 0.0475, -0.0680},
     {0.2173, -0.3170, 0.0072, 0.0433, -0.1571, 0.2269, 0.6560, 0.1571, -0.1415, -0.0150, -0.0204, -0.0444, -0.0044},
     {-0.3938, 0.0296, -0.2267, -0.0224, -0.0075, -0.1826, 0.1945, 0.6444, 0.1505, -0.1805, 0.0262, -0.0649, 0.0238},
     {-0.2948, -0.1061, -0.0886, -0.0755, -0.0798, 0.0270, -0.1617, 0.1766, 0.6293, 0.2087, -0.2386, 0.0825, -0.1081},
     {0.2000, -0.1593, -0.0899, 0.0203, -0.0664, -0.0144, 0.0565, -0.1563, 0.1528, 0.6497, 0.1460, -0.2083, 0.0291},
     {-0.5707, 0.1129, -0.1303, -0.0549, -0.0120, -0.0507, -0.0530, 0.0502, -0.1589, 0.1836, 0.6467, 0.1257, -0.1711},
     {0.1626, -0.2130, -0.0418, 0.0264, -0.0563, 0.0562, -0.0356, -0.0135, 0.0506, -0.1326, 0.0969, 0.7582, 0.0632},
     {-0.1631, 0.0679, -0.0462, 0.0039, -0.0067, -0.0365, 0.0519, -0.0292, -0.0020, 0.0515, -0.1189, 0.0529, 0.7838}}};

inline constexpr std::array<double, kTransformSize> kTelephoneOffset{0.0002,  0.0001,  -0.0001, 0.0003,  0.0000, -0.0002, 0.0002,
                                                                     -0.0001, -0.0001, 0.0001,  -0.0001, 0.0001, -0.0001};

inline constexpr std::array<double, kTransformSize> kTelephoneSpread{1.5000, 1.5000, 1.7634, 1.5000, 1.5000, 1.9617, 1.5000,
                                                                     1.5000, 1.8400, 1.5000, 1.5096, 1.5000, 1.5948};

}  // namespace parley::speech
