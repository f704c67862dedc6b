#include "queues.hpp"

#include <algorithm>

#include "parley/sim/identifiers.hpp"

namespace parley::sim {

Json Queues::json(const QueueView& view) const {
    const auto base = world_.path("/Queues/" + view.sid);
    return {{"date_updated", rfc2822(view.updated)},
            {"current_size", view.current_size},
            {"friendly_name", view.friendly_name},
            {"uri", base + ".json"},
            {"account_sid", world_.account_sid()},
            {"average_wait_time", view.average_wait_time},
            {"sid", view.sid},
            {"date_created", rfc2822(view.created)},
            {"max_size", view.max_size},
            {"subresource_uris", {{"members", base + "/Members.json"}}}};
}

Json Queues::json(const QueueMemberView& view) const {
    return {{"call_sid", view.call_sid},   {"date_enqueued", rfc2822(view.enqueued)},
            {"position", view.position},   {"uri", world_.path("/Queues/" + view.queue_sid + "/Members/" + view.call_sid + ".json")},
            {"wait_time", view.wait_time}, {"queue_sid", view.queue_sid}};
}

ApiAnswer Queues::create(const ApiCall& call) {
    const auto name = call.value("FriendlyName");
    if (name.empty() || name.size() > 64) return api_error(400, 20002, "FriendlyName is required");
    const auto size = call.has("MaxSize") ? call.number("MaxSize") : std::optional<long>(100);
    if (!size || *size < 1 || *size > 5000) return api_error(400, 20001, "MaxSize: 1 to 5000");
    std::string sid;
    if (world_.carrier.create_queue(name, static_cast<int>(*size), sid) == QueueOutcome::exists) return api_error(400, 22003, "A queue of that name exists");
    const auto made = world_.carrier.queue(sid);
    return made ? api_json(201, json(*made)) : not_found(call);
}

ApiAnswer Queues::handle(const ApiCall& call) {
    if (call.parts.size() == 1) {
        if (call.post()) return create(call);
        if (!call.get()) return not_allowed();
        auto all = world_.carrier.queues();
        std::reverse(all.begin(), all.end());
        std::vector<ListItem> items;
        for (const auto& one : all) items.push_back({one.sid, json(one)});
        return world_.paging.plain(call, "queues", std::move(items));
    }
    const auto queue = call.part(1).starts_with("QU") ? world_.carrier.queue(call.part(1)) : std::nullopt;
    if (!queue) return not_found(call);
    if (call.part(2) == "Members") return members(call, *queue);
    if (call.parts.size() != 2) return not_found(call);
    if (call.remove()) {
        if (world_.carrier.delete_queue(queue->sid) == QueueOutcome::not_empty) return api_error(400, 22001, "The queue is not empty");
        return no_content();
    }
    if (call.post()) {
        const auto size = call.number("MaxSize");
        if (call.has("MaxSize") && (!size || *size < 1 || *size > 5000)) return api_error(400, 20001, "MaxSize: 1 to 5000");
        const auto name = call.has("FriendlyName") ? std::optional<std::string>(call.value("FriendlyName")) : std::nullopt;
        const auto outcome = world_.carrier.update_queue(queue->sid, name, size ? std::optional<int>(static_cast<int>(*size)) : std::nullopt);
        if (outcome == QueueOutcome::exists) return api_error(400, 22003, "A queue of that name exists");
        if (outcome != QueueOutcome::done) return not_found(call);
    } else if (!call.get()) {
        return not_allowed();
    }
    const auto after = world_.carrier.queue(queue->sid);
    return after ? api_json(200, json(*after)) : not_found(call);
}

ApiAnswer Queues::members(const ApiCall& call, const QueueView& queue) {
    const auto all = world_.carrier.queue_members(queue.sid);
    if (call.parts.size() == 3) {
        if (!call.get()) return not_allowed();
        std::vector<ListItem> items;
        for (const auto& one : all) items.push_back({one.call_sid, json(one)});
        return world_.paging.plain(call, "queue_members", std::move(items));
    }
    if (call.parts.size() != 4) return not_found(call);
    if (call.post()) {
        const auto url = call.value("Url");
        if (!usable_url(url)) return api_error(400, 21205, "Url parameter is required.");
        QueueMemberView taken;
        if (world_.carrier.dequeue(queue.sid, call.part(3), url, call.verb("Method"), taken) != QueueOutcome::done) return not_found(call);
        return api_json(200, json(taken));
    }
    if (!call.get()) return not_allowed();
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.call_sid == call.part(3) || (call.part(3) == "Front" && one.position == 1); });
    return at == all.end() ? not_found(call) : api_json(200, json(*at));
}

}  // namespace parley::sim
