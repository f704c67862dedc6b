#include "paging.hpp"

#include <algorithm>

#include "parley/sim/identifiers.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kKeptTokens = 500;

// The filters of the request, kept in the links.
std::string filters(const ApiCall& call) {
    Form kept;
    for (const auto& [name, value] : call.query) {
        if (name != "Page" && name != "PageToken" && name != "PageSize") kept.emplace_back(name, value);
    }
    const auto text = encode_form(kept);
    return text.empty() ? text : text + "&";
}

}  // namespace

std::string Paging::token(const char* prefix, Place place) {
    auto name = make_sid(prefix);
    tokens_.emplace(name, std::move(place));
    order_.push_back(name);
    if (order_.size() > kKeptTokens) {
        tokens_.erase(order_.front());
        order_.pop_front();
    }
    return name;
}

std::optional<ApiAnswer> Paging::cut(const ApiCall& call, std::vector<ListItem> items, long largest, Page& out) {
    const auto size = call.has("PageSize") ? call.number("PageSize") : std::optional<long>(50);
    if (!size || *size < 1 || *size > largest) return api_error(400, 20007, "Page size must be 1 to " + std::to_string(largest));
    out.size = static_cast<std::size_t>(*size);
    out.number = call.number("Page").value_or(0);
    const auto given = call.value("PageToken");
    std::shared_ptr<const std::vector<std::string>> ids;
    if (!given.empty()) {
        const auto at = tokens_.find(given);
        if (at == tokens_.end() || at->second.path != call.path) return api_error(400, 21481, "Invalid PageToken");
        ids = at->second.ids;
        out.first = at->second.first;
    } else {
        if (out.number > 0) return api_error(400, 21481, "Page " + std::to_string(out.number) + " needs the PageToken of its link");
        auto all = std::make_shared<std::vector<std::string>>();
        for (const auto& item : items) all->push_back(item.id);
        ids = std::move(all);
    }
    std::map<std::string, Json*> by_id;
    for (auto& item : items) by_id.emplace(item.id, &item.json);
    const auto last = std::min(out.first + out.size, ids->size());
    for (auto i = out.first; i < last; ++i) {
        if (const auto at = by_id.find((*ids)[i]); at != by_id.end()) out.items.push_back(std::move(*at->second));
    }
    const auto common = filters(call) + "PageSize=" + std::to_string(out.size);
    const auto page = [&](long number) { return common + "&Page=" + std::to_string(number); };
    out.start = page(0);
    out.self = page(out.number) + (given.empty() ? "" : "&PageToken=" + given);
    if (last < ids->size()) out.next = page(out.number + 1) + "&PageToken=" + token("PA", {call.path, ids, last});
    if (out.first > 0) {
        const auto before = out.first > out.size ? out.first - out.size : 0;
        out.previous = page(std::max(0L, out.number - 1)) + "&PageToken=" + token("PB", {call.path, ids, before});
    }
    return std::nullopt;
}

ApiAnswer Paging::plain(const ApiCall& call, const std::string& key, std::vector<ListItem> items) {
    Page page;
    if (auto refused = cut(call, std::move(items), 1000, page)) return *refused;
    const auto link = [&](const std::string& query) { return query.empty() ? Json(nullptr) : Json(call.path + "?" + query); };
    const auto count = page.items.size();
    Json out;
    out["first_page_uri"] = link(page.start);
    out["end"] = count == 0 ? page.first : page.first + count - 1;
    out["previous_page_uri"] = link(page.previous);
    out[key] = std::move(page.items);
    out["uri"] = link(page.self);
    out["page_size"] = page.size;
    out["start"] = page.first;
    out["next_page_uri"] = link(page.next);
    out["page"] = page.number;
    return api_json(200, out);
}

ApiAnswer Paging::meta(const ApiCall& call, const std::string& key, std::vector<ListItem> items, long largest) {
    Page page;
    if (auto refused = cut(call, std::move(items), largest, page)) return *refused;
    const auto link = [&](const std::string& query) { return query.empty() ? Json(nullptr) : Json(call.base + call.path + "?" + query); };
    Json out;
    out["meta"] = {{"page", page.number},
                   {"page_size", page.size},
                   {"first_page_url", link(page.start)},
                   {"previous_page_url", link(page.previous)},
                   {"url", link(page.self)},
                   {"next_page_url", link(page.next)},
                   {"key", key}};
    out[key] = std::move(page.items);
    return api_json(200, out);
}

}  // namespace parley::sim
