// An answer of the REST interface, whatever it is: read as an error, as an object, as a page of a list, as dates.
#include <cstdint>
#include <cstdlib>

#include "answer_error.hpp"
#include "parley/rest/retry.hpp"
#include "resource.hpp"

using namespace parley::rest;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const std::string secret = "sEcReT00";
    static const std::vector<std::string_view> hidden{secret};
    Account account;
    account.sid = "AC1";
    account.secret = parley::Secret(secret);
    Answer answer;
    answer.status = 400 + static_cast<int>(size % 120);
    answer.body = std::string(text) + (size % 2 == 0 ? "" : secret);
    Request request;
    request.path = "/Calls.json";
    const Error error = error_of(answer, account, request, hidden);
    if (error.sentence.empty() || error.message.size() > 300 || error.text().find(secret) != std::string::npos) std::abort();
    if (const auto document = Document::parse(text)) {
        const Fields root = document->root();
        for (const char* key : {"sid", "code", "duration", "date_created", "calls", "meta", "next_page_uri"}) {
            (void)root.text(key), (void)root.integer(key), (void)root.number(key), (void)root.real(key), (void)root.flag(key), (void)root.when(key);
            (void)root.raw(key), (void)root.texts(key);
            for (const Fields& item : root.items(key)) (void)item.text("sid");
        }
        const NextPage next = next_page(root, request);
        if (next.request && !next.request->path.starts_with("~/")) std::abort();
    }
    if (const auto when = parse_date(text)) {
        if (parse_iso8601(format_iso8601(*when)) != When(std::chrono::floor<std::chrono::seconds>(*when))) std::abort();
    }
    (void)parse_retry_after(text, parley::WallClock::now());
    return 0;
}
