#include "fact_spool.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <nlohmann/json.hpp>

#include "fact_kinds.hpp"
#include "parley/store/database.hpp"
#include "parley/base/ids.hpp"

namespace parley::store {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kExtension = ".jsonl";
constexpr std::size_t kPiece = 256U << 10U;
constexpr std::size_t kLongestLine = 4U << 20U;

error_code last_error() {
    return {errno, boost::system::system_category()};
}

std::optional<SpooledFact> parse(std::string_view line) {
    const auto json = Json::parse(line, nullptr, false);
    const auto text = [&](const char* key) { return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string(); };
    if (!json.is_object() || !json.contains("at") || !json["at"].is_number_integer() || !json.contains("fact") || !json["fact"].is_object())
        return std::nullopt;
    const auto kind = fact_of(text("kind"));
    SpooledFact fact;
    fact.id = text("id");
    fact.event.call_sid = text("sid");
    fact.instance = text("by");
    if (!kind || !good_sid(fact.id) || !good_sid(fact.event.call_sid)) return std::nullopt;
    fact.event.fact = *kind;
    fact.event.json = json["fact"].dump();
    fact.event.at_ms = json["at"].get<std::int64_t>();
    return fact;
}

}  // namespace

FactSpool::~FactSpool() {
    for (auto& file : left_) ::close(file.file);
    if (own_) {
        if (own_->size == own_->read)
            drop(*own_);
        else
            ::close(own_->file);
    }
}

void FactSpool::drop(File& file) {
    ::unlink(file.path.c_str());
    ::close(file.file);
    file.file = -1;
}

void FactSpool::adopt() {
    std::error_code ec;
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_, ec))
        if (entry.path().extension() == kExtension) found.push_back(entry.path());
    std::sort(found.begin(), found.end());  // their names begin with the time they were made
    for (const auto& path : found) {
        if ((own_ && own_->path == path) || std::any_of(left_.begin(), left_.end(), [&](const File& known) { return known.path == path; })) continue;
        const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (file < 0) continue;
        struct ::stat state{};
        if (::flock(file, LOCK_EX | LOCK_NB) != 0 || ::fstat(file, &state) != 0) {
            ::close(file);
            continue;
        }
        File left{path, file, static_cast<std::uint64_t>(state.st_size), 0};
        if (left.size == 0)
            drop(left);
        else
            left_.push_back(std::move(left));
    }
}

error_code FactSpool::open_own() {
    std::error_code ec;
    std::filesystem::create_directories(directory_, ec);
    if (ec) return {ec.value(), boost::system::system_category()};
    for (int tries = 0; tries < 100; ++tries) {
        auto stamp = std::to_string(now_ms());
        stamp.insert(0, 16 - std::min<std::size_t>(16, stamp.size()), '0');
        File made{directory_ / (stamp + "-" + random_hex(6) + std::string(kExtension)), -1, 0, 0};
        made.file = ::open(made.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (made.file < 0) return last_error();
        // Before it was locked somebody else may have found it, left behind and empty, and deleted it: another one then.
        const bool theirs = ::flock(made.file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        struct ::stat state{};
        if (!theirs && ::fstat(made.file, &state) == 0 && state.st_nlink > 0) {
            own_ = std::move(made);
            return {};
        }
        ::close(made.file);
    }
    return {EBUSY, boost::system::system_category()};
}

error_code FactSpool::append(const std::vector<SpooledFact>& facts, bool sync) {
    if (!own_)
        if (const auto failed = open_own()) return failed;
    std::string block;
    for (const auto& fact : facts) {
        auto json = Json::parse(fact.event.json, nullptr, false);
        block += Json{{"id", fact.id},       {"sid", fact.event.call_sid}, {"kind", name(fact.event.fact)},
                      {"by", fact.instance}, {"at", fact.event.at_ms},     {"fact", std::move(json)}}
                     .dump(-1, ' ', false, Json::error_handler_t::replace);
        block += '\n';
    }
    const auto at = own_->size;
    for (std::size_t done = 0; done < block.size();) {
        const auto n = ::pwrite(own_->file, block.data() + done, block.size() - done, static_cast<::off_t>(at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const auto failed = last_error();
            // Half a line must not stand before the next attempt's first.
            if (::ftruncate(own_->file, static_cast<::off_t>(at)) != 0) own_->size = at;
            return failed;
        }
        done += static_cast<std::size_t>(n);
    }
    own_->size = at + block.size();
    if (sync && ::fdatasync(own_->file) != 0) return last_error();
    return {};
}

std::vector<SpooledFact> FactSpool::next(std::size_t most) {
    std::vector<SpooledFact> facts;
    while (facts.empty()) {
        while (!left_.empty() && left_.front().read >= left_.front().size) {
            drop(left_.front());
            left_.pop_front();
        }
        reading_ = !left_.empty() ? &left_.front() : own_ && own_->read < own_->size ? &*own_ : nullptr;
        if (reading_ == nullptr) return facts;
        ahead_ = reading_->read;
        std::string text;
        while (facts.size() < most && ahead_ < reading_->size) {
            const auto end = text.find('\n');
            if (end == std::string::npos) {
                const auto have = text.size();
                const auto left = reading_->size - ahead_ - have;
                const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, left));
                text.resize(have + want);
                const auto n = want == 0 ? 0 : ::pread(reading_->file, text.data() + have, want, static_cast<::off_t>(ahead_ + have));
                text.resize(have + static_cast<std::size_t>(std::max<::ssize_t>(0, n)));
                // The torn last line of a crash, an unreadable file, or one that is no spool.
                if (n <= 0 || text.size() > kLongestLine) {
                    ahead_ = reading_->size;
                    break;
                }
                continue;
            }
            if (auto fact = parse(std::string_view(text).substr(0, end))) facts.push_back(std::move(*fact));
            text.erase(0, end + 1);
            ahead_ += end + 1;
        }
        if (facts.empty()) reading_->read = ahead_;
    }
    return facts;
}

void FactSpool::taken() {
    if (reading_ == nullptr) return;
    reading_->read = ahead_;
    if (own_ && reading_ == &*own_ && own_->read == own_->size) {
        if (::ftruncate(own_->file, 0) == 0) own_->size = own_->read = 0;
    }
    if (!left_.empty() && left_.front().read >= left_.front().size) {
        drop(left_.front());
        left_.pop_front();
    }
    reading_ = nullptr;
}

std::uint64_t FactSpool::bytes() const {
    std::uint64_t all = own_ ? own_->size - own_->read : 0;
    for (const auto& file : left_) all += file.size - file.read;
    return all;
}

}  // namespace parley::store
