#include "parley/messaging/opt_outs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "parley/base/ids.hpp"

namespace parley::messaging {

using nlohmann::json;

namespace {
// What stands for a number that was to be forgotten. Numbers are few enough to be tried one by one: the key is not in the list.
constexpr std::string_view kHash = "hmac:";
constexpr std::string_view kSlowHash = "pbkdf2:";  // before there was a key
constexpr int kRounds = 20'000;
constexpr std::size_t kKeyBytes = 32;
constexpr std::string_view kService = "MG";  // a messaging service: which numbers are its is not known here

std::string hex(std::string_view prefix, const unsigned char* bytes, std::size_t count) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out(prefix);
    for (std::size_t i = 0; i < count; ++i) {
        out += kDigits[bytes[i] >> 4U];
        out += kDigits[bytes[i] & 15U];
    }
    return out;
}

error_code last_error() {
    return {errno, boost::system::system_category()};
}
}  // namespace

OptOuts::OptOuts(std::filesystem::path file, std::function<void(error_code)> on_error) : file_(std::move(file)), on_error_(std::move(on_error)) {
    if (file_.empty()) return;
    key_file_ = file_;
    key_file_.replace_extension(".key");
    std::ifstream in(file_);
    for (std::string line; out_.size() < kMost && std::getline(in, line);) {
        const auto entry = json::parse(line, nullptr, false);
        if (!entry.is_object()) continue;
        if (const auto salt = entry.find("salt"); salt != entry.end() && salt->is_string()) salt_ = salt->get<std::string>();
        const auto ours = entry.find("ours"), theirs = entry.find("theirs"), state = entry.find("out");
        if (ours == entry.end() || theirs == entry.end() || state == entry.end() || !ours->is_string() || !theirs->is_string() || !state->is_boolean())
            continue;
        auto key = std::pair(theirs->get<std::string>(), ours->get<std::string>());
        if (state->get<bool>())
            out_.insert(std::move(key));
        else
            out_.erase(key);
    }
    read_key();
}

void OptOuts::read_key() {
    std::ifstream file(key_file_);
    std::string text;
    if (file && std::getline(file, text) && text.size() == 2 * kKeyBytes) {
        key_ = Secret(std::move(text));
        return;
    }
    // Those entries say nothing without it.
    if ((file || has(kHash)) && on_error_) on_error_(error_code(file ? EIO : ENOENT, boost::system::system_category()));
}

// Without a place for it the slow hashes go on.
void OptOuts::make_key() {
    auto key = random_hex(kKeyBytes);
    if (!file_.empty()) {
        std::error_code ignored;
        std::filesystem::create_directories(key_file_.parent_path(), ignored);
        const int file = ::open(key_file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        const auto line = key + '\n';
        const bool written = file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
        const auto why = last_error();
        if (file >= 0) ::close(file);
        if (!written) {
            if (on_error_) on_error_(why);
            return;
        }
    }
    key_ = Secret(std::move(key));
}

void OptOuts::out(std::string_view ours, std::string_view theirs) {
    const std::lock_guard lock(mutex_);
    if (out_.size() >= kMost || !out_.emplace(theirs, ours).second) return;
    write(ours, theirs, true);
}

void OptOuts::in(std::string_view ours, std::string_view theirs) {
    const std::lock_guard lock(mutex_);
    if (out_.erase(std::pair(std::string(theirs), std::string(ours))) != 0) write(ours, theirs, false);
    const auto back = [&](const std::string& hash) {
        if (out_.erase(std::pair(hash, std::string(ours))) != 0) write(ours, hash, false);
    };
    if (has(kHash) && !key_.empty()) back(hashed(theirs));
    if (has(kSlowHash)) back(hashed_slowly(theirs));
    // START is heard at a number; its service, whichever it is, may write again too.
    for (auto it = out_.lower_bound(std::pair(std::string(theirs), std::string(kService)));
         it != out_.end() && it->first == theirs && it->second.starts_with(kService);) {
        write(it->second, theirs, false);
        it = out_.erase(it);
    }
}

bool OptOuts::is_out(std::string_view ours, std::string_view theirs) const {
    const std::lock_guard lock(mutex_);
    return out_as(ours, theirs) || (has(kHash) && !key_.empty() && out_as(ours, hashed(theirs))) || (has(kSlowHash) && out_as(ours, hashed_slowly(theirs)));
}

bool OptOuts::has(std::string_view prefix) const {
    const auto it = out_.lower_bound(std::pair(std::string(prefix), std::string()));
    return it != out_.end() && it->first.starts_with(prefix);
}

bool OptOuts::out_as(std::string_view ours, std::string_view theirs) const {
    auto it = out_.lower_bound(std::pair(std::string(theirs), std::string()));
    const bool any = ours.starts_with(kService);
    for (; it != out_.end() && it->first == theirs; ++it)
        if (any || it->second == ours || it->second.starts_with(kService)) return true;
    return false;
}

std::string OptOuts::hashed(std::string_view theirs) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned length = 0;
    const auto key = key_.reveal();
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(theirs.data()), theirs.size(), mac.data(),
             &length) == nullptr)
        throw std::runtime_error("HMAC failed");
    return hex(kHash, mac.data(), 16);
}

std::string OptOuts::hashed_slowly(std::string_view theirs) const {
    const auto known = std::find_if(slow_.begin(), slow_.end(), [&](const auto& one) { return one.first == theirs; });
    if (known != slow_.end()) return known->second;
    std::array<unsigned char, 16> key{};
    ++slow_hashes_;
    if (PKCS5_PBKDF2_HMAC(theirs.data(), static_cast<int>(theirs.size()), reinterpret_cast<const unsigned char*>(salt_.data()), static_cast<int>(salt_.size()),
                          kRounds, EVP_sha256(), static_cast<int>(key.size()), key.data()) != 1)
        throw std::runtime_error("PBKDF2 failed");
    if (slow_.size() >= kRemembered) slow_.pop_back();
    slow_.emplace_front(std::string(theirs), hex(kSlowHash, key.data(), key.size()));
    return slow_.front().second;
}

std::size_t OptOuts::slow_hashes() const {
    const std::lock_guard lock(mutex_);
    return slow_hashes_;
}

std::size_t OptOuts::forget(std::string_view theirs) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> ours;
    for (auto it = out_.lower_bound(std::pair(std::string(theirs), std::string())); it != out_.end() && it->first == theirs;) {
        ours.push_back(it->second);
        it = out_.erase(it);
    }
    std::erase_if(slow_, [&](const auto& one) { return one.first == theirs; });
    if (ours.empty() && file_.empty()) return 0;
    if (!ours.empty() && key_.empty()) make_key();
    if (!ours.empty() && key_.empty() && salt_.empty()) salt_ = random_hex(16);
    for (auto& number : ours) out_.emplace(key_.empty() ? hashed_slowly(theirs) : hashed(theirs), std::move(number));
    if (key_.empty()) std::erase_if(slow_, [&](const auto& one) { return one.first == theirs; });
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
        for (const auto& [them, us] : out_)
            file << json{{"ours", us}, {"theirs", them}, {"out", true}}.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
        file.flush();
        if (!file) {
            if (on_error_) on_error_(last_error());
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
    if (!file && on_error_) on_error_(last_error());
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
