#include "parley/messaging/opt_outs.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fstream>

#include <nlohmann/json.hpp>

namespace parley::messaging {

using nlohmann::json;

namespace {
constexpr std::string_view kService = "MG";  // a messaging service: which numbers are its is not known here
}

OptOuts::OptOuts(std::filesystem::path file, std::function<void(error_code)> on_error) : file_(std::move(file)), on_error_(std::move(on_error)) {
    if (file_.empty()) return;
    std::ifstream in(file_);
    for (std::string line; out_.size() < kMost && std::getline(in, line);) {
        const auto entry = json::parse(line, nullptr, false);
        if (!entry.is_object()) continue;
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
    // START is heard at a number; its service, whichever it is, may write again too.
    for (auto it = out_.lower_bound(std::pair(std::string(theirs), std::string(kService))); it != out_.end() && it->first == theirs && it->second.starts_with(kService);) {
        write(it->second, theirs, false);
        it = out_.erase(it);
    }
}

bool OptOuts::is_out(std::string_view ours, std::string_view theirs) const {
    const std::lock_guard lock(mutex_);
    auto it = out_.lower_bound(std::pair(std::string(theirs), std::string()));
    const bool any = ours.starts_with(kService);
    for (; it != out_.end() && it->first == theirs; ++it)
        if (any || it->second == ours || it->second.starts_with(kService)) return true;
    return false;
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
