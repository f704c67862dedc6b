#pragma once
// Lists in pages, in both envelopes. A PageToken is opaque and remembers the whole list it was cut from, so that paging neither repeats nor
// skips anything when records come and go meanwhile.

#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "api_call.hpp"

namespace parley::sim {

struct ListItem {
    std::string id;  // unique in the list
    Json json;
};

class Paging {
public:
    // {"calls": [...], "page": 0, ..., "next_page_uri": ...}
    [[nodiscard]] ApiAnswer plain(const ApiCall& call, const std::string& key, std::vector<ListItem> items);
    // {"services": [...], "meta": {...}}
    [[nodiscard]] ApiAnswer meta(const ApiCall& call, const std::string& key, std::vector<ListItem> items, long largest = 1000);

private:
    struct Place {
        std::string path;
        std::shared_ptr<const std::vector<std::string>> ids;
        std::size_t first = 0;
    };
    struct Page {
        std::vector<Json> items;
        std::size_t first = 0, size = 50;
        long number = 0;
        std::string self, start, next, previous;  // queries; next and previous may be empty
    };
    [[nodiscard]] std::optional<ApiAnswer> cut(const ApiCall& call, std::vector<ListItem> items, long largest, Page& out);
    [[nodiscard]] std::string token(const char* prefix, Place place);

    std::map<std::string, Place> tokens_;
    std::deque<std::string> order_;
};

}  // namespace parley::sim
