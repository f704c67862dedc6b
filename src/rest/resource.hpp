#pragma once
// What every resource is made of: parameters in, one object or a list of them out.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "json_fields.hpp"
#include "parley/rest/client.hpp"

namespace parley::rest {

// Adds what is given and leaves out what is not.
class Fill {
public:
    explicit Fill(Params& params) : params_(params) {}
    Fill& always(std::string name, std::string value) {
        params_.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    Fill& operator()(const char* name, const std::optional<std::string>& value) {
        if (value) params_.emplace_back(name, *value);
        return *this;
    }
    Fill& operator()(const char* name, const std::optional<bool>& value) {
        if (value) params_.emplace_back(name, *value ? "true" : "false");
        return *this;
    }
    Fill& operator()(const char* name, const std::optional<int>& value) {
        if (value) params_.emplace_back(name, std::to_string(*value));
        return *this;
    }
    Fill& operator()(const char* name, const std::optional<Secret>& value) {
        if (value) params_.emplace_back(name, std::string(value->reveal()));
        return *this;
    }
    Fill& operator()(const char* name, const std::vector<std::string>& values) {
        for (const auto& value : values) params_.emplace_back(name, value);
        return *this;
    }

private:
    Params& params_;
};

[[nodiscard]] inline Request get(std::string path, Product product = Product::api) {
    Request request;
    request.path = std::move(path);
    request.product = product;
    return request;
}
[[nodiscard]] inline Request post(std::string path, Repeat repeat, Product product = Product::api) {
    Request request = get(std::move(path), product);
    request.method = "POST";
    request.repeat = repeat;
    return request;
}
[[nodiscard]] inline Request erase(std::string path, Product product = Product::api) {
    Request request = get(std::move(path), product);
    request.method = "DELETE";
    return request;
}

// An answer that is no object of Twilio's. After a create nobody knows what that means.
[[nodiscard]] Error not_understood(const Answer& answer, Repeat repeat);
// The request of the page after this one; nothing when it was the last. `error` is set when the page's word about the next one cannot be
// followed.
struct NextPage {
    std::optional<Request> request;
    std::optional<Error> error;
};
[[nodiscard]] NextPage next_page(const Fields& page, const Request& current);

// One object.
template <class T>
net::Task<Outcome<T>> one(Client& client, Request request, T (*read)(const Fields&)) {
    const Repeat repeat = request.repeat;
    Outcome<Answer> answer = co_await client.send(std::move(request));
    if (!answer) co_return answer.error();
    const auto document = Document::parse(answer->body);
    if (!document) co_return not_understood(*answer, repeat);
    co_return read(document->root());
}

net::Task<Outcome<>> done(Client& client, Request request);
// As done, but what is not there is as good as removed.
net::Task<Outcome<>> gone(Client& client, Request request);

inline constexpr std::size_t kPages = 1000;

// A list, over as many pages as it takes to have `most`.
template <class T>
net::Task<Outcome<std::vector<T>>> all(Client& client, Request request, std::string key, std::size_t most, T (*read)(const Fields&)) {
    std::vector<T> found;
    if (most == 0) co_return std::move(found);
    request.params.emplace_back("PageSize", std::to_string(std::min<std::size_t>(most, 1000)));
    const TimePoint deadline = Clock::now() + 8 * request.within;
    for (std::size_t page = 0; page < kPages; ++page) {
        Request asked = request;
        Outcome<Answer> answer = co_await client.send(std::move(asked));
        if (!answer) co_return answer.error();
        const auto document = Document::parse(answer->body);
        if (!document || !document->root().is_list(key.c_str())) co_return not_understood(*answer, Repeat::safe);
        for (const Fields& item : document->root().items(key.c_str())) {
            if (found.size() < most) found.push_back(read(item));
        }
        if (found.size() >= most) break;
        NextPage next = next_page(document->root(), request);
        if (next.error) co_return std::move(*next.error);
        if (!next.request || Clock::now() > deadline) break;
        request = std::move(*next.request);
    }
    co_return std::move(found);
}

}  // namespace parley::rest
