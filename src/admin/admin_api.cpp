#include "parley/admin/admin_api.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>

#include "admin_api_json.hpp"
#include "parley/conversation/serialise.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::admin {

namespace asio = boost::asio;

using control::By;
using control::PowerResult;

namespace {

constexpr std::size_t kListed = 100;

std::optional<std::string> read_record(const store::CallRecords& records, const std::string& sid) { return records.read(sid); }

net::Task<std::optional<std::string>> read_there(const store::CallRecords* records, std::string sid) { co_return read_record(*records, sid); }

net::HttpResponse carrier_error(const rest::Error& error) { return json_error(503, "unavailable", error.text()); }

}  // namespace

struct AdminApi::Impl {
    Services services;
    asio::thread_pool files{1};

    explicit Impl(Services given) : services(std::move(given)) {}
    ~Impl() { files.join(); }

    // Nothing: whoever asks may.
    std::optional<net::HttpResponse> door(const net::HttpRequest& request) const {
        const auto token = services.token();
        if (token.empty()) return json_error(403, "closed", "/v1 is closed: set server.admin_token, and send it as Authorization: Bearer.");
        const auto given = request.headers.get("Authorization");
        constexpr std::string_view kBearer = "Bearer ";
        if (given.starts_with(kBearer) && constant_time_equal(given.substr(kBearer.size()), token.reveal())) return std::nullopt;
        services.metrics.security_events.at("admin_denied").add();
        services.log.warn("security.admin_denied", "A request to /v1 did not carry the admin token.", {{"remote", request.remote_address}, {"reason", given.empty() ? "missing" : "mismatch"}});
        auto response = json_error(401, "unauthorized", "It takes Authorization: Bearer with the value of server.admin_token.");
        response.headers.add("WWW-Authenticate", "Bearer");
        return response;
    }

    net::Task<net::HttpResponse> dial(std::string body) {
        PostedFields fields(body);
        control::DialWish wish;
        wish.agent = fields.text("agent", true, 64);
        wish.to = fields.text("to", true, 255);
        wish.from = fields.text("from", false, 255);
        wish.machine = control::machine_policy(fields.choice("machine", "ignore", {"ignore", "hangup", "drop"})).value_or(control::MachinePolicy::ignore);
        wish.drop_text = fields.text("drop_text", false, 2000);
        wish.ring = std::chrono::seconds(fields.whole("ring_seconds", 30, 5, 600));
        wish.time_limit = std::chrono::seconds(fields.whole("time_limit_seconds", 3600, 1, 86'400));
        wish.record = fields.flag("record", false);
        wish.send_digits = fields.text("send_digits", false, 32);
        wish.caller_id = fields.text("caller_id", false, 255);
        wish.sip_user = fields.text("sip_user", false, 255);
        wish.sip_password = Secret(fields.text("sip_password", false, 255));
        for (auto& [name, value] : fields.texts("parameters")) wish.parameters[name] = value;
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        auto placed = co_await services.outbound.place(std::move(wish), By{});
        if (placed.why != control::Refusal::none) co_return json_error(placed.why == control::Refusal::not_allowed ? 403 : status_of(placed.why), control::name(placed.why), placed.sentence, placed.field);
        co_return json_answer(201, dial_json(placed.dial));
    }

    [[nodiscard]] net::HttpResponse list() const {
        Json calls = Json::array(), dials = Json::array();
        for (const auto& live : services.registry.live(Clock::now())) calls.push_back({{"call_sid", live.call_sid}, {"agent", live.agent}, {"age_s", live.age.count()}});
        for (const auto& view : services.outbound.newest(kListed)) dials.push_back(dial_json(view));
        return json_answer(200, {{"calls", std::move(calls)}, {"outbound", std::move(dials)}});
    }

    net::Task<net::HttpResponse> record(std::string sid) {
        if (services.records == nullptr) co_return json_error(404, "no_records", "No records are kept: set records.enabled.");
        // The disk may be slow; what waits on this loop is every other request of operators.
        auto reading = read_there(services.records, sid);
        auto text = co_await asio::co_spawn(files, std::move(reading), asio::use_awaitable);
        if (!text) co_return json_error(404, "no_such_call", "There is no record of this call.");
        net::HttpResponse response(200, "application/json", std::move(*text) + "\n");
        response.headers.add("Cache-Control", "no-store");
        co_return response;
    }

    [[nodiscard]] net::HttpResponse status(const std::string& key) const {
        if (const auto view = services.outbound.view(key)) return json_answer(200, dial_json(*view));
        for (const auto& live : services.registry.live(Clock::now()))
            if (live.call_sid == key) return json_answer(200, {{"call_sid", key}, {"status", "in_progress"}, {"agent", live.agent}, {"age_s", live.age.count()}, {"direction", "inbound"}});
        if (const auto outcome = services.registry.outcome(key))
            return json_answer(200, {{"call_sid", key}, {"status", "left"}, {"agent", outcome->agent}, {"reason", conversation::name_of(outcome->reason)}, {"message", "Its agent's part is over; the call itself may go on."}});
        return json_error(404, "no_such_call", "This gateway knows no such call.");
    }

    net::Task<net::HttpResponse> queues() {
        auto all = co_await services.carrier.queues();
        if (!all) co_return carrier_error(all.error());
        Json out = Json::array();
        for (const auto& queue : *all) {
            Json members = Json::array();
            if (queue.current_size.value_or(1) > 0 && out.size() < 20) {
                auto waiting = co_await services.carrier.queue_members(queue.sid);
                if (waiting)
                    for (const auto& member : *waiting) members.push_back({{"call_sid", member.call_sid}, {"position", member.position.value_or(0)}, {"waited_s", member.wait_time.value_or(0)}});
            }
            out.push_back({{"name", queue.friendly_name}, {"sid", queue.sid}, {"size", queue.current_size.value_or(0)}, {"waiting", std::move(members)}});
        }
        co_return json_answer(200, {{"queues", std::move(out)}});
    }

    net::Task<net::HttpResponse> conferences() {
        auto all = co_await services.carrier.conferences();
        if (!all) co_return carrier_error(all.error());
        Json out = Json::array();
        for (const auto& room : *all) {
            Json people = Json::array();
            if (out.size() < 20) {
                auto inside = co_await services.carrier.participants(room.sid);
                if (inside)
                    for (const auto& person : *inside)
                        people.push_back({{"call_sid", person.call_sid}, {"label", person.label}, {"muted", person.muted}, {"hold", person.hold}, {"coaching", person.coaching}, {"status", person.status}});
            }
            out.push_back({{"name", room.friendly_name}, {"sid", room.sid}, {"status", room.status}, {"participants", std::move(people)}});
        }
        co_return json_answer(200, {{"conferences", std::move(out)}});
    }

    net::Task<net::HttpResponse> act(std::string sid, std::string action, std::string body);
};

AdminApi::AdminApi(Services services) : impl_(std::make_unique<Impl>(std::move(services))) {}
AdminApi::~AdminApi() = default;

net::Task<net::HttpResponse> AdminApi::Impl::act(std::string sid, std::string action, std::string body) {
    PostedFields fields(body);
    const auto destination = [&](const char* name, bool required) {
        flows::Destination to;
        const auto text = fields.text(name, required, 512);
        std::string why;
        if (text.empty()) return to;
        if (const auto parsed = flows::parse_destination(text, &why)) return *parsed;
        fields.wrong(name, "It is no destination: " + why);
        return to;
    };
    auto& powers = services.powers;
    PowerResult result;
    if (action == "hangup") {
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        if (services.outbound.view(sid)) result = co_await services.outbound.cancel(sid, By{});
        else result = co_await powers.hang_up(sid, By{});
    } else if (action == "transfer") {
        control::TransferWish wish;
        wish.to = destination("to", true);
        wish.summary = fields.text("summary", false, 2000);
        wish.ring = std::chrono::seconds(fields.whole("ring_seconds", 25, 5, 600));
        wish.detect_machine = fields.flag("detect_machine", false);
        wish.caller_id = fields.text("caller_id", false, 255);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.transfer(sid, std::move(wish), By{});
    } else if (action == "hold" || action == "resume" || action == "mute" || action == "unmute") {
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        if (action == "hold") result = co_await powers.hold(sid, By{});
        else if (action == "resume") result = co_await powers.resume(sid, By{});
        else result = co_await powers.mute(sid, action == "mute", By{});
    } else if (action == "join" || action == "coach") {
        control::JoinWish wish;
        wish.to = fields.text("to", true, 255);
        wish.caller_id = fields.text("caller_id", false, 255);
        wish.label = fields.text("label", false, 64);
        wish.ring = std::chrono::seconds(fields.whole("ring_seconds", 30, 5, 600));
        if (action == "join") wish.muted = fields.flag("muted", false);
        else wish.coach = sid;
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.join(sid, std::move(wish), By{});
    } else if (action == "say" || action == "announce") {
        auto text = fields.text("text", true, 2000);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        if (action == "say") result = co_await powers.say(sid, std::move(text), By{});
        else result = co_await powers.announce(sid, std::move(text), By{});
    } else if (action == "digits") {
        auto digits = fields.text("digits", true, 32);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.keys(sid, std::move(digits), By{});
    } else if (action == "record") {
        const auto what = fields.choice("what", "start", {"start", "pause", "resume", "stop"});
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        const auto tape = what == "start" ? control::Tape::start : what == "pause" ? control::Tape::pause : what == "resume" ? control::Tape::resume : control::Tape::stop;
        result = co_await powers.record(sid, tape, By{});
    } else if (action == "park") {
        auto slot = fields.text("slot", false, 64);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.park(sid, std::move(slot), By{});
    } else if (action == "pickup") {
        auto to = destination("to", false);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.pick_up(sid, std::move(to), By{});
    } else if (action == "redirect") {
        auto url = fields.text("url", true, 2048);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.redirect(sid, std::move(url), By{});
    } else {
        co_return json_error(404, "no_such_action", "There is no such action.");
    }
    co_return power_answer(result);
}

net::Task<net::HttpResponse> AdminApi::handle(net::HttpRequest& request) {
    auto& m = *impl_;
    if (auto shut = m.door(request)) co_return std::move(*shut);
    if (m.services.table != nullptr) {
        auto answered = co_await m.services.table->handle(request, Role::admin, "server.admin_token");
        if (answered) co_return std::move(*answered);
    }
    const std::string path(request.path());
    const bool get = request.method == "GET", post = request.method == "POST";
    if (!get && !post) co_return json_error(405, "method", "It takes GET or POST.");
    if (post && !request.body.empty() && !request.headers.get("Content-Type").starts_with("application/json"))
        co_return json_error(415, "content_type", "It takes Content-Type: application/json.");

    std::vector<std::string> parts;
    for (std::size_t from = 4; from <= path.size();) {
        const auto end = std::min(path.find('/', from), path.size());
        parts.push_back(path.substr(from, end - from));
        from = end + 1;
    }
    const auto other = [&](std::string_view method) { return json_error(405, "method", "It takes " + std::string(method) + "."); };
    net::HttpResponse response = json_error(404, "no_such_path", "There is nothing here.");
    if (parts.size() == 1 && parts[0] == "calls") {
        if (post) response = co_await m.dial(request.body);
        else response = m.list();
    } else if (parts.size() == 1 && (parts[0] == "queues" || parts[0] == "conferences")) {
        if (!get) response = other("GET");
        else if (parts[0] == "queues") response = co_await m.queues();
        else response = co_await m.conferences();
    } else if ((parts.size() == 2 || parts.size() == 3) && parts[0] == "calls") {
        auto sid = parts[1];
        if (!twilio::is_wire_id(sid)) {
            response = json_error(400, "invalid", "That is no call's identifier.", "sid");
        } else if (parts.size() == 2) {
            if (const auto view = m.services.outbound.view(sid); view && !view->call_sid.empty()) sid = view->call_sid;
            if (get) response = co_await m.record(std::move(sid));
            else response = other("GET");
        } else if (parts[2] == "status") {
            response = get ? m.status(sid) : other("GET");
        } else if (!post) {
            response = other("POST");
        } else {
            if (const auto view = m.services.outbound.view(sid); view && !view->call_sid.empty()) sid = view->call_sid;
            response = co_await m.act(std::move(sid), parts[2], request.body);
        }
    }
    co_return response;
}

}  // namespace parley::admin
