#pragma once
// Resources that are nothing but what was written into them: fields read from a form by a table, kept in order.

#include <chrono>
#include <functional>
#include <list>
#include <span>

#include "api_call.hpp"
#include "dates.hpp"
#include "paging.hpp"

namespace parley::sim {

// How one parameter becomes one field.
struct FieldRule {
    enum class Kind : std::uint8_t { text, url, verb, boolean, integer, json };
    const char* parameter;
    const char* key;
    Kind kind = Kind::text;
    Json initial = nullptr;    // a new record's, when the parameter is not given
    int wrong = 20001;         // code when the value cannot be
    bool required = false;     // when creating; `wrong` is the code
    bool create_only = false;  // ignored in updates
    std::size_t longest = 0;   // 0: no limit
};

// Reads the parameters into `record`; the answer is the refusal. An empty text or URL is kept as it is ("" unsets it).
[[nodiscard]] std::optional<ApiAnswer> read_fields(std::span<const FieldRule> rules, const ApiCall& call, bool creating, Json& record);

struct Record {
    Json json;
    WallTime created, updated;
    [[nodiscard]] std::string sid() const { return json.value("sid", std::string{}); }
};

class Records {
public:
    Record& add(Json json);
    [[nodiscard]] Record* find(std::string_view sid);
    [[nodiscard]] Record* find_by(const char* key, std::string_view value);
    bool erase(std::string_view sid);
    [[nodiscard]] std::list<Record>& all() { return all_; }  // oldest first
    // Newest first, those that pass.
    [[nodiscard]] std::vector<ListItem> items(const std::function<bool(const Record&)>& passes = {}) const;

private:
    std::list<Record> all_;
};

// Fills `date_created` and `date_updated` in the manner of the product.
enum class DateManner : std::uint8_t { rfc2822, iso };
void stamp(Record& record, DateManner manner);
void touch(Record& record, DateManner manner);

}  // namespace parley::sim
