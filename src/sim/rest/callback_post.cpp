#include "callback_post.hpp"

#include <algorithm>

#include "parley/sim/identifiers.hpp"

namespace parley::sim {

void CallbackPost::send(const std::string& subject, std::string url, std::string method, Form form, bool last) {
    if (!url.empty()) {
        const Letter letter{std::move(url), method == "GET" ? "GET" : "POST", std::move(form)};
        for (const auto delay : planner_.next()) {
            if (planner_.holds_all()) {
                held_[subject].push_back(letter);
            } else {
                world_.run(deliver(letter, delay));
            }
        }
    }
    if (!last) return;
    const auto at = held_.find(subject);
    if (at == held_.end()) return;
    // Each a little after the one before, so that they also arrive backwards.
    milliseconds delay{0};
    for (auto letter = at->second.rbegin(); letter != at->second.rend(); ++letter, delay += milliseconds(15)) world_.run(deliver(*letter, delay));
    held_.erase(at);
}

Task<> CallbackPost::deliver(Letter letter, milliseconds delay) {
    if (delay.count() > 0) {
        asio::steady_timer timer(world_.executor, delay);
        co_await timer.async_wait(net::nothrow);
    }
    Webhook webhook;
    webhook.method = letter.method;
    webhook.url = letter.url;
    webhook.form = letter.form;
    const auto reply = co_await world_.webhooks.send(std::move(webhook));
    if (reply.http.failure != 0) {
        world_.note(reply.http.failure, "callback: " + reply.http.failure_text, letter.url, false);
    } else if (!reply.ok()) {
        world_.note(15003, "callback answered with HTTP " + std::to_string(reply.http.status), letter.url, true);
    }
}

}  // namespace parley::sim
