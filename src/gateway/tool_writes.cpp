#include "tool_writes.hpp"

#include <functional>
#include <utility>

#include <nlohmann/json.hpp>

namespace parley::gateway {

using nlohmann::json;

namespace {

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The key makes the second time harmless.
template <class T>
net::Task<std::optional<T>> asked(std::shared_ptr<ToolWrites> to, std::string key, std::function<T(store::Session&)> work) {
    for (int i = 0; i < 2; ++i) {
        auto copy = work;
        auto answer = co_await to->database.ask<T>(std::move(copy), to->within);
        if (answer) co_return std::move(*answer);
        to->unanswered.insert(key);
    }
    co_return std::nullopt;
}

// Whether it has to be told of, because this talk wrote it; once.
bool to_be_told(ToolWrites& to, const std::string& key, bool written_now) {
    return (written_now || to.unanswered.contains(key)) && to.told.insert(key).second;
}

}  // namespace

net::Task<bool> write_message(std::shared_ptr<ToolWrites> to, store::MessageTaken taken) {
    std::function<bool(store::Session&)> work = [taken](store::Session& session) { return store::keep_message(session, taken); };
    const auto kept = co_await asked<bool>(to, taken.key, std::move(work));
    if (!kept) co_return false;
    if (to_be_told(*to, taken.key, *kept))
        to->records.add(taken.call_sid, store::Fact::event,
                        dumped({{"event", "message.taken"},
                                {"name", taken.name},
                                {"number", taken.callback_number},
                                {"for", taken.for_whom},
                                {"text", taken.text},
                                {"urgent", taken.urgent}}));
    co_return true;
}

net::Task<CallbackWritten> write_callback(std::shared_ptr<ToolWrites> to, store::Callback callback) {
    struct Answer {
        bool added = false;
        store::Callback stands;
    };
    std::function<Answer(store::Session&)> work = [callback](store::Session& session) {
        Answer answer{.added = store::add_callback(session, callback), .stands = callback};
        if (!answer.added) answer.stands = store::find_callback(session, callback.key).value_or(callback);
        return answer;
    };
    auto answer = co_await asked<Answer>(to, callback.key, std::move(work));
    CallbackWritten written;
    if (!answer) co_return written;
    written.stands = std::move(answer->stands);
    const bool ours = to_be_told(*to, callback.key, answer->added);
    written.how = ours ? Promised::noted : Promised::before;
    if (ours)
        to->records.add(callback.call_sid, store::Fact::event,
                        dumped({{"event", "callback.promised"}, {"at_ms", written.stands.at_ms}, {"reason", written.stands.reason}}));
    co_return written;
}

}  // namespace parley::gateway
