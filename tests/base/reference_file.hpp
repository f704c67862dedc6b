#pragma once
// A page of the documentation that is generated: compared by default, rewritten when UPDATE_REFERENCE is set.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace parley {

inline void expect_reference_file(const std::string& path, const std::string& generated) {
    const std::string full = std::string(PARLEY_SOURCE_DIR) + "/" + path;
    if (std::getenv("UPDATE_REFERENCE")) std::ofstream(full) << generated;
    std::ostringstream present;
    present << std::ifstream(full).rdbuf();
    EXPECT_TRUE(present.str() == generated) << path << " is out of step with the code; run this test once with UPDATE_REFERENCE=1";
}

}  // namespace parley
