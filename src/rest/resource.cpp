#include "resource.hpp"

namespace parley::rest {

Error not_understood(const Answer& answer, Repeat repeat) {
    Error error;
    error.kind = repeat == Repeat::never ? Failure::unknown : Failure::protocol;
    error.status = answer.status;
    error.request_id = answer.request_id.substr(0, 64);
    error.sentence = repeat == Repeat::never ? "Twilio's answer cannot be read: it may or may not have been done."
                                             : "What answered is not Twilio's interface: a success without the object that was asked for.";
    error.remedy = "A proxy in between, or a wrong twilio.api_base_url.";
    return error;
}

NextPage next_page(const Fields& page, const Request& current) {
    NextPage next;
    std::string uri = page.text("next_page_uri");
    if (uri.empty()) {
        if (const auto meta = page.inner("meta")) uri = meta->text("next_page_url");
    }
    if (uri.empty()) return next;
    // Only the path is followed: credentials go where the first page came from and nowhere else.
    const auto scheme = uri.find("://");
    if (scheme != std::string::npos && scheme < uri.find('/')) {
        const auto slash = uri.find('/', scheme + 3);
        uri = slash == std::string::npos ? std::string() : uri.substr(slash);
    }
    const bool good = uri.starts_with('/') && uri.size() <= 4096 && uri.find_first_of(" \r\n\t#") == std::string::npos;
    const std::string path = "~" + uri;
    if (!good || path == current.path) {
        Error error;
        error.kind = Failure::protocol;
        error.sentence = "Twilio's list names a next page that cannot be followed.";
        next.error = std::move(error);
        return next;
    }
    Request request = get(path, current.product);
    request.within = current.within;
    request.body_limit = current.body_limit;
    next.request = std::move(request);
    return next;
}

net::Task<Outcome<>> done(Client& client, Request request) {
    Outcome<Answer> answer = co_await client.send(std::move(request));
    if (!answer) co_return answer.error();
    co_return Outcome<>();
}

net::Task<Outcome<>> gone(Client& client, Request request) {
    Outcome<Answer> answer = co_await client.send(std::move(request));
    if (!answer && answer.error().kind != Failure::not_found) co_return answer.error();
    co_return Outcome<>();
}

}  // namespace parley::rest
