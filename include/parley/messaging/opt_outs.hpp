#pragma once
// Who does not want messages from which of our numbers: known from a STOP that was seen coming in, or from Twilio's refusal (21610). Thread-safe.

#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "parley/base/result.hpp"
#include "parley/base/secret.hpp"

namespace parley::messaging {

class OptOuts {
public:
    // `file` keeps them over a restart, one JSON line a change; empty: in memory only. A line that cannot be read is skipped.
    explicit OptOuts(std::filesystem::path file, std::function<void(error_code)> on_error = {});

    // `ours`: a number or a messaging service (MG…). Twilio writes a service's messages from any of its numbers, and STOP comes in at that number: who said
    // no to any number of ours is out for every service, and who is out for a service is out for every number. START ends both.
    void out(std::string_view ours, std::string_view theirs);
    void in(std::string_view ours, std::string_view theirs);
    [[nodiscard]] bool is_out(std::string_view ours, std::string_view theirs) const;
    // The number itself is not kept any more, in memory or file, but what it said holds on: a hash stands for it, keyed by what stands in a file of its own
    // beside the list (".key"), which only its owner may read. How many entries that were.
    std::size_t forget(std::string_view theirs);
    [[nodiscard]] std::size_t size() const;
    // How often a hash was reckoned that is slow on purpose: of numbers asked about while there are entries of before there was a key, once each.
    [[nodiscard]] std::size_t slow_hashes() const;

private:
    [[nodiscard]] std::string hashed(std::string_view theirs) const;
    [[nodiscard]] std::string hashed_slowly(std::string_view theirs) const;
    [[nodiscard]] bool has(std::string_view prefix) const;
    void read_key();
    void make_key();
    bool out_as(std::string_view ours, std::string_view theirs) const;
    void rewrite();
    void write(std::string_view ours, std::string_view theirs, bool out);

    static constexpr std::size_t kMost = 200'000;  // more are refused silently: Twilio still refuses for us
    std::filesystem::path file_;
    std::function<void(error_code)> on_error_;
    static constexpr std::size_t kRemembered = 4096;
    std::filesystem::path key_file_;
    Secret key_;        // of the hashes; empty: nobody was forgotten yet
    std::string salt_;  // of this file's slow hashes
    mutable std::mutex mutex_;
    mutable std::deque<std::pair<std::string, std::string>> slow_;  // number, hash: the latest first
    mutable std::size_t slow_hashes_ = 0;
    std::set<std::pair<std::string, std::string>, std::less<>> out_;  // theirs, ours
};

// What a message to a number of Twilio's means there by itself: STOP and its synonyms, START and its own, HELP. The whole message, any case.
enum class Keyword : unsigned char { none, stop, start, help };
[[nodiscard]] Keyword keyword_of(std::string_view body);

}  // namespace parley::messaging
