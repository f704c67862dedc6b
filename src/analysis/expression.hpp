#pragma once

#include <regex.h>

#include <array>
#include <string>
#include <string_view>

namespace parley::analysis {

// One POSIX extended expression, case ignored: they run in time that grows with the line only.
class Expression {
public:
    static constexpr std::size_t kLongestText = 2000;  // what is behind is not looked at
    explicit Expression(const char* text) { good_ = ::regcomp(&compiled_, text, REG_EXTENDED | REG_ICASE) == 0; }
    ~Expression() {
        if (good_) ::regfree(&compiled_);
    }
    Expression(const Expression&) = delete;
    Expression& operator=(const Expression&) = delete;
    // The part of `text` that group `which` matched; empty: nothing did.
    [[nodiscard]] std::string find(std::string_view text, std::size_t which = 0) const {
        const std::string whole(text.substr(0, kLongestText));
        std::array<regmatch_t, 6> at{};
        if (!good_ || ::regexec(&compiled_, whole.c_str(), at.size(), at.data(), 0) != 0 || at[which].rm_so < 0) return {};
        return whole.substr(static_cast<std::size_t>(at[which].rm_so), static_cast<std::size_t>(at[which].rm_eo - at[which].rm_so));
    }

private:
    regex_t compiled_{};
    bool good_ = false;
};

}  // namespace parley::analysis
