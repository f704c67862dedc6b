#include "search_words.hpp"

#include <sqlite3.h>

#include <memory>
#include <mutex>

#include "parley/store/database.hpp"

namespace parley::store {

namespace {

constexpr std::size_t kLongestWord = 200;  // bytes; PostgreSQL's index takes no keys of any length

// FTS5's tokenizer, without a table.
class Tokenizer {
public:
    Tokenizer() {
        sqlite3* opened = nullptr;
        const auto got = sqlite3_open_v2(":memory:", &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
        connection_.reset(opened);
        if (got != SQLITE_OK) refuse();
        fts5_api* api = nullptr;
        sqlite3_stmt* asked = nullptr;
        if (sqlite3_prepare_v2(connection_.get(), "SELECT fts5(?1)", -1, &asked, nullptr) != SQLITE_OK) refuse();
        sqlite3_bind_pointer(asked, 1, &api, "fts5_api_ptr", nullptr);
        sqlite3_step(asked);
        sqlite3_finalize(asked);
        void* context = nullptr;
        if (api == nullptr || api->xFindTokenizer(api, "unicode61", &context, &methods_) != SQLITE_OK) refuse();
        const char* arguments[] = {"remove_diacritics", "2"};
        if (methods_.xCreate(context, arguments, 2, &tokenizer_) != SQLITE_OK) refuse();
    }
    ~Tokenizer() {
        if (tokenizer_ != nullptr) methods_.xDelete(tokenizer_);
    }
    Tokenizer(const Tokenizer&) = delete;
    Tokenizer& operator=(const Tokenizer&) = delete;

    std::vector<std::string> words(std::string_view text) {
        std::vector<std::string> found;
        const std::lock_guard lock(mutex_);
        const auto keep = [](void* to, int, const char* word, int bytes, int, int) {
            const auto size = static_cast<std::size_t>(bytes);
            if (size > 0 && size <= kLongestWord) static_cast<std::vector<std::string>*>(to)->emplace_back(word, size);
            return SQLITE_OK;
        };
        if (methods_.xTokenize(tokenizer_, &found, FTS5_TOKENIZE_DOCUMENT, text.data(), static_cast<int>(text.size()), keep) != SQLITE_OK) refuse();
        return found;
    }

private:
    [[noreturn]] static void refuse() { throw StoreError(StoreErrc::statement, "this SQLite has no FTS5: texts cannot be made ready for the search"); }
    struct Close {
        void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
    };

    std::mutex mutex_;  // a tokenizer works in a buffer of its own
    std::unique_ptr<sqlite3, Close> connection_;
    fts5_tokenizer methods_{};
    Fts5Tokenizer* tokenizer_ = nullptr;
};

}  // namespace

std::vector<std::string> search_words(std::string_view text) {
    static Tokenizer tokenizer;
    return tokenizer.words(text);
}

std::string joined_words(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

}  // namespace parley::store
