#pragma once
// What every vector source of this room agrees on; to be included before Highway.

// AVX-512 with VBMI and friends is a target of its own that Highway leaves out unless asked.
#ifndef HWY_WANT_AVX3_DL
#define HWY_WANT_AVX3_DL
#endif

// Kernels are written for vectors of a size known at compile time.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif

// Without byte shuffles the scalar twins are faster than emulated vectors.
#define PARLEY_SIMD_TARGET (HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128)
