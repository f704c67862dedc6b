#include "parley/rest/account.hpp"

#include "resource.hpp"

namespace parley::rest {
namespace {

AccountInfo read_account(const Fields& f) {
    AccountInfo a;
    a.sid = f.text("sid");
    a.friendly_name = f.text("friendly_name");
    a.owner_account_sid = f.text("owner_account_sid");
    a.status = f.text("status");
    a.type = f.text("type");
    a.date_created = f.when("date_created");
    a.date_updated = f.when("date_updated");
    return a;
}

Balance read_balance(const Fields& f) {
    Balance b;
    b.account_sid = f.text("account_sid");
    b.balance = f.text("balance");
    b.currency = f.text("currency");
    return b;
}

Notification read_notification(const Fields& f) {
    Notification n;
    n.sid = f.text("sid");
    n.account_sid = f.text("account_sid");
    n.call_sid = f.text("call_sid");
    n.error_code = f.text("error_code");
    n.log = f.text("log");
    n.message_text = f.text("message_text");
    n.more_info = f.text("more_info");
    n.request_method = f.text("request_method");
    n.request_url = f.text("request_url");
    n.message_date = f.when("message_date");
    n.date_created = f.when("date_created");
    n.date_updated = f.when("date_updated");
    return n;
}

net::Task<Outcome<AccountInfo>> ask(Client& client, Request request, bool account) {
    Outcome<Answer> answer = co_await client.send(std::move(request));
    if (!answer) co_return answer.error();
    const auto document = Document::parse(answer->body);
    if (!document) co_return not_understood(*answer, Repeat::safe);
    AccountInfo info;
    if (account)
        info = read_account(document->root());
    else if (!document->root().is_list("calls"))
        co_return not_understood(*answer, Repeat::safe);
    info.server_date = answer->date;
    info.answered_after = answer->lasted;
    co_return std::move(info);
}

}  // namespace

net::Task<Outcome<AccountInfo>> AccountResource::fetch() {
    return ask(client_, get(".json"), true);
}
net::Task<Outcome<AccountInfo>> AccountResource::credentials() {
    if (client_.account().api_key.empty()) return ask(client_, get(".json"), true);
    Request request = get("/Calls.json");
    request.params.emplace_back("PageSize", "1");
    return ask(client_, std::move(request), false);
}
net::Task<Outcome<Balance>> AccountResource::balance() {
    return one(client_, get("/Balance.json"), &read_balance);
}
net::Task<Outcome<std::vector<Notification>>> AccountResource::notifications(NotificationFilter filter) {
    Request request = get(filter.call_sid ? "/Calls/" + segment(*filter.call_sid) + "/Notifications.json" : std::string("/Notifications.json"));
    Fill add(request.params);
    add("Log", filter.log)("MessageDate", filter.message_date)("MessageDate<", filter.message_date_before)("MessageDate>", filter.message_date_after);
    return all(client_, std::move(request), "notifications", filter.most, &read_notification);
}

}  // namespace parley::rest
