#include "parley/messaging/opt_outs.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "parley/base/ids.hpp"

namespace parley::messaging {

using nlohmann::json;

namespace {
constexpr std::string_view kHash = "pbkdf2:";  // stands for a number that was to be forgotten
constexpr int kRounds = 20'000;             // numbers are few enough to be tried one by one: each try costs some milliseconds
constexpr std::string_view kService = "MG";  // a messaging service: which numbers are its is not known here
}

OptOuts::OptOuts(std::filesystem::path file, std::function<void(error_code)> on_error) : file_(std::move(file)), on_error_(std::move(on_error)) {
    if (file_.empty()) return;
    std::ifstream in(file_);
    for (std::string line; out_.size() < kMost && std::getline(in, line);) {
        const auto entry = json::parse(line, nullptr, false);
        if (!entry.is_object()) continue;
        if (const auto salt = entry.find("salt"); salt != entry.end() && salt->is_string()) salt_ = salt->get<std::string>();
        const auto ours = entry.find("ours"), theirs = entry.find("theirs"), state = entry.find("out");
        if (ours == entry.end() || theirs == entry.end() || state == entry.end() || !ours->is_string() || !theirs->is_string() || !state->is_boolean()) continue;
        auto key = std::pair(theirs->get<std::string>(), ours->get<std::string>());
        if (state->get<bool>()) out_.insert(std::move(key));
        else out_.erase(key);
    }
}

void OptOuts::out(std::string_view ours, std::string_view theirs) {
    const std::lock_guard lock(mutex_);
    if (out_.size() >= kMost || !out_.emplace(theirs, ours).second) return;
    write(ours, theirs, true);
}

void OptOuts::in(std::string_view ours, std::string_view theirs) {
    const std::lock_guard lock(mutex_);
    if (out_.erase(std::pair(std::string(theirs), std::string(ours))) != 0) write(ours, theirs, false);
    if (!salt_.empty())
        if (const auto hash = hashed(theirs); out_.erase(std::pair(hash, std::string(ours))) != 0) write(ours, hash, false);
    // START is heard at a number; its service, whichever it is, may write again too.
    for (auto it = out_.lower_bound(std::pair(std::string(theirs), std::string(kService))); it != out_.end() && it->first == theirs && it->second.starts_with(kService);) {
        write(it->second, theirs, false);
        it = out_.erase(it);
    }
}

bool OptOuts::is_out(std::string_view ours, std::string_view theirs) const {
    const std::lock_guard lock(mutex_);
    return out_as(ours, theirs) || (!salt_.empty() && out_as(ours, hashed(theirs)));
}

bool OptOuts::out_as(std::string_view ours, std::string_view theirs) const {
    auto it = out_.lower_bound(std::pair(std::string(theirs), std::string()));
    const bool any = ours.starts_with(kService);
    for (; it != out_.end() && it->first == theirs; ++it)
        if (any || it->second == ours || it->second.starts_with(kService)) return true;
    return false;
}

std::string OptOuts::hashed(std::string_view theirs) const {
    std::array<unsigned char, 16> key{};
    if (PKCS5_PBKDF2_HMAC(theirs.data(), static_cast<int>(theirs.size()), reinterpret_cast<const unsigned char*>(salt_.data()), static_cast<int>(salt_.size()), kRounds, EVP_sha256(), static_cast<int>(key.size()), key.data()) != 1)
        throw std::runtime_error("PBKDF2 failed");
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out(kHash);
    for (const auto byte : key) {
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
    return out;
}

std::size_t OptOuts::forget(std::string_view theirs) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> ours;
    for (auto it = out_.lower_bound(std::pair(std::string(theirs), std::string())); it != out_.end() && it->first == theirs;) {
        ours.push_back(it->second);
        it = out_.erase(it);
    }
    if (ours.empty() && salt_.empty() && file_.empty()) return 0;
    if (salt_.empty() && !ours.empty()) salt_ = random_hex(16);
    for (auto& number : ours) out_.emplace(hashed(theirs), std::move(number));
    rewrite();  // also what was taken back stands in the file
    return ours.size();
}

// As it stands now, in the place of its history.
void OptOuts::rewrite() {
    if (file_.empty()) return;
    std::error_code ec;
    if (!std::filesystem::exists(file_, ec)) return;
    auto fresh = file_;
    fresh += ".part";
    {
        std::ofstream file(fresh, std::ios::trunc);
        if (!salt_.empty()) file << json{{"salt", salt_}}.dump() << '\n';
        for (const auto& [them, us] : out_) file << json{{"ours", us}, {"theirs", them}, {"out", true}}.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
        file.flush();
        if (!file) {
            if (on_error_) on_error_(error_code(errno, boost::system::system_category()));
            return;
        }
    }
    std::filesystem::rename(fresh, file_, ec);
    if (ec && on_error_) on_error_(ec);
}

std::size_t OptOuts::size() const {
    const std::lock_guard lock(mutex_);
    return out_.size();
}

// Rare, and short: written where it happens.
void OptOuts::write(std::string_view ours, std::string_view theirs, bool out) {
    if (file_.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(file_.parent_path(), ignored);
    std::ofstream file(file_, std::ios::app);
    file << json{{"ours", ours}, {"theirs", theirs}, {"out", out}}.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    file.flush();
    if (!file && on_error_) on_error_(error_code(errno, boost::system::system_category()));
}

Keyword keyword_of(std::string_view body) {
    std::string word;
    for (const char c : body) {
        if (std::isspace(static_cast<unsigned char>(c)) != 0) {
            if (word.empty()) continue;
            word += ' ';
        } else {
            word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        }
        if (word.size() > 16) return Keyword::none;
    }
    while (word.ends_with(' ')) word.pop_back();
    constexpr std::array<std::string_view, 8> kStop{"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"};
    constexpr std::array<std::string_view, 3> kStart{"START", "YES", "UNSTOP"};
    constexpr std::array<std::string_view, 2> kHelp{"HELP", "INFO"};
    if (std::ranges::find(kStop, word) != kStop.end()) return Keyword::stop;
    if (std::ranges::find(kStart, word) != kStart.end()) return Keyword::start;
    if (std::ranges::find(kHelp, word) != kHelp.end()) return Keyword::help;
    return Keyword::none;
}

}  // namespace parley::messaging
