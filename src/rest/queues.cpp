#include "parley/rest/queues.hpp"

#include "resource.hpp"

namespace parley::rest {
namespace {

Queue read_queue(const Fields& f) {
    Queue q;
    q.sid = f.text("sid");
    q.account_sid = f.text("account_sid");
    q.friendly_name = f.text("friendly_name");
    q.current_size = f.number("current_size");
    q.max_size = f.number("max_size");
    q.average_wait_time = f.number("average_wait_time");
    q.date_created = f.when("date_created");
    q.date_updated = f.when("date_updated");
    return q;
}

QueueMember read_member(const Fields& f) {
    QueueMember m;
    m.call_sid = f.text("call_sid");
    m.queue_sid = f.text("queue_sid");
    m.position = f.number("position");
    m.wait_time = f.number("wait_time");
    m.date_enqueued = f.when("date_enqueued");
    return m;
}

std::string item(const std::string& sid) {
    return "/Queues/" + segment(sid) + ".json";
}
std::string member_of(const std::string& queue, const std::string& call) {
    return "/Queues/" + segment(queue) + "/Members/" + segment(call) + ".json";
}

net::Task<Outcome<std::optional<Queue>>> find_one(Client& client, std::string friendly_name) {
    Outcome<std::vector<Queue>> queues = co_await all(client, get("/Queues.json"), "queues", 5000, &read_queue);
    if (!queues) co_return queues.error();
    std::optional<Queue> found;
    for (Queue& queue : *queues) {
        if (!found && queue.friendly_name == friendly_name) found = std::move(queue);
    }
    co_return std::move(found);
}

}  // namespace

net::Task<Outcome<std::vector<Queue>>> Queues::list(std::size_t most) {
    return all(client_, get("/Queues.json"), "queues", most, &read_queue);
}
net::Task<Outcome<std::optional<Queue>>> Queues::find(std::string friendly_name) {
    return find_one(client_, std::move(friendly_name));
}
net::Task<Outcome<Queue>> Queues::fetch(std::string sid) {
    return one(client_, get(item(sid)), &read_queue);
}
net::Task<Outcome<Queue>> Queues::create(std::string friendly_name, std::optional<int> max_size) {
    Request request = post("/Queues.json", Repeat::never);
    Fill(request.params).always("FriendlyName", std::move(friendly_name))("MaxSize", max_size);
    return one(client_, std::move(request), &read_queue);
}
net::Task<Outcome<Queue>> Queues::update(std::string sid, std::optional<std::string> friendly_name, std::optional<int> max_size) {
    Request request = post(item(sid), Repeat::safe);
    Fill(request.params)("FriendlyName", friendly_name)("MaxSize", max_size);
    return one(client_, std::move(request), &read_queue);
}
net::Task<Outcome<>> Queues::remove(std::string sid) {
    return gone(client_, erase(item(sid)));
}
net::Task<Outcome<std::vector<QueueMember>>> Queues::members(std::string queue_sid, std::size_t most) {
    return all(client_, get("/Queues/" + segment(queue_sid) + "/Members.json"), "queue_members", most, &read_member);
}
net::Task<Outcome<QueueMember>> Queues::member(std::string queue_sid, std::string call_sid) {
    return one(client_, get(member_of(queue_sid, call_sid)), &read_member);
}
net::Task<Outcome<QueueMember>> Queues::dequeue(std::string queue_sid, std::string call_sid, std::string url, std::string method) {
    Request request = post(member_of(queue_sid, call_sid), call_sid == kFront ? Repeat::never : Repeat::safe);
    Fill(request.params).always("Url", std::move(url)).always("Method", std::move(method));
    return one(client_, std::move(request), &read_member);
}

}  // namespace parley::rest
